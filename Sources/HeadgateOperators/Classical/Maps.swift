import Glibc
import HeadgateTensors

/// Operators that make or read maps.
enum Maps {
  static let table: [OperatorDefinition] = [
    .classical("ZipMap", since: 1, prepare: zipMap),
    .classical("DictVectorizer", since: 1, prepare: dictVectorizer),
    .classical("CastMap", since: 1, prepare: castMap),
  ]

  /// Names the columns of floats `[rows, classes]`: one map a row.
  private static func zipMap(_ node: OperatorNode) throws(TensorError) -> Kernel {
    let labels = try ClassLabels(node.attributes, strings: "classlabels_strings", integers: "classlabels_int64s")
    let keys: Value.MapKeys =
      switch labels {
      case .strings(let labels): .strings(labels)
      case .integers(let labels): .integers(labels)
      }
    return { (call) throws(TensorError) in
      let input = try Rows(try call.tensor(0))
      guard input.tensor.elementType == .float else {
        throw TensorError(.elementType, "takes floats, got elements of type \(input.tensor.elementType)")
      }
      guard input.columns == keys.count else {
        throw TensorError(.shape, "\(keys.count) class labels do not fit \(input.columns) columns")
      }
      return [.maps(keys: keys, scores: try input.tensor.reshaped(to: [input.count, input.columns]))]
    }
  }

  /// The maps' keys and their numbers.
  private static func maps(_ call: OperatorCall) throws(TensorError) -> (keys: Value.MapKeys, scores: Rows) {
    guard case .maps(let keys, let scores)? = call.optionalValue(0) else {
      throw TensorError(.elementType, "input 0 must be maps")
    }
    return (keys, try Rows(scores))
  }

  /// Puts the value of each word of the vocabulary into its column, 0 where a map has none.
  private static func dictVectorizer(_ node: OperatorNode) throws(TensorError) -> Kernel {
    let labels = try ClassLabels(node.attributes, strings: "string_vocabulary", integers: "int64_vocabulary")
    return { (call) throws(TensorError) in
      let (keys, input) = try maps(call)
      let columns: [Int?]
      switch (labels, keys) {
      case (.strings(let words), .strings(let keys)):
        let places = Dictionary(keys.enumerated().map { (ExactText($1), $0) }) { first, _ in first }
        columns = words.map { places[ExactText($0)] }
      case (.integers(let words), .integers(let keys)):
        let places = Dictionary(keys.enumerated().map { ($1, $0) }) { first, _ in first }
        columns = words.map { places[$0] }
      default: throw TensorError(.elementType, "the vocabulary and the maps have keys of different kinds")
      }
      let output =
        switch input.tensor.elementType {
        case .float: try spread(input, columns, Float(0), call)
        case .double: try spread(input, columns, Double(0), call)
        case .int64: try spread(input, columns, Int64(0), call)
        case .string: try spread(input, columns, "", call)
        default: throw TensorError(.unsupported, "does not take maps to \(input.tensor.elementType)")
        }
      return [.tensor(output)]
    }
  }

  /// Gathers columns of `[rows, keys]`, with `padding` where there is none.
  private static func spread<T: TensorElement>(
    _ input: Rows, _ columns: [Int?], _ padding: T, _ call: OperatorCall
  ) throws(TensorError) -> Tensor {
    let elements = try input.tensor.elements(T.self)
    return try call.make(T.self, [input.count, columns.count]) { output in
      for row in 0..<input.count {
        for (place, column) in columns.enumerated() {
          output[row * columns.count + place] = column.map { elements[row * input.columns + $0] } ?? padding
        }
      }
    }
  }

  /// Gives the values of maps with integer keys as a row each: in the order of the keys, or at the places they name.
  private static func castMap(_ node: OperatorNode) throws(TensorError) -> Kernel {
    let target = try node.attributes.string("cast_to") ?? "TO_FLOAT"
    guard ["TO_FLOAT", "TO_INT64", "TO_STRING"].contains(target) else {
      throw TensorError(.invalidValue, "attribute 'cast_to' is '\(target)'")
    }
    let form = try node.attributes.string("map_form") ?? "DENSE"
    guard form == "DENSE" || form == "SPARSE" else {
      throw TensorError(.invalidValue, "attribute 'map_form' is '\(form)'")
    }
    let width = try node.attributes.int("max_map") ?? 1
    guard form == "DENSE" || (width > 0 && width <= 1 << 24) else {
      throw TensorError(.invalidValue, "attribute 'max_map' is \(width)")
    }
    return { (call) throws(TensorError) in
      let (keys, input) = try maps(call)
      guard case .integers(let keys) = keys else { throw TensorError(.elementType, "takes maps with integer keys") }
      var columns: [Int?]
      if form == "DENSE" {
        columns = keys.indices.sorted { keys[$0] < keys[$1] }
      } else {
        columns = Array(repeating: nil, count: width)
        for (column, key) in keys.enumerated() {
          guard key >= 0 else { throw TensorError(.invalidValue, "the key \(key) is negative") }
          if key < width { columns[Int(key)] = column }
        }
      }
      switch target {
      case "TO_FLOAT":
        let floats = try Casting.convert(input.tensor, to: .float, call)
        return [.tensor(try spread(try Rows(floats), columns, Float(0), call))]
      case "TO_INT64":
        let integers = try Casting.convert(input.tensor, to: .int64, call)
        return [.tensor(try spread(try Rows(integers), columns, Int64(0), call))]
      default:
        // ONNX Runtime fills the gaps of sparse maps with this text.
        return [.tensor(try spread(try Rows(try texts(input.tensor, call)), columns, "0.f", call))]
      }
    }
  }

  /// Numbers as text with six decimals, as C's `%f` writes them and ONNX Runtime gives them out.
  private static func texts(_ tensor: Tensor, _ call: OperatorCall) throws(TensorError) -> Tensor {
    guard tensor.elementType != .string else { return tensor }
    return try Casting.convert(tensor, to: .double, call).map(Double.self, to: String.self, call: call) { number in
      // The greatest double has 309 digits before the point.
      withUnsafeTemporaryAllocation(of: CChar.self, capacity: 328) { buffer in
        guard let start = buffer.baseAddress else { return "" }
        _ = withVaList([number]) { vsnprintf(start, buffer.count, "%f", $0) }
        return String(cString: start)
      }
    }
  }
}
