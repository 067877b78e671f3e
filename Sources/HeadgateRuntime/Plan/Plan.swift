import HeadgateOperators
import HeadgateTensors

/// A checked graph as a list of steps over numbered slots; immutable, and shared by all runs.
final class Plan: Sendable {
  /// Where a step finds a value.
  enum Operand: Sendable, Hashable {
    case absent
    case constant(Int)
    case slot(Int)
  }

  /// A class, for a run would otherwise copy and count references to all that a step holds.
  final class Step: Sendable {
    let node: OperatorNode
    let kernel: Kernel
    let inputs: [Operand]
    /// What the node's subgraphs read of this graph's values.
    let captured: [Operand]
    /// The slot of each output; nil for those that nothing reads.
    let outputs: [Int?]
    /// The slots that no later step reads.
    let released: [Int]

    init(
      node: OperatorNode, kernel: @escaping Kernel, inputs: [Operand], captured: [Operand], outputs: [Int?],
      released: [Int]
    ) {
      self.node = node
      self.kernel = kernel
      self.inputs = inputs
      self.captured = captured
      self.outputs = outputs
      self.released = released
    }
  }

  let constants: [Value]
  let slotCount: Int
  /// The slots that the caller's values go to, in the order of the graph's inputs.
  let inputSlots: [Int]
  /// The slots that values of the enclosing graph go to.
  let captureSlots: [Int]
  let steps: [Step]
  let outputs: [Operand]

  init(
    constants: [Value], slotCount: Int, inputSlots: [Int], captureSlots: [Int], steps: [Step], outputs: [Operand]
  ) {
    self.constants = constants
    self.slotCount = slotCount
    self.inputSlots = inputSlots
    self.captureSlots = captureSlots
    self.steps = steps
    self.outputs = outputs
  }

  /// A plan of one step, which takes the one input and gives all outputs.
  convenience init(calling node: OperatorNode, _ kernel: @escaping Kernel) {
    let outputs = 1...node.outputCount
    self.init(
      constants: [], slotCount: 1 + node.outputCount, inputSlots: [0], captureSlots: [],
      steps: [
        Step(
          node: node, kernel: kernel, inputs: [.slot(0)], captured: [], outputs: outputs.map { $0 }, released: [0])
      ], outputs: outputs.map { .slot($0) })
  }

  /// Runs all steps in order. An intermediate value is released after the last step that reads it.
  ///
  /// Within a run an optional without a value is nil, just as an input that a node leaves out.
  ///
  /// - Returns: the outputs; nil where an optional has no value.
  func run(
    _ inputs: [Value?], captured: [Value?], budget: MemoryBudget, observer: RunObserver? = nil
  ) throws(RunError) -> [Value?] {
    var slots = [Value?](repeating: nil, count: slotCount)
    for (slot, value) in zip(inputSlots, inputs) { slots[slot] = value?.present }
    for (slot, value) in zip(captureSlots, captured) { slots[slot] = value }
    for step in steps {
      let call = OperatorCall(
        node: step.node, inputs: gather(step.inputs, slots),
        captured: step.captured.isEmpty ? [] : gather(step.captured, slots), budget: budget)
      for slot in step.released { slots[slot] = nil }
      let results: [Value]
      let began = observer == nil ? 0 : ClockReading.wall
      do {
        results = try step.kernel(call)
      } catch {
        throw RunError(step.node, error)
      }
      if let observer {
        let ended = ClockReading.wall
        observer(NodeReport(node: step.node, work: NodeWork(call, results), nanoseconds: ended - began))
      }
      for (index, slot) in step.outputs.enumerated() {
        guard let slot else { continue }
        guard index < results.count else {
          throw RunError(step.node, TensorError(.unsupported, "gives \(results.count) outputs, and more are read"))
        }
        slots[slot] = results[index].present
      }
    }
    return gather(outputs, slots)
  }

  /// The values of operands.
  func gather(_ operands: [Operand], _ slots: [Value?]) -> [Value?] {
    operands.map { operand in
      switch operand {
      case .absent: nil
      case .constant(let index): constants[index].present
      case .slot(let index): slots[index]
      }
    }
  }
}

/// A plan inside of a node's attribute, as If, Loop and Scan run it.
struct PlannedSubgraph: Subgraph {
  let plan: Plan
  let inputCount: Int
  /// The declared types of the outputs; nil for those that are no tensors, or declared without a type.
  let outputs: [ValueType?]
  /// Which of the owning node's captured values are this graph's.
  let captures: Range<Int>

  var outputCount: Int { outputs.count }

  func declaredOutput(_ index: Int) -> (elementType: ElementType, shape: [Int?]?)? {
    guard index < outputs.count, let type = outputs[index] else { return nil }
    return (type.elementType, type.shape)
  }

  func run(_ inputs: [Value?], outer: OperatorCall) throws(TensorError) -> [Value] {
    do {
      let outputs = try plan.run(inputs, captured: Array(outer.captured[captures]), budget: outer.budget)
      return outputs.map { $0 ?? .absent }
    } catch {
      throw TensorError(error.cause?.code ?? .invalidValue, "in its graph: \(error.message)")
    }
  }
}

extension RunError {
  /// The failure of one node.
  init(_ node: OperatorNode, _ cause: TensorError) {
    let place = node.name.isEmpty ? node.operatorName : "\(node.operatorName) '\(node.name)'"
    self.init(
      cause.code == .memoryLimit ? .memoryLimit : .nodeFailed, "node \(place): \(cause.message)", node: place,
      cause: cause)
  }
}
