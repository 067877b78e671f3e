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
  public let kind: Kind
  /// The type of the elements; of the numbers for `maps`.
  public let elementType: ElementType
  /// The declared extents, nil where one is symbolic or unknown; nil as a whole when the rank is unknown.
  public let shape: [Int?]?

  public init(name: String, kind: Kind, elementType: ElementType, shape: [Int?]?) {
    self.name = name
    self.kind = kind
    self.elementType = elementType
    self.shape = shape
  }

  /// The type and shape for messages: `float[?, 4]`.
  public var summary: String {
    let extents = shape.map { "[" + $0.map { $0.map(String.init) ?? "?" }.joined(separator: ", ") + "]" } ?? "[...]"
    return switch kind {
    case .tensor: "\(elementType)\(extents)"
    case .maps(let keys): "maps from \(keys) to \(elementType)"
    case .sequence: "sequence of \(elementType)\(extents)"
    case .optional: "optional \(elementType)\(extents)"
    }
  }
}
