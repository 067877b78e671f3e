import HeadgateOperators
import HeadgateTensors

/// A run of a plan that is taken down while it is done, see `StepRecorder`.
///
/// A value is *known* when types and shapes of the inputs decide it: constants, shapes, and what is computed of those
/// alone. So a model is specialised for the shapes that it meets, and what exporters write around shapes costs nothing.
/// All other values stay in memory of the lane, where a block serves one after the other.
struct RunRecording {
  private let plan: Plan
  private let memory: BlockPool
  private let budget: MemoryBudget
  private let recorder: StepRecorder
  private let change = RecordedRun.Change()
  private var slots: [Value?]
  private var knownSlots: Set<Int> = []
  private var inputs: [RecordedRun.Input] = []
  private var steps: [RecordedRun.Step] = []
  private var kept: [Value] = []

  /// - Returns: nil when the run cannot be recorded.
  /// - Throws: what a run throws.
  static func record(
    _ plan: Plan, on tensors: [Tensor], _ lane: RunLane, _ observer: RunObserver?
  ) throws(RunError) -> RecordedRun? {
    var recording = RunRecording(plan, lane)
    guard recording.begin(on: tensors) else { return nil }
    for step in plan.steps {
      guard try recording.take(step, observer) else { return nil }
    }
    return recording.finish()
  }

  private init(_ plan: Plan, _ lane: RunLane) {
    self.plan = plan
    memory = lane.memory
    budget = lane.budget
    recorder = StepRecorder(memory: lane.memory)
    slots = [Value?](repeating: nil, count: plan.slotCount)
  }

  private mutating func begin(on tensors: [Tensor]) -> Bool {
    guard plan.captureSlots.isEmpty, tensors.count == plan.inputSlots.count else { return false }
    for (slot, tensor) in zip(plan.inputSlots, tensors) {
      guard tensor.elementType != .string,
        let copy = try? Tensor(uninitialized: tensor.elementType, shape: tensor.shape, of: memory)
      else { return false }
      copy.overwrite(with: tensor)
      slots[slot] = .tensor(copy)
      inputs.append(RecordedRun.Input(tensor: copy, place: recorder.add(input: copy)))
    }
    return true
  }

  /// Does a step and takes it down.
  ///
  /// - Returns: whether it can be repeated.
  private mutating func take(_ step: Plan.Step, _ observer: RunObserver?) throws(RunError) -> Bool {
    recorder.beginNode()
    let drawCount = budget.drawCount
    // What is known must not be made in memory that steps before it write again in each run.
    let isOfKnown = (step.inputs + step.captured).allSatisfy(isKnown)
    let call = OperatorCall(
      node: step.node, inputs: plan.gather(step.inputs, slots), captured: plan.gather(step.captured, slots),
      budget: budget, recorder: isOfKnown || !RepeatableOperators.contains(step.node) ? nil : recorder)
    let results: [Value]
    let began = observer == nil ? 0 : ClockReading.wall
    do throws(TensorError) {
      results = try step.kernel(call)
    } catch {
      // Without what the recording keeps there may be room.
      if error.code == .memoryLimit { return false }
      throw RunError(step.node, error)
    }
    if let observer {
      let ended = ClockReading.wall
      observer(NodeReport(node: step.node, work: NodeWork(call, results), nanoseconds: ended - began))
    }
    let used = step.outputs.enumerated().compactMap { index, slot in slot.map { (index: index, slot: $0) } }
    guard used.allSatisfy({ $0.index < results.count }) else { return false }
    if isOfKnown, budget.drawCount == drawCount {
      for (index, slot) in used { keep(results[index], in: slot) }
    } else if used.allSatisfy({ results[$0.index].tensor.map(recorder.isSteady) ?? false }),
      recorder.isRepeatable, budget.drawCount == drawCount, recorder.readInputs.allSatisfy({ isKnown(step.input($0)) })
    {
      for (index, slot) in used {
        if results[index].tensor.map(recorder.isKnown) ?? false { keep(results[index], in: slot) }
        slots[slot] = results[index]
      }
      if !recorder.work.isEmpty { add(recorder.work, step, call, results) }
      noteReader(step, besides: recorder.soughtInputs)
    } else if let work = calling(step, used, results) {
      add([work], step, call, results)
      noteReader(step, besides: [])
    } else {
      return false
    }
    for slot in step.released { slots[slot] = nil }
    return true
  }

