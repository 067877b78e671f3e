import HeadgateTensors

/// One execution of a node: its inputs, and what the run allows.
///
/// The executor keeps the inputs alive until the kernel returns, so a kernel may hold pointers to
/// their elements meanwhile.
package struct OperatorCall: Sendable {
  package let node: OperatorNode
  /// The inputs in order; nil where an optional one is absent. May be shorter than the operator's list.
  package let inputs: [Value?]
  /// Values of the enclosing graphs that the node's subgraphs read.
  package let captured: [Value?]
  package let budget: MemoryBudget
  /// Takes down what the node does, when the run is to be repeated.
  let recorder: StepRecorder?

  package init(
    node: OperatorNode, inputs: [Value?], captured: [Value?] = [], budget: MemoryBudget, recorder: StepRecorder? = nil
  ) {
    self.node = node
    self.inputs = inputs
    self.captured = captured
    self.budget = budget
    self.recorder = recorder
  }

  package var attributes: Attributes { node.attributes }

  /// The threads that may share the work.
  package var team: ThreadTeam { budget.team }

  /// The tensor at an input.
  ///
  /// - Throws: `TensorError.missing` when it is absent, `TensorError.elementType` when it is no tensor.
  package func tensor(_ index: Int) throws(TensorError) -> Tensor {
    guard let tensor = try optionalTensor(index) else {
      throw TensorError(.missing, "input \(index) is absent")
    }
    return tensor
  }

  /// The tensor at an input that may be absent.
  package func optionalTensor(_ index: Int) throws(TensorError) -> Tensor? {
    guard let value = optionalValue(index) else { return nil }
    guard case .tensor(let tensor) = value else {
      throw TensorError(.elementType, "input \(index) must be a tensor, got \(value.summary)")
    }
    return tensor
  }

  /// The value at an input that may be absent.
  package func optionalValue(_ index: Int) -> Value? {
    index < inputs.count ? inputs[index] : nil
  }

  /// The elements of a tensor of int32 or int64 as `Int`: axes, shapes, counts.
  package func ints(_ index: Int) throws(TensorError) -> [Int]? {
    guard let tensor = try optionalTensor(index) else { return nil }
    recorder?.noteRead(of: index)
    return try tensor.ints()
  }

  /// Integers that old opsets keep in an attribute and new ones give as an input.
  package func ints(attribute name: String, orInput index: Int) throws(TensorError) -> [Int]? {
    if let values = try attributes.ints(name) { return values }
    return try ints(index)
  }

  /// Makes an output whose elements `fill` writes: all of them. A node that does so is called again in each run, see
  /// `produce`.
  package func make<Element: TensorElement>(
    _ type: Element.Type, _ shape: Shape,
    _ fill: (UnsafeMutableBufferPointer<Element>) throws(TensorError) -> Void
  ) throws(TensorError) -> Tensor {
    recorder?.noteUnrepeatable()
    return try Tensor(shape: shape, of: type, budget: budget, fill)
  }
}

extension Tensor {
  /// The elements of a tensor of int32 or int64 as `Int`: axes, shapes, counts.
  package func ints() throws(TensorError) -> [Int] {
    switch elementType {
    case .int64: try withElements(Int64.self) { $0.map { Int($0) } }
    case .int32: try withElements(Int32.self) { $0.map { Int($0) } }
    default: throw TensorError(.elementType, "expected int32 or int64 elements, got \(elementType)")
    }
  }
}
