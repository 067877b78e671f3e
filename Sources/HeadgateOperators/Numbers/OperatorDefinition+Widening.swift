import HeadgateTensors

// Operators take numbers of 16 bits by way of single precision: the inputs are widened to float, which holds
// them all, the kernel runs on floats, and its results are rounded once. So kernels need no form for bfloat16,
// and sums and functions of several steps are not rounded to 8 or 11 bits at each of them.
//
// Those that compute with any number take integers of 8 and 16 bits, and unsigned ones of 32, by way of int64 in the
// same way, and the upper bits of the results are dropped. What adds, multiplies and compares gives what the narrow type
// gives, which wraps around as well; a mean of them does not overflow on its way. It halves the loops that are compiled
// for each operator, and networks hardly ever compute in these types. The wide inputs take up to eight times the bytes.

/// Which inputs of an operator are numbers that it computes with.
enum WideInputs {
  /// All, and they have one type.
  case all
  /// The first; others are axes and counts, or are converted by the kernel.
  case first
}

extension OperatorDefinition {
  /// The operator for float16 and bfloat16 by way of float.
  ///
  /// - Parameter sources: for each output the input whose type it has, nil where it stays as it is; the last
  ///   holds for all further ones. Without any, outputs have the type of the first input of floating-point numbers.
  package func computingInSingle(outputsLike sources: [Int?] = []) -> OperatorDefinition {
    widening(.all, outputsLike: sources, WiderTypes { $0.isHalf ? .float : nil })
  }

  /// The operator for float16 and bfloat16 by way of float, and for narrow integers by way of int64: its kernel needs to
  /// know the types of a `WideNumberVisitor` only.
  ///
  /// - Parameter sources: as for `computingInSingle`; without any, outputs have the type of the first input where that
  ///   is a narrow integer.
  func computingWide(_ inputs: WideInputs = .all, outputsLike sources: [Int?] = []) -> OperatorDefinition {
    widening(inputs, outputsLike: sources, WiderTypes { $0.isHalf ? .float : $0.isNarrowInteger ? .int64 : nil })
  }

  private func widening(
    _ inputs: WideInputs, outputsLike sources: [Int?], _ widening: WiderTypes
  ) -> OperatorDefinition {
    let prepare = self.prepare
    return OperatorDefinition(domain: domain, name: name, since: since) { (node) throws(TensorError) in
      // Constants are widened once, here: kernels look at them when they are prepared, and then no run has to.
      let wideNode = try widening.widened(node, inputs)
      let kernel = try prepare(wideNode)
      return { (call) throws(TensorError) in
        guard call.inputs[inputs].contains(where: widening.applies) else { return try kernel(call) }
        let wide = try widening.widened(call, inputs, for: wideNode)
        // Kernels hold pointers to their inputs without keeping them.
        defer { withExtendedLifetime(wide) {} }
        var results = try kernel(wide)
        let floating = call.inputs.firstIndex { $0?.tensor?.elementType.isFloatingPoint == true }
        let inferred = widening.type(of: call.optionalValue(0)) == .int64 ? 0 : floating
        for index in results.indices {
          let source = sources.isEmpty ? inferred : sources[min(index, sources.count - 1)]
          guard let source, case .tensor(let input)? = call.optionalValue(source),
            let wideType = widening.type(input.elementType), case .tensor(let tensor) = results[index],
            tensor.elementType == wideType
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

  /// The operators for float16 and bfloat16 by way of float, and for narrow integers by way of int64.
  func computingWide(_ inputs: WideInputs = .all) -> [OperatorDefinition] { map { $0.computingWide(inputs) } }
}

extension ElementType {
  fileprivate var isHalf: Bool { self == .bfloat16 || self == .float16 }

  /// Whether this is an integer that computes by way of int64.
  fileprivate var isNarrowInteger: Bool {
    switch self {
    case .int8, .int16, .uint8, .uint16, .uint32: true
    default: false
    }
  }

  fileprivate var isFloatingPoint: Bool {
    switch self {
    case .float, .double, .float16: true
    default: isNarrowFloat
    }
  }
}

extension [Value?] {
  fileprivate subscript(inputs: WideInputs) -> ArraySlice<Value?> { inputs == .all ? self[...] : prefix(1) }
}

/// Puts tensors of wider types in the place of those of narrow ones.
private struct WiderTypes: Sendable {
  /// The type that a kernel sees for another, nil where it sees the type itself.
  let type: @Sendable (ElementType) -> ElementType?

  init(_ type: @escaping @Sendable (ElementType) -> ElementType?) {
    self.type = type
  }

  func type(of value: Value?) -> ElementType? { value?.tensor.flatMap { type($0.elementType) } }

  func applies(_ value: Value?) -> Bool { type(of: value) != nil }

  /// The node with its halves as floats; the node itself when it has none. Integers would take up to eight times their
  /// bytes for as long as the model is loaded, so they are widened in each call.
  func widened(_ node: OperatorNode, _ inputs: WideInputs) throws(TensorError) -> OperatorNode {
    let numbers = node.constants[inputs]
    guard numbers.contains(where: { $0?.tensor?.elementType.isHalf == true }) else { return node }
    let call = OperatorCall(node: node, inputs: node.constants, budget: .unlimited)
    var wide = node.constants
    for index in numbers.indices {
      guard let narrow = wide[index]?.tensor, narrow.elementType.isHalf else { continue }
      let convert = { () throws(TensorError) in try Casting.convert(narrow, to: .float, call) }
      if let weights = node.weights {
        wide[index] = .tensor(try weights.wide(narrow, convert))
      } else {
        wide[index] = .tensor(try convert())
      }
    }
    return OperatorNode(
      name: node.name, operatorName: node.operatorName, domain: node.domain, opset: node.opset,
      attributes: node.attributes, constants: wide, usedOutputs: node.usedOutputs, weights: node.weights)
  }

  /// The call with wide inputs, taken from the node where it has them.
  ///
  /// - Throws: `TensorError.elementType` when narrow integers meet other types: the kernel could not tell them apart.
  func widened(
    _ call: OperatorCall, _ inputs: WideInputs, for node: OperatorNode
  ) throws(TensorError) -> OperatorCall {
    // What the kernel makes of them is not taken down.
    call.recorder?.noteUnrepeatable()
    var values = call.inputs
    let numbers = values[inputs]
    let narrow = numbers.lazy.compactMap { $0?.tensor?.elementType }.first { type($0) == .int64 }
    for index in numbers.indices {
      guard let tensor = values[index]?.tensor else { continue }
      if let narrow, tensor.elementType != narrow {
        throw TensorError(.elementType, "inputs have different types, \(narrow) and \(tensor.elementType)")
      }
      if index < node.constants.count, let constant = node.constants[index] { values[index] = constant }
      guard let tensor = values[index]?.tensor, let type = type(tensor.elementType) else { continue }
      values[index] = .tensor(try Casting.convert(tensor, to: type, call))
    }
    return OperatorCall(node: node, inputs: values, captured: call.captured, budget: call.budget)
  }
}
