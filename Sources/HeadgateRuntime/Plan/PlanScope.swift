import HeadgateOperators
import HeadgateTensors

/// The names of one graph while its plan is built, and through `parent` those of the graphs around it.
final class PlanScope {
  /// The values of one plan.
  private final class Frame {
    var constants: [Value] = []
    var slotCount = 0
    var captureSlots: [Int] = []
    /// What this graph reads of the graph around it, in that graph's terms.
    var captures: [Plan.Operand] = []
    /// What is known of the value in each slot.
    var inferred: [InferredValue] = []
    /// Why nodes certainly fail, by the slots of their outputs.
    var faults: [Int: ModelFileError] = [:]
    /// Whether types and shapes are followed: not in graphs inside of nodes, whose inputs nobody checks.
    let isInferring: Bool

    init(isInferring: Bool) {
      self.isInferring = isInferring
    }
  }

  private let parent: PlanScope?
  private let frame: Frame
  private var operands: [String: Plan.Operand] = [:]

  /// The slots of the inputs that a caller gives.
  var inputSlots: [Int] = []
  /// The values of inputs that a caller may leave out, by slot.
  var defaults: [Int: Value] = [:]
  /// What this graph reads of the graph around it, in that graph's terms.
  var captures: [Plan.Operand] { frame.captures }

  init(parent: PlanScope?) {
    self.parent = parent
    frame = Frame(isInferring: parent == nil)
  }

  /// A scope for the names of a function's body, whose values are of the same plan as the caller's.
  init(sharing caller: PlanScope) {
    parent = nil
    frame = caller.frame
  }

  var isInferring: Bool { frame.isInferring }
  var hasFaults: Bool { !frame.faults.isEmpty }

  func inferred(slot: Int) -> InferredValue { frame.inferred[slot] }
  func fault(in slot: Int) -> ModelFileError? { frame.faults[slot] }
  func note(_ value: InferredValue, in slot: Int) { frame.inferred[slot] = value }
  func note(_ fault: ModelFileError, in slot: Int) { frame.faults[slot] = fault }

  func local(_ name: String) -> Plan.Operand? { operands[name] }

  /// Finds a name here or in the graphs around, and then captures it.
  func resolve(_ name: String) -> Plan.Operand? {
    if let operand = operands[name] { return operand }
    guard let parent, let outer = parent.resolve(name) else { return nil }
    let operand: Plan.Operand
    if let constant = parent.constant(outer) {
      operand = add(constant)
    } else {
      let slot = newSlot()
      operand = .slot(slot)
      frame.captureSlots.append(slot)
      frame.captures.append(outer)
    }
    operands[name] = operand
    return operand
  }

  func constant(_ operand: Plan.Operand) -> Value? {
    if case .constant(let index) = operand { frame.constants[index] } else { nil }
  }

  func define(_ name: String, constant: Value) throws(ModelFileError) {
    try define(name, as: add(constant), by: "weight")
  }

  func defineSlot(_ name: String, by definer: String) throws(ModelFileError) -> Int {
    let slot = newSlot()
    try define(name, as: .slot(slot), by: definer)
    return slot
  }

  func define(_ name: String, as operand: Plan.Operand, by definer: String) throws(ModelFileError) {
    guard operands.updateValue(operand, forKey: name) == nil else {
      throw ModelFileError(.invalidGraph, "\(definer) defines '\(name)' a second time; each name may have one value")
    }
  }

  /// A slot for a value that has no name.
  func newSlot(for value: InferredValue) -> Int {
    let slot = newSlot()
    note(value, in: slot)
    return slot
  }

  private func newSlot() -> Int {
    frame.slotCount += 1
    frame.inferred.append(.unknown)
    return frame.slotCount - 1
  }

  private func add(_ constant: Value) -> Plan.Operand {
    frame.constants.append(constant)
    return .constant(frame.constants.count - 1)
  }

  /// Drops the steps that only hand a value on and those whose results nobody reads, says after which step each slot may
  /// be released, and keeps only the constants that are still read.
  func makePlan(steps: [Plan.Step], outputs: [Plan.Operand]) -> Plan {
    let (steps, outputs) = Self.withoutIdentities(steps, outputs)
    var needed = Set(outputs)
    var kept: [Plan.Step] = []
    for step in steps.reversed() {
      let isNeeded = step.outputs.contains { $0.map { needed.contains(.slot($0)) } ?? false }
      guard isNeeded else { continue }
      var released: [Int] = []
      for case .slot(let slot) in Set(step.inputs + step.captured) where needed.insert(.slot(slot)).inserted {
        released.append(slot)
      }
      let reads = step.outputs.map { slot in slot.flatMap { needed.contains(.slot($0)) ? $0 : nil } }
      kept.append(
        Plan.Step(
          node: step.node, kernel: step.kernel, inputs: step.inputs, captured: step.captured, outputs: reads,
          released: released))
    }
    kept.reverse()
    var compact = ConstantTable(frame.constants)
    let packed = kept.map { step in
      Plan.Step(
        node: step.node, kernel: step.kernel, inputs: compact.keep(step.inputs), captured: compact.keep(step.captured),
        outputs: step.outputs, released: step.released)
    }
    let results = compact.keep(outputs)
    return Plan(
      constants: compact.kept, slotCount: frame.slotCount, inputSlots: inputSlots, captureSlots: frame.captureSlots,
      steps: packed, outputs: results)
  }

  private static func withoutIdentities(
    _ steps: [Plan.Step], _ outputs: [Plan.Operand]
  ) -> (steps: [Plan.Step], outputs: [Plan.Operand]) {
    var origins: [Plan.Operand: Plan.Operand] = [:]
    let origin = { (operand: Plan.Operand) in origins[operand] ?? operand }
    var kept: [Plan.Step] = []
    for step in steps {
      let inputs = step.inputs.map(origin)
      if step.node.operatorName == "Identity", step.node.domain.isEmpty, inputs.count == 1, step.outputs.count == 1 {
        if let slot = step.outputs[0] { origins[.slot(slot)] = inputs[0] }
        continue
      }
      kept.append(
        Plan.Step(
          node: step.node, kernel: step.kernel, inputs: inputs, captured: step.captured.map(origin),
          outputs: step.outputs, released: []))
    }
    return (kept, outputs.map(origin))
  }
}

/// Renumbers constants in the order in which they are read, leaving out the unread.
private struct ConstantTable {
  private let all: [Value]
  private var indices: [Int: Int] = [:]
  private(set) var kept: [Value] = []

  init(_ all: [Value]) {
    self.all = all
  }

  mutating func keep(_ operands: [Plan.Operand]) -> [Plan.Operand] {
    operands.map { operand in
      guard case .constant(let index) = operand else { return operand }
      if let known = indices[index] { return .constant(known) }
      kept.append(all[index])
      indices[index] = kept.count - 1
      return .constant(kept.count - 1)
    }
  }
}
