import HeadgateTensors

/// The weights of a safetensors file: names, types, shapes and, over the mapped file, the tensors themselves.
///
/// It is a container only: nothing in it says how the weights are used.
///
/// ```swift
/// let file = try WeightFile(path: "model.safetensors")
/// let embedding = try file.tensor("embeddings.weight")
/// ```
public struct WeightFile: Sendable {
  /// What the file says of one tensor.
  public struct Weight: Sendable, Hashable {
    public let name: String
    public let elementType: ElementType
    public let shape: Shape
    /// Where its bytes lie in the file.
    let bytes: Range<Int>
  }

  /// The tensors, in the order in which their bytes lie in the file.
  public let weights: [Weight]
  /// Free-form texts that the file carries.
  public let metadata: [String: String]

  private let file: ModelBytes
  private let places: [String: Int]

  /// Maps a file and checks its header.
  ///
  /// - Throws: `ModelFileError.unreadable` when it cannot be mapped, `malformed` with the place when the header or what
  ///   it says of the bytes is wrong, `unsupported` for a type of elements that this version does not know.
  public init(path: String) throws(ModelFileError) {
    try self.init(bytes: ModelBytes(path: path))
  }

  /// Checks the header of bytes that the caller may have hashed or scanned before.
  public init(bytes file: ModelBytes) throws(ModelFileError) {
    let header = try file.withUnsafeBytes { (bytes) throws(ModelFileError) in try WeightHeader(bytes) }
    self.file = file
    weights = header.weights
    metadata = header.metadata
    places = header.places
  }

  /// The names of the tensors, in the order of the file.
  public var names: [String] { weights.map(\.name) }

  /// What the file says of a tensor; nil when it has none of that name.
  public func weight(_ name: String) -> Weight? { places[name].map { weights[$0] } }

  /// A tensor over the bytes of the file, which it keeps mapped.
  ///
  /// Nothing is copied unless the bytes are not aligned for their type.
  /// - Throws: `TensorError.missing` when the file has none of that name, `TensorError.unsupported` for a type of
  ///   elements that this version does not hold in tensors.
  public func tensor(_ name: String) throws(TensorError) -> Tensor {
    guard let weight = weight(name) else {
      throw TensorError(.missing, "the file has no weights '\(name.prefix(200))'")
    }
    return try file.withUnsafeBytes { (bytes) throws(TensorError) in
      try Tensor(
        weight.elementType, shape: weight.shape, bytes: UnsafeRawBufferPointer(rebasing: bytes[weight.bytes]),
        owner: file)
    }
  }
}
