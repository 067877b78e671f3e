import HeadgateOperators
import HeadgateTensors

/// Who reads the constants of all plans of a model: the weights whose nodes have another form of them, and the memory
/// that anything reads as it is.
struct ConstantReaders {
  private var replaced: [Tensor] = []
  private var read: Set<ObjectIdentifier> = []
  /// What nodes take from wherever it lies.
  private var readLoosely: Set<ObjectIdentifier> = []

  mutating func note(_ plan: Plan, _ defaults: some Sequence<Value>) {
    for step in plan.steps {
      let (others, loose) = (step.node.replacedInputs, step.node.looseInputs)
      for (index, operand) in step.inputs.enumerated() {
        guard case .constant(let constant) = operand else { continue }
        if others.contains(index), let tensor = plan.constants[constant].tensor {
          replaced.append(tensor)
        } else if loose.contains(index), let tensor = plan.constants[constant].tensor {
          readLoosely.insert(tensor.memory)
        } else {
          note(plan.constants[constant])
        }
      }
      for case .constant(let constant) in step.captured { note(plan.constants[constant]) }
    }
    for case .constant(let constant) in plan.outputs { note(plan.constants[constant]) }
    for value in defaults { note(value) }
  }

  private mutating func note(_ value: Value) {
    switch value {
    case .tensor(let tensor), .maps(_, let tensor): read.insert(tensor.memory)
    case .sequence(let values): for value in values { note(value) }
    case .absent: return
    }
  }

  func releaseReplaced() {
    for tensor in replaced where !read.contains(tensor.memory) && !readLoosely.contains(tensor.memory) {
      tensor.releaseMemory()
    }
  }

  /// Whether a weight may lie where it is not aligned.
  func mayStayUnaligned(_ tensor: Tensor) -> Bool {
    readLoosely.contains(tensor.memory) && !read.contains(tensor.memory)
  }
}
