import HeadgateTensors

/// Operators that make tensors from attributes or shapes.
enum Generation {
  static let table: [OperatorDefinition] = [
    .prepared("Constant", since: 1, constant), .op("ConstantOfShape", since: 9, constantOfShape),
    .op("Range", since: 11, range).computingWide(), .op("EyeLike", since: 9, eyeLike),
  ]

  private static func constant(_ node: OperatorNode) throws(TensorError) -> Kernel {
    let attributes = node.attributes
    let tensor: Tensor
    if let value = try attributes.tensor("value") {
      tensor = value
    } else if let value = try attributes.tensor("sparse_value") {
      tensor = value
    } else if let value = try attributes.float("value_float") {
      tensor = try Tensor(shape: [], floats: [value])
    } else if let values = try attributes.floats("value_floats") {
      tensor = try Tensor(shape: [values.count], floats: values)
    } else if let value = try attributes.int("value_int") {
      tensor = try Tensor(shape: [], integers: [Int64(value)])
    } else if let values = try attributes.int64s("value_ints") {
      tensor = try Tensor(shape: [values.count], integers: values)
    } else if let value = try attributes.string("value_string") {
      tensor = try Tensor(shape: [], strings: [value])
    } else if let values = try attributes.strings("value_strings") {
      tensor = try Tensor(shape: [values.count], strings: values)
    } else {
      throw TensorError(.unsupported, "a constant of this kind is not read by this version")
    }
    return { _ in [.tensor(tensor)] }
  }

  private static func constantOfShape(_ call: OperatorCall) throws(TensorError) -> [Value] {
    guard let shape = try call.ints(0) else { throw TensorError(.missing, "the shape is absent") }
    let zero = try Tensor(shape: [1], floats: [0])
    let value = try call.attributes.tensor("value") ?? zero
    guard value.count == 1 else { throw TensorError(.shape, "the value has shape \(value.shape), not one element") }
    return [.tensor(try value.reshaped(to: Shape(repeating: 1, count: shape.count)).expanded(to: shape, call))]
  }

  /// Halves are counted in float: a long range of them has no room in the steps between them. It is
  /// what `stash_type` asks for by default; a coarser one is not kept to.
  private static func range(_ call: OperatorCall) throws(TensorError) -> [Value] {
    [.tensor(try call.tensor(0).elementType.visit(Counting(call: call)))]
  }

  private static func eyeLike(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    guard input.rank == 2 else { throw TensorError(.shape, "shape \(input.shape) is no matrix") }
    let diagonal = try call.attributes.int("k") ?? 0
    let wanted = try Casting.elementType(call.attributes, attribute: "dtype")
    let (rows, columns) = (input.shape[0], input.shape[1])
    let eye = try call.make(Float.self, input.shape) { output in
      output.update(repeating: 0)
      for row in 0..<rows {
        let (column, overflow) = row.addingReportingOverflow(diagonal)
        if !overflow, column >= 0, column < columns { output[row * columns + column] = 1 }
      }
    }
    return [.tensor(try Casting.convert(eye, to: wanted ?? input.elementType, call))]
  }
}

private struct Counting: WideNumberVisitor {
  let call: OperatorCall

  func visit<T: Number>(_ type: T.Type) throws(TensorError) -> Tensor {
    func scalar(_ index: Int) throws(TensorError) -> T {
      let tensor = try call.tensor(index)
      guard tensor.count == 1 else { throw TensorError(.shape, "input \(index) is no scalar") }
      return try tensor.elements(type)[0]
    }
    let (start, limit, step) = (try scalar(0), try scalar(1), try scalar(2))
    guard step != T.zero else { throw TensorError(.invalidValue, "a range has step 0") }
    let steps = ((limit.asDouble - start.asDouble) / step.asDouble).rounded(.up)
    guard steps < 0x1p48 else { throw TensorError(.memoryLimit, "a range of \(steps) elements is too long") }
    return try call.make(type, [steps > 0 ? Int(steps) : 0]) { output in
      for index in output.indices { output[index] = T.add(start, T.multiply(T(wrapping: Int64(index)), step)) }
    }
  }
}
