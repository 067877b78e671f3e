import HeadgateTensors
import Synchronization

/// A node of a graph as operators see it: what is known before any run.
package final class OperatorNode: Sendable {
  package let name: String
  package let operatorName: String
  package let domain: String
  /// The version of the domain that the model imports.
  package let opset: Int
  package let attributes: Attributes
  /// The inputs whose values are constant; nil for those that only a run knows, and for absent ones.
  package let constants: [Value?]
  /// Which outputs the graph uses, in order; trailing outputs that the node does not name are left out.
  package let usedOutputs: [Bool]

  /// What the nodes of one model share; nil for a node by itself.
  package let weights: PreparedWeights?

  package init(
    name: String, operatorName: String, domain: String, opset: Int, attributes: Attributes,
    constants: [Value?], usedOutputs: [Bool], weights: PreparedWeights? = nil
  ) {
    self.name = name
    self.operatorName = operatorName
    self.domain = domain
    self.opset = opset
    self.attributes = attributes
    self.constants = constants
    self.usedOutputs = usedOutputs
    self.weights = weights
  }

  private let replaced = Mutex<Set<Int>>([])

  /// The constant inputs whose elements the kernel never reads, for it has a form of its own of them.
  package var replacedInputs: Set<Int> { replaced.withLock { $0 } }

  /// Says so of an input, while the kernel is prepared.
  func replace(input: Int) { replaced.withLock { _ = $0.insert(input) } }

  private let loose = Mutex<Set<Int>>([])

  /// The constant inputs whose elements the kernel takes from wherever they lie, aligned for their type or not.
  package var looseInputs: Set<Int> { loose.withLock { $0 } }

  /// Says so of an input, while the kernel is prepared.
  func takeLoose(input: Int) { loose.withLock { _ = $0.insert(input) } }

  package var outputCount: Int { usedOutputs.count }

  /// The constant tensor at an input, when it is one.
  package func constantTensor(_ index: Int) -> Tensor? {
    index < constants.count ? constants[index]?.tensor : nil
  }
}
