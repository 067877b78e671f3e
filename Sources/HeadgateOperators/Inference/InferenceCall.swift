import HeadgateTensors

/// One node as inference sees it: its attributes, and what is known of its inputs.
struct InferenceCall {
  let node: OperatorNode
  /// The inputs in order; nil where one is absent.
  let inputs: [InferredValue?]
  /// Their names in the graph, for messages.
  let names: [String]

  var attributes: Attributes { node.attributes }
  var opset: Int { node.opset }

  /// What is known of an input; nothing when it is absent.
  func input(_ index: Int) -> InferredValue { index < inputs.count ? inputs[index] ?? .unknown : .unknown }
  func shape(_ index: Int) -> PartialShape { input(index).shape }
  func type(_ index: Int) -> ElementType? { input(index).elementType }
  func isPresent(_ index: Int) -> Bool { index < inputs.count && inputs[index] != nil }

  /// The elements of an input of integers when all are known.
  func integers(_ index: Int) -> [Int]? {
    guard let integers = input(index).integers else { return nil }
    let known = integers.compactMap { $0 }
    return known.count == integers.count ? known : nil
  }

  /// Integers that old opsets keep in an attribute: known, absent, or given by an input that only a run knows.
  enum Given {
    case known([Int])
    case absent
    case open
  }

  func integers(attribute name: String, orInput index: Int) throws(TensorError) -> Given {
    if let values = try attributes.ints(name) { return .known(values) }
    guard isPresent(index) else { return .absent }
    return integers(index).map { .known($0) } ?? .open
  }

  /// An axis counted from the front.
  func axis(_ axis: Int, of index: Int, rank: Int) throws(TensorError) -> Int {
    let resolved = axis < 0 ? axis &+ rank : axis
    guard resolved >= 0, resolved < rank else {
      throw TensorError(.invalidValue, "axis \(axis) is outside of \(label(index))")
    }
    return resolved
  }

  /// An input for messages: `input 'x' (float[?, 3])`.
  func label(_ index: Int) -> String {
    let name = index < names.count && !names[index].isEmpty ? "input '\(names[index])'" : "input \(index)"
    return "\(name) (\(input(index).summary))"
  }

  /// Two inputs that contradict each other.
  func conflict(_ first: Int, _ second: Int, _ what: String) -> TensorError {
    TensorError(.shape, "\(label(first)) and \(label(second)) \(what)")
  }

  /// Refuses an input whose elements are certainly of none of some types.
  func require(_ index: Int, _ kind: ElementKind) throws(TensorError) {
    guard let type = type(index), !kind.contains(type) else { return }
    throw TensorError(.elementType, "\(label(index)) must hold \(kind.words)")
  }

  /// The type that some inputs share.
  ///
  /// - Throws: `TensorError.elementType` when two are certainly of different types. Numbers of 16 bits pass beside floats,
  ///   by way of which they are computed.
  func commonType(_ indices: some Sequence<Int>) throws(TensorError) -> ElementType? {
    var first: (index: Int, type: ElementType)?
    var isKnown = true
    for index in indices where isPresent(index) {
      guard let type = type(index) else {
        isKnown = false
        continue
      }
      guard let known = first else {
        first = (index, type)
        continue
      }
      guard type != known.type else { continue }
      isKnown = false
      let areNear = Self.overSingle.contains(type) && Self.overSingle.contains(known.type)
      guard areNear else {
        throw TensorError(
          .elementType, "\(label(known.index)) and \(label(index)) have different types; cast one to the other's")
      }
    }
    return isKnown ? first?.type : nil
  }

  private static let overSingle: Set<ElementType> = [.float, .float16, .bfloat16]
}

/// A set of element types with a name.
enum ElementKind {
  /// Integers and floating-point numbers.
  case numbers
  case floats
  case integers
  case bools
  case indices

  func contains(_ type: ElementType) -> Bool {
    switch self {
    case .numbers: type != .string && type != .bool && type != .complex64 && type != .complex128
    case .floats: !ElementKind.integers.contains(type) && ElementKind.numbers.contains(type)
    case .integers:
      switch type {
      case .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64, .int4, .uint4, .int2, .uint2: true
      default: false
      }
    case .bools: type == .bool
    case .indices: type == .int32 || type == .int64
    }
  }

  var words: String {
    switch self {
    case .numbers: "numbers"
    case .floats: "floating-point numbers"
    case .integers: "integers"
    case .bools: "bools"
    case .indices: "int32 or int64 elements"
    }
  }
}
