/// What a model takes or gives: mostly a tensor.
public enum Value: Sendable {
  case tensor(Tensor)
  case sequence([Value])
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

  /// What this is, for messages: `float[2, 3]`, `sequence of 4`, `maps`.
  package var summary: String {
    switch self {
    case .tensor(let tensor): "\(tensor.elementType)\(tensor.shape)"
    case .sequence(let values): "sequence of \(values.count)"
    case .maps(let keys, _): "maps of \(keys.count) keys"
    }
  }
}
