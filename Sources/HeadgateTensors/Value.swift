/// What a model takes or gives: mostly a tensor.
///
/// An optional that holds a value is that value itself; ONNX has no operator that could tell the two apart.
public enum Value: Sendable {
  case tensor(Tensor)
  case sequence([Value])
  /// An optional without a value.
  case absent
  /// One map for each row, as ZipMap makes them, kept in columns: `scores` has shape `[rows, keys]`.
  case maps(keys: MapKeys, scores: Tensor)

  /// The keys that all maps of a value share.
  public enum MapKeys: Sendable, Hashable {
    case strings([String])
    case integers([Int64])

    public var count: Int {
      switch self {
      case .strings(let keys): keys.count
      case .integers(let keys): keys.count
      }
    }
  }

  /// The tensor, when this is one.
  public var tensor: Tensor? {
    if case .tensor(let tensor) = self { tensor } else { nil }
  }

  /// This value, or nil for an optional without one.
  package var present: Value? {
    if case .absent = self { nil } else { self }
  }

  /// The bytes of all tensors in it.
  package var byteCount: Int {
    switch self {
    case .tensor(let tensor), .maps(_, let tensor): tensor.byteCount
    case .sequence(let values): values.reduce(0) { $0 &+ $1.byteCount }
    case .absent: 0
    }
  }

  /// What this is, for messages: `float[2, 3]`, `sequence of 4`, `maps`.
  package var summary: String {
    switch self {
    case .tensor(let tensor): "\(tensor.elementType)\(tensor.shape)"
    case .sequence(let values): "sequence of \(values.count)"
    case .absent: "an absent optional"
    case .maps(let keys, _): "maps of \(keys.count) keys"
    }
  }
}