  /// Says which inputs of the run a step reads where they are now.
  private mutating func noteReader(_ step: Plan.Step, besides sought: Set<Int>) {
    let read = step.inputs.enumerated().filter { !sought.contains($0.offset) }.map(\.element) + step.captured
    for case .tensor(let tensor)? in plan.gather(read, slots) { noteReader(of: tensor) }
  }

  /// The same of a value, which may be an input under another shape.
  private mutating func noteReader(of tensor: Tensor) {
    for index in inputs.indices where inputs[index].tensor.memory == tensor.memory { inputs[index].mustBeCopied = true }
  }

  private mutating func keep(_ value: Value, in slot: Int) {
    slots[slot] = value.present
    knownSlots.insert(slot)
    kept.append(value)
  }

  private mutating func add(_ work: [StepRecorder.Work], _ step: Plan.Step, _ call: OperatorCall, _ results: [Value]) {
    steps.append(RecordedRun.Step(node: step.node, work: work, amount: NodeWork(call, results)))
  }

  private func isKnown(_ operand: Plan.Operand) -> Bool {
    if case .slot(let slot) = operand { knownSlots.contains(slot) } else { true }
  }

  /// Work that calls a kernel again and copies its results; the first time this is done here. Nil when a result is not of
  /// numbers.
  private mutating func calling(
    _ step: Plan.Step, _ used: [(index: Int, slot: Int)], _ results: [Value]
  ) -> StepRecorder.Work? {
    var targets: [(index: Int, tensor: Tensor)] = []
    for (index, slot) in used {
      guard let result = results[index].tensor, result.elementType != .string,
        let target = try? Tensor(uninitialized: result.elementType, shape: result.shape, of: memory)
      else { return nil }
      target.overwrite(with: result)
      slots[slot] = .tensor(target)
      targets.append((index, target.unleased(from: memory)))
    }
    let (node, kernel, budget, change) = (step.node, step.kernel, budget, change)
    let (inputs, captured) = (unleased(step.inputs), unleased(step.captured))
    return { () throws(TensorError) in
      let results = try kernel(OperatorCall(node: node, inputs: inputs, captured: captured, budget: budget))
      for (index, target) in targets {
        guard case .tensor(let result) = results[index], result.elementType == target.elementType,
          result.shape == target.shape
        else {
          change.hasHappened = true
          throw TensorError(.shape, "a result has another shape than before")
        }
        target.overwrite(with: result)
      }
    }
  }

  /// Values for a kernel that is called again: those in memory of the lane without a hold on it.
  private func unleased(_ operands: [Plan.Operand]) -> [Value?] {
    zip(operands, plan.gather(operands, slots)).map { operand, value in
      guard !isKnown(operand), case .tensor(let tensor)? = value else { return value }
      return .tensor(tensor.unleased(from: memory))
    }
  }

  private mutating func finish() -> RecordedRun? {
    var outputs: [RecordedRun.Output] = []
    var copies: [RecycledTensor] = []
    for (operand, value) in zip(plan.outputs, plan.gather(plan.outputs, slots)) {
      guard !isKnown(operand) else {
        // A plain run says whether there may be none.
        guard let value else { return nil }
        outputs.append(.known(value))
        continue
      }
      guard case .tensor(let tensor)? = value, let start = tensor.unsafeBytes.baseAddress,
        let copy = try? RecycledTensor(tensor.elementType, tensor.shape)
      else { return nil }
      noteReader(of: tensor)
      outputs.append(.computed(start, copy: copies.count))
      copies.append(copy)
    }
    return RecordedRun(
      inputs: inputs, steps: steps, outputs: outputs, copies: copies, change: change, kept: kept)
  }
}
