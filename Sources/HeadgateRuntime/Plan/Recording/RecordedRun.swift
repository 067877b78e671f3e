import HeadgateOperators
import HeadgateTensors

/// What the steps of a run did, to be done again on other values of the same types and shapes.
///
/// SAFETY: `@unchecked Sendable` holds because its lane is lent to one run at a time.
final class RecordedRun: @unchecked Sendable {
  struct Step {
    let node: OperatorNode
    let work: [StepRecorder.Work]
    let amount: NodeWork
  }

  enum Output {
    /// The same in all these runs.
    case known(Value)
    /// Where the elements are after the last step, and which of `copies` they go to.
    case computed(UnsafeRawPointer, copy: Int)
  }

  /// How a run ended.
  enum Ending {
    case complete
    /// A step's result has another shape now, or found no memory beside what the recording keeps.
    case unrepeatable
  }

  /// Whether a step's result had another shape than when it was recorded.
  final class Change {
    var hasHappened = false
  }

  struct Input {
    /// In memory of the lane.
    let tensor: Tensor
    let place: InputPlace
    /// Whether a step's work reads it where it was when the run was recorded.
    var mustBeCopied = false
  }

  private let inputs: [Input]
  private let steps: [Step]
  private let outputs: [Output]
  private var copies: [RecycledTensor]
  private let change: Change
  /// Values that the steps' work reads.
  private let kept: [Value]

  init(inputs: [Input], steps: [Step], outputs: [Output], copies: [RecycledTensor], change: Change, kept: [Value]) {
    self.inputs = inputs
    self.steps = steps
    self.outputs = outputs
    self.copies = copies
    self.change = change
    self.kept = kept
  }

  /// Whether it is one on inputs of these types and shapes.
  func isRun(on tensors: [Tensor]) -> Bool {
    guard tensors.count == inputs.count else { return false }
    for index in inputs.indices {
      let tensor = inputs[index].tensor
      guard tensors[index].elementType == tensor.elementType, tensors[index].shape == tensor.shape else { return false }
    }
    return true
  }

  /// Does the steps again.
  ///
  /// - Parameters:
  ///   - tensors: one for each input, of its type and shape.
  ///   - results: what the outputs are added to; they are of no use when the run cannot be repeated.
  func repeatRun(
    on tensors: [Tensor], observer: RunObserver?, into results: inout [Value]
  ) throws(RunError) -> Ending {
    for index in inputs.indices {
      inputs[index].place.start = tensors[index].unsafeBytes.baseAddress
      if inputs[index].mustBeCopied { inputs[index].tensor.overwrite(with: tensors[index]) }
    }
    defer { withExtendedLifetime(tensors) {} }
    for index in steps.indices {
      let began = observer == nil ? 0 : ClockReading.wall
      do throws(TensorError) {
        for work in steps[index].work { try work() }
      } catch {
        guard !change.hasHappened, error.code != .memoryLimit else { return .unrepeatable }
        throw RunError(steps[index].node, error)
      }
      if let observer {
        let ended = ClockReading.wall
        observer(NodeReport(node: steps[index].node, work: steps[index].amount, nanoseconds: ended - began))
      }
    }
    return addOutputs(to: &results)
  }

  /// Adds the outputs of the run that was just done. They are copies, so that the next run may go on while the caller
  /// still has them.
  func addOutputs(to results: inout [Value]) -> Ending {
    for index in outputs.indices {
      switch outputs[index] {
      case .known(let value): results.append(value)
      case .computed(let source, let copy):
        guard let tensor = try? copies[copy].make(copying: source) else { return .unrepeatable }
        results.append(.tensor(tensor))
      }
    }
    return .complete
  }
}
