import HeadgateTensors

/// CenterCropPad: cuts or fills axes on both sides, so that the middle stays in the middle.
enum Centering {
  static let table: [OperatorDefinition] = [.op("CenterCropPad", since: 18, centerCropPad)]

  private static func centerCropPad(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    let axes = try call.attributes.ints("axes") ?? Array(input.shape.indices)
    guard let wanted = try call.ints(1), wanted.count == axes.count else {
      throw TensorError(.shape, "one extent for each of \(axes.count) axes is needed")
    }
    var shape = input.shape
    for (index, axis) in axes.enumerated() { shape[try input.shape.axis(axis)] = wanted[index] }
    _ = try shape.elementCount()
    return [.tensor(try input.elementType.visit(Copy(input: input, shape: shape, call: call)))]
  }

  private struct Copy: MovementVisitor {
    let input: Tensor
    let shape: Shape
    let call: OperatorCall

    func visit<T: Sendable>(_ type: T.Type) throws(TensorError) -> Tensor {
      let source = input.unsafeElements(type)
      let common = zip(input.shape, shape).map { min($0, $1) }
      // A window that cannot be in the middle is half an element too far to the front.
      let from = zip(input.shape, common).map { ($0 - $1) / 2 }
      let to = zip(shape, common).map { ($0 - $1) / 2 }
      return try call.makeMoved(input.elementType, type, shape) { output in
        // Zero is all bits clear in every type but strings, which begin empty.
        if input.elementType != .string {
          UnsafeMutableRawBufferPointer(output).initializeMemory(as: UInt8.self, repeating: 0)
        }
        let (strides, targets) = (input.shape.rowMajorStrides, shape.rowMajorStrides)
        let start = zip(from, strides).reduce(0) { $0 + $1.0 * $1.1 }
        let target = zip(to, targets).reduce(0) { $0 + $1.0 * $1.1 }
        let count = common.reduce(1, &*)
        for index in 0..<count {
          var (rest, read, write) = (index, start, target)
          for axis in common.indices.reversed() {
            let position = rest % common[axis]
            rest /= common[axis]
            read += position * strides[axis]
            write += position * targets[axis]
          }
          output[write] = source[read]
        }
      }
    }
  }
}
