import HeadgateTensors

/// MaxUnpool: puts elements back to where MaxPool found them, with zeros between.
enum Unpooling {
  static func unpool(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    let places = try call.tensor(1)
    guard places.shape == input.shape, input.rank > 2 else {
      throw TensorError(
        .shape,
        "places of shape \(places.shape) do not belong to an input of shape \(input.shape), which needs axes "
          + "behind batch and channels")
    }
    let window = try Window(call.attributes)
    let planes = try window.transposed(
      over: Array(input.shape.dropFirst(2)), kernel: try window.requiredKernel(), outputPadding: nil, wanted: nil)
    let inferred = Array(input.shape.prefix(2)) + planes.axes.map(\.input)
    // The places count within the shape that the attributes imply; a greater one keeps it in its first corner.
    let wanted = try call.ints(2) ?? inferred
    _ = try wanted.elementCount()
    guard wanted.count == inferred.count, zip(wanted, inferred).allSatisfy({ $0 >= $1 }) else {
      throw TensorError(.shape, "an output of shape \(wanted) cannot hold \(inferred), what the attributes imply")
    }
    let scattered = try input.elementType.visit(
      PlacesVisitor(input: input, places: places, shape: inferred, call: call))
    guard wanted != inferred else { return [.tensor(scattered)] }
    return [.tensor(try input.elementType.visit(CornerVisitor(input: scattered, shape: wanted, call: call)))]
  }
}

private struct PlacesVisitor: MovementVisitor {
  let input: Tensor
  let places: Tensor
  let shape: Shape
  let call: OperatorCall

  func visit<T: Sendable>(_ type: T.Type) throws(TensorError) -> Tensor {
    guard input.elementType != .string else { throw TensorError(.elementType, "strings are not pooled") }
    let x = input.unsafeElements(type)
    let indices = try places.elements(Int64.self)
    return try call.makeMoved(input.elementType, type, shape) { (output) throws(TensorError) in
      UnsafeMutableRawBufferPointer(output).initializeMemory(as: UInt8.self, repeating: 0)
      for (element, place) in indices.enumerated() {
        guard place >= 0, place < output.count else {
          throw TensorError(.invalidValue, "place \(place) is outside of shape \(shape)")
        }
        output[Int(place)] = x[element]
      }
    }
  }
}

/// The input in the first corner of a greater shape, zeros elsewhere.
private struct CornerVisitor: MovementVisitor {
  let input: Tensor
  let shape: Shape
  let call: OperatorCall

  func visit<T: Sendable>(_ type: T.Type) throws(TensorError) -> Tensor {
    let x = input.unsafeElements(type)
    let length = input.shape.last ?? 1
    let strides = shape.rowMajorStrides
    return try call.makeMoved(input.elementType, type, shape) { (output) throws(TensorError) in
      UnsafeMutableRawBufferPointer(output).initializeMemory(as: UInt8.self, repeating: 0)
      guard let x = x.baseAddress, let y = output.baseAddress, input.count > 0 else { return }
      for row in 0..<input.count / length {
        var (rest, target) = (row, 0)
        for axis in input.shape.indices.dropLast().reversed() {
          target += rest % input.shape[axis] * strides[axis]
          rest /= input.shape[axis]
        }
        (y + target).update(from: x + row * length, count: length)
      }
    }
  }
}
