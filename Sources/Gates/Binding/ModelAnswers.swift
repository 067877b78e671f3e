import HeadgateRuntime
import HeadgateTensors

/// What a model gave for the rows of a split, before anyone says which class is the positive one.
struct ModelAnswers: Sendable {
  /// The class of each row.
  enum Classes: Sendable, Hashable {
    case integers([Int64])
    case texts([String])
  }

  /// The scores of each row, row-major `[rows, width]`.
  struct Scores: Sendable {
    var width: Int
    /// The class of each column where the output says it, as a ZipMap does.
    var keys: Value.MapKeys?
    var values: [Double]
  }

  private(set) var classes: Classes?
  private(set) var scores: Scores?

  /// Appends the class output of one run; rows beyond `count` are padding.
  mutating func append(classes value: Value?, count: Int, padded: Int, name: String) throws(GateError) {
    guard let tensor = value?.tensor, tensor.count == padded else {
      throw Self.unexpected(name, value, "one class a row, for \(padded) rows")
    }
    do throws(TensorError) {
      if tensor.elementType == .string {
        var all: [String] = []
        if case .texts(let earlier)? = classes { all = earlier }
        classes = nil
        all += try tensor.strings().prefix(count)
        classes = .texts(all)
      } else {
        var all: [Int64] = []
        if case .integers(let earlier)? = classes { all = earlier }
        classes = nil
        all += try Self.integers(tensor).prefix(count)
        classes = .integers(all)
      }
    } catch {
      throw GateError(error)
    }
  }

  /// Appends the score output of one run; rows beyond `count` are padding.
  mutating func append(scores value: Value?, count: Int, padded: Int, name: String) throws(GateError) {
    var keys: Value.MapKeys?
    let tensor: Tensor
    switch value {
    case .tensor(let scores)?: tensor = scores
    case .maps(let mapKeys, let scores)?:
      keys = mapKeys
      tensor = scores
    default: throw Self.unexpected(name, value, "scores of \(padded) rows")
    }
    guard padded > 0, tensor.count > 0, tensor.count % padded == 0, tensor.rank <= 2,
      tensor.rank == 0 || tensor.shape[0] == padded
    else { throw Self.unexpected(name, value, "[rows] or [rows, classes], for \(padded) rows") }
    let width = tensor.count / padded
    var all = scores ?? Scores(width: width, keys: keys, values: [])
    guard all.width == width, all.keys == keys else {
      throw Self.unexpected(name, value, "the same classes in every run")
    }
    scores = nil
    do throws(TensorError) {
      all.values += try Self.doubles(tensor).prefix(count * width)
    } catch {
      throw GateError(error)
    }
    scores = all
  }

  private static func unexpected(_ name: String, _ value: Value?, _ wanted: String) -> GateError {
    GateError(.outputsUnbound, "output '\(name)' gave \(value?.summary ?? "nothing"); expected \(wanted)")
  }

  private static func doubles(_ tensor: Tensor) throws(TensorError) -> [Double] {
    switch tensor.elementType {
    case .float: try tensor.floats().map { Double($0) }
    case .float16: try tensor.array(of: Float16.self).map { Double($0) }
    default: try tensor.doubles()
    }
  }

  private static func integers(_ tensor: Tensor) throws(TensorError) -> [Int64] {
    switch tensor.elementType {
    case .bool: try tensor.bools().map { $0 ? 1 : 0 }
    case .int8: try tensor.array(of: Int8.self).map { Int64($0) }
    case .int16: try tensor.array(of: Int16.self).map { Int64($0) }
    case .int32: try tensor.array(of: Int32.self).map { Int64($0) }
    case .uint8: try tensor.array(of: UInt8.self).map { Int64($0) }
    case .uint16: try tensor.array(of: UInt16.self).map { Int64($0) }
    case .uint32: try tensor.array(of: UInt32.self).map { Int64($0) }
    case .uint64: try tensor.array(of: UInt64.self).map { Int64(clamping: $0) }
    default: try tensor.integers()
    }
  }
}
