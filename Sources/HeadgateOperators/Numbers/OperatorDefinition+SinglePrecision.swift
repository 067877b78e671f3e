import HeadgateTensors

// Operators take numbers of 16 bits by way of single precision: the inputs are widened to float, which holds
// them all, the kernel runs on floats, and its results are rounded once. So kernels need no form for bfloat16,
// and sums and functions of several steps are not rounded to 8 or 11 bits at each of them.

extension OperatorDefinition {
  /// The operator for float16 and bfloat16 by way of float.
  ///
  /// - Parameter sources: for each output the input whose type it has, nil where it stays as it is; the last
  ///   holds for all further ones. Without any, outputs have the type of the first input of floating-point numbers.
  package func computingInSingle(outputsLike sources: [Int?] = []) -> OperatorDefinition {
    let prepare = self.prepare
    return OperatorDefinition(domain: domain, name: name, since: since) { (node) throws(TensorError) in
      // Constants are widened once, here: kernels look at them when they are prepared, and then no run has to.
      let single = try node.widened()
      let kernel = try prepare(single)
      return { (call) throws(TensorError) in
        guard call.inputs.contains(where: \.goesOverSingle) else { return try kernel(call) }
        let wide = try call.widened(for: single)
        // Kernels hold pointers to their inputs without keeping them.
        defer { withExtendedLifetime(wide) {} }
        var results = try kernel(wide)
        let inferred = call.inputs.firstIndex { $0?.tensor?.elementType.isFloatingPoint == true }
        for index in results.indices {
          let source = sources.isEmpty ? inferred : sources[min(index, sources.count - 1)]
          guard let source, case .tensor(let input)? = call.optionalValue(source), input.elementType.goesOverSingle,
            case .tensor(let tensor) = results[index], tensor.elementType == .float
          else { continue }
          results[index] = .tensor(try Casting.convert(tensor, to: input.elementType, call))
        }
        return results
      }
    }
  }
}

extension [OperatorDefinition] {
  /// The operators for float16 and bfloat16 by way of float; each output has the type of the first input of
  /// floating-point numbers.
  var computingInSingle: [OperatorDefinition] { map { $0.computingInSingle() } }
}

extension Value? {
  fileprivate var goesOverSingle: Bool {
    if case .tensor(let tensor)? = self { tensor.elementType.goesOverSingle } else { false }
  }
}

extension ElementType {
  fileprivate var goesOverSingle: Bool { self == .bfloat16 || self == .float16 }

  fileprivate var isFloatingPoint: Bool {
    switch self {
    case .float, .double, .float16: true
    default: isNarrowFloat
    }
  }
}

extension OperatorNode {
  /// The node with constants of 16 bits as floats; the node itself when it has none.
  fileprivate func widened() throws(TensorError) -> OperatorNode {
    guard constants.contains(where: \.goesOverSingle) else { return self }
    let call = OperatorCall(node: self, inputs: constants, budget: .unlimited)
    var wide = constants
    for (index, constant) in constants.enumerated() where constant.goesOverSingle {
      guard let narrow = constant?.tensor else { continue }
      let convert = { () throws(TensorError) in try Casting.convert(narrow, to: .float, call) }
      if let weights {
        wide[index] = .tensor(try weights.wide(narrow, convert))
      } else {
        wide[index] = .tensor(try convert())
      }
    }
    return OperatorNode(
      name: name, operatorName: operatorName, domain: domain, opset: opset, attributes: attributes, constants: wide,
      usedOutputs: usedOutputs, weights: weights)
  }
}

extension OperatorCall {
  /// The call with inputs of 16 bits as floats, taken from the node where it has them.
  fileprivate func widened(for node: OperatorNode) throws(TensorError) -> OperatorCall {
    var values = inputs
    for index in values.indices {
      if index < node.constants.count, let constant = node.constants[index] { values[index] = constant }
      guard case .tensor(let tensor)? = values[index], tensor.elementType.goesOverSingle else { continue }
      values[index] = .tensor(try Casting.convert(tensor, to: .float, self))
    }
    return OperatorCall(node: node, inputs: values, captured: captured, budget: budget)
  }
}
