import HeadgateTensors

extension ONNXSparseTensor {
  /// Makes the dense tensor, which `budget` pays for: its size is only a claim of the file.
  ///
  /// - Throws: as `ONNXTensor.makeTensor`; `malformed` when an element lies outside of the shape.
  func makeTensor(from file: ModelBytes, external: ExternalData, budget: MemoryBudget) throws(ModelFileError) -> Tensor
  {
    let values = try self.values.makeTensor(from: file, external: external)
    let places = try indices.makeTensor(from: file, external: external)
    do throws(TensorError) {
      let dense = try Tensor(zeros: values.elementType, shape: dimensions, budget: budget)
      let offsets = try offsets(places, count: values.count)
      if values.elementType == .string {
        copy(values.unsafeElements(String.self), to: offsets, of: dense.unsafeElements(String.self))
      } else if dense.count > 0 {
        copy(values.unsafeBytes, to: offsets, of: dense.unsafeBytes, size: dense.byteCount / dense.count)
      }
      withExtendedLifetime((values, dense)) {}
      return dense
    } catch {
      let code: ModelFileError.Code = error.code == .memoryLimit ? .tooLarge : .malformed
      throw ModelFileError(code, "sparse weights '\(self.values.name)': \(error.message)")
    }
  }

  /// For each element its place in row-major order.
  private func offsets(_ places: Tensor, count: Int) throws(TensorError) -> [Int] {
    let indices = try places.ints()
    let size = try dimensions.elementCount()
    let rank = dimensions.count
    if places.shape == [count] {
      guard indices.allSatisfy({ $0 >= 0 && $0 < size }) else {
        throw TensorError(.invalidValue, "an element lies outside of shape \(dimensions)")
      }
      return indices
    }
    guard places.shape == [count, rank] else {
      throw TensorError(.shape, "indices of shape \(places.shape) do not fit \(count) elements of shape \(dimensions)")
    }
    let strides = dimensions.rowMajorStrides
    var offsets: [Int] = []
    offsets.reserveCapacity(count)
    for element in 0..<count {
      var offset = 0
      for axis in 0..<rank {
        let index = indices[element * rank + axis]
        guard index >= 0, index < dimensions[axis] else {
          throw TensorError(.invalidValue, "an element lies outside of shape \(dimensions)")
        }
        offset += index * strides[axis]
      }
      offsets.append(offset)
    }
    return offsets
  }

  // SAFETY of both: the dense tensor is new, nobody else has seen it, and every offset lies in its shape.

  private func copy(_ source: UnsafeBufferPointer<String>, to offsets: [Int], of dense: UnsafeBufferPointer<String>) {
    let target = UnsafeMutableBufferPointer(mutating: dense)
    for (index, offset) in offsets.enumerated() { target[offset] = source[index] }
  }

  private func copy(
    _ source: UnsafeRawBufferPointer, to offsets: [Int], of dense: UnsafeRawBufferPointer, size: Int
  ) {
    guard let from = source.baseAddress, let start = dense.baseAddress else { return }
    let target = UnsafeMutableRawPointer(mutating: start)
    for (index, offset) in offsets.enumerated() {
      (target + offset * size).copyMemory(from: from + index * size, byteCount: size)
    }
  }
}
