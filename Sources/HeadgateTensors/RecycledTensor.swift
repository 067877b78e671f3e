/// A tensor that is given out again and again: its memory is used anew when nobody holds what was given out last.
package struct RecycledTensor {
  private let elementType: ElementType
  private let shape: Shape
  private let count: Int
  private var storage: Storage?

  /// - Throws: `TensorError.shape` for a shape that no tensor has.
  package init(_ elementType: ElementType, _ shape: Shape) throws(TensorError) {
    self.elementType = elementType
    self.shape = shape
    count = try shape.elementCount()
  }

  /// A tensor with a copy of elements. Not of strings.
  ///
  /// SAFETY: `source` must hold as many elements.
  ///
  /// - Throws: `TensorError.memoryLimit` when the machine has no room.
  package mutating func make(copying source: UnsafeRawPointer) throws(TensorError) -> Tensor {
    // Looked at without another reference, which would count.
    if !isKnownUniquelyReferenced(&storage) {
      storage = try Storage(elementType, count: count, budget: .unlimited)
    }
    guard let storage else { throw TensorError(.missing, "the tensor has no memory") }
    storage.base.copyMemory(from: source, byteCount: storage.byteCount)
    return Tensor(elementType: elementType, shape: shape, count: count, storage: storage, byteOffset: 0)
  }
}
