import HeadgateTensors

/// The type that a model declares for a value.
public indirect enum ValueType: Sendable, Hashable {
  /// A tensor; extents are nil where one is symbolic or unknown, and the shape is nil when the rank is unknown.
  case tensor(ElementType, shape: [Int?]?)
  case sequence(ValueType)
  case map(keys: ElementType, values: ValueType)
  case optional(ValueType)

  /// The type of the innermost tensors.
  public var elementType: ElementType {
    switch self {
    case .tensor(let type, _): type
    case .sequence(let inner), .map(_, let inner), .optional(let inner): inner.elementType
    }
  }

  /// The declared shape of the innermost tensors; nil when the rank is unknown, and for maps.
  public var shape: [Int?]? {
    switch self {
    case .tensor(_, let shape): shape
    case .sequence(let inner), .optional(let inner): inner.shape
    case .map: nil
    }
  }

  /// The type for messages: `float[?, 4]`, `sequence of float[...]`.
  public var summary: String {
    switch self {
    case .tensor(let type, let shape):
      "\(type)" + (shape.map { "[" + $0.map { $0.map(String.init) ?? "?" }.joined(separator: ", ") + "]" } ?? "[...]")
    case .sequence(.map(let keys, let values)), .map(let keys, let values): "maps from \(keys) to \(values.elementType)"
    case .sequence(let element): "sequence of \(element.summary)"
    case .optional(let inner): "optional \(inner.summary)"
    }
  }

  /// Whether a value is of this type.
  func admits(_ value: Value) -> Bool {
    switch (self, value) {
    case (.tensor(let type, let shape), .tensor(let tensor)):
      tensor.elementType == type && ValueType.fits(tensor.shape, shape)
    case (.sequence(.map(let keys, let values)), .maps(let given, let scores)),
      (.map(let keys, let values), .maps(let given, let scores)):
      scores.elementType == values.elementType && given.elementType == keys
    case (.sequence(let element), .sequence(let values)): values.allSatisfy { element.admits($0) }
    case (.optional, .absent): true
    case (.optional(let inner), _): inner.admits(value)
    default: false
    }
  }

  private static func fits(_ actual: Shape, _ declared: [Int?]?) -> Bool {
    guard let declared else { return true }
    guard declared.count == actual.count else { return false }
    for axis in declared.indices {
      if let extent = declared[axis], extent != actual[axis] { return false }
    }
    return true
  }
}

extension Value.MapKeys {
  /// The type of the keys; of the wide type where ONNX knows several kinds of integers.
  fileprivate var elementType: ElementType {
    switch self {
    case .strings: .string
    case .integers: .int64
    }
  }
}
