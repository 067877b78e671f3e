import HeadgateTensors

/// What a model declares about one of its inputs or outputs.
public struct ValueInfo: Sendable, Hashable {
  /// What kind of value it is.
  public enum Kind: Sendable, Hashable {
    case tensor
    /// A sequence of maps from keys of this type to numbers, as ZipMap gives.
    case maps(keys: ElementType)
    case sequence
    case optional
  }

  public let name: String
  /// The whole type; `kind`, `elementType` and `shape` tell what matters of it most of the time.
  public let type: ValueType

  public init(name: String, type: ValueType) {
    self.name = name
    self.type = type
  }

  public init(name: String, kind: Kind, elementType: ElementType, shape: [Int?]?) {
    let tensor = ValueType.tensor(elementType, shape: shape)
    let type: ValueType =
      switch kind {
      case .tensor: tensor
      case .maps(let keys): .sequence(.map(keys: keys, values: .tensor(elementType, shape: nil)))
      case .sequence: .sequence(tensor)
      case .optional: .optional(tensor)
      }
    self.init(name: name, type: type)
  }

  public var kind: Kind {
    switch type {
    case .tensor: .tensor
    case .sequence(.map(let keys, _)), .map(let keys, _): .maps(keys: keys)
    case .sequence: .sequence
    case .optional: .optional
    }
  }

  /// The type of the elements; of the numbers for `maps`.
  public var elementType: ElementType { type.elementType }

  /// The declared extents, nil where one is symbolic or unknown; nil as a whole when the rank is unknown.
  public var shape: [Int?]? { type.shape }

  /// The type and shape for messages: `float[?, 4]`.
  public var summary: String { type.summary }
}
