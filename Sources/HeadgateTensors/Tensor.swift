/// An immutable, row-major array of elements of one type. Copies share the elements.
public struct Tensor: Sendable {
  public let elementType: ElementType
  public let shape: Shape
  /// The number of elements: the product of the shape.
  public let count: Int

  let storage: Storage
  let byteOffset: Int

  init(elementType: ElementType, shape: Shape, count: Int, storage: Storage, byteOffset: Int) {
    self.elementType = elementType
    self.shape = shape
    self.count = count
    self.storage = storage
    self.byteOffset = byteOffset
  }

  /// Tells tensors apart that are other elements, or the same otherwise; it holds as long as the tensor lives.
  package struct Identity: Hashable, Sendable {
    fileprivate let storage: ObjectIdentifier
    fileprivate let byteOffset: Int
    fileprivate let elementType: ElementType
    fileprivate let shape: Shape
  }

  package var identity: Identity {
    Identity(storage: ObjectIdentifier(storage), byteOffset: byteOffset, elementType: elementType, shape: shape)
  }

  /// Tells memory apart that tensors may share, whatever part of it each is; it holds as long as one of them lives.
  package var memory: ObjectIdentifier { ObjectIdentifier(storage) }

  /// Whether the elements lie where they are not aligned for their type, see `Storage.base`.
  package var isUnaligned: Bool { storage.isUnaligned }

  /// Has the system bring all elements that lie in a file at once, for who is about to read them all.
  package func populate() { storage.populate() }

  /// Copies elements that are not aligned for their type to where they are.
  ///
  /// - Throws: `TensorError.memoryLimit` when the machine has no room.
  package func align() throws(TensorError) {
    guard storage.align() else {
      throw TensorError(.memoryLimit, "the machine has no \(byteCount) bytes for weights")
    }
  }

  /// Gives back the memory of this and of all tensors that share it, see `Storage.release`.
  package func releaseMemory() { storage.release() }

  /// Whether both are the same elements, under whatever shapes.
  package func sharesElements(with other: Tensor) -> Bool {
    storage === other.storage && byteOffset == other.byteOffset && count == other.count
  }

  /// The number of dimensions.
  public var rank: Int { shape.count }

  /// The bytes that the elements take.
  package var byteCount: Int { count * elementType.byteCount }

  /// The same elements under another shape.
  ///
  /// - Throws: `TensorError.shape` when the new shape has another number of elements.
  public func reshaped(to newShape: Shape) throws(TensorError) -> Tensor {
    guard try newShape.elementCount() == count else {
      throw TensorError(.shape, "a tensor of shape \(shape) cannot be reshaped to \(newShape)")
    }
    return Tensor(elementType: elementType, shape: newShape, count: count, storage: storage, byteOffset: byteOffset)
  }

  /// The same bytes taken as elements of another type. The caller knows that they mean something in it.
  ///
  /// - Throws: `TensorError.elementType` when the types differ in size, or one of them is string.
  package func reinterpreted(as type: ElementType) throws(TensorError) -> Tensor {
    guard type.byteCount == elementType.byteCount, type != .string, elementType != .string else {
      throw TensorError(.elementType, "elements of type \(elementType) cannot be taken as \(type)")
    }
    return Tensor(elementType: type, shape: shape, count: count, storage: storage, byteOffset: byteOffset)
  }

  /// A range of indices along the first axis, sharing the elements.
  ///
  /// - Throws: `TensorError.shape` when the tensor is a scalar or has fewer rows.
  public func rows(_ range: Range<Int>) throws(TensorError) -> Tensor {
    guard let rowCount = shape.first, range.lowerBound >= 0, range.upperBound <= rowCount else {
      throw TensorError(.shape, "rows \(range) are outside of shape \(shape)")
    }
    let rowElements = rowCount == 0 ? 0 : count / rowCount
    var newShape = shape
    newShape[0] = range.count
    return Tensor(
      elementType: elementType, shape: newShape, count: range.count * rowElements, storage: storage,
      byteOffset: byteOffset + range.lowerBound * rowElements * elementType.byteCount)
  }
}
