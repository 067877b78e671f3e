import HeadgateOperators
import HeadgateTensors

/// What the building of all graphs of one model shares.
final class PlanContext {
  let file: ModelBytes
  let external: ExternalData
  let registry: OperatorRegistry
  let functions: FunctionTable
  /// What operators make of the weights.
  let weights: PreparedWeights
  /// Pays for weights that are larger in memory than in the file.
  private let budget: MemoryBudget
  /// What constants that were computed while loading may still take.
  private var foldingBytes = 1 << 30
  private var readers = ConstantReaders()
  /// Until when nodes are folded. Folding changes no result, so that a file may not hold up its loading by it: between
  /// nodes this is looked at, and at each step of a loop.
  let foldingEnd = ContinuousClock.now + .seconds(10)
  /// Weights that the file holds where they are not aligned: many are packed straight from there.
  private var unaligned: [Tensor] = []
  /// Tensors of attributes by their place in the file: a function's are made once for all its calls.
  private var tensors: [Int: Tensor] = [:]

  /// What stands for the open extents of inputs where types and shapes are followed; nil leaves them open. With it a
  /// plan is only looked at, so that nothing is refused for it.
  let openExtent: Int?

  /// - Parameter maxBytes: the most bytes that sparse weights may take when they are made dense.
  init(
    file: ModelBytes, external: ExternalData, registry: OperatorRegistry, functions: FunctionTable, maxBytes: Int,
    openExtent: Int? = nil, precision: Precision = .float32
  ) {
    weights = PreparedWeights(precision)
    self.openExtent = openExtent
    self.file = file
    self.external = external
    self.registry = registry
    self.functions = functions
    budget = MemoryBudget(limit: maxBytes)
  }

  func tensor(_ weight: ONNXTensor) throws(ModelFileError) -> Tensor {
    let tensor = try weight.makeTensor(from: file, external: external, aligns: false)
    if tensor.isUnaligned { unaligned.append(tensor) }
    weights.admit(tensor.byteCount)
    return tensor
  }

  func tensor(_ weight: ONNXSparseTensor) throws(ModelFileError) -> Tensor {
    let tensor = try weight.makeTensor(from: file, external: external, budget: budget)
    weights.admit(tensor.byteCount)
    return tensor
  }

  /// The tensor of an attribute in a function's body, which every call of the function reads again.
  func sharedTensor(_ weight: ONNXTensor) throws(ModelFileError) -> Tensor {
    if let tensor = tensors[weight.message.lowerBound] { return tensor }
    let tensor = try tensor(weight)
    tensors[weight.message.lowerBound] = tensor
    return tensor
  }

  /// Notes who reads the constants of a plan.
  func note(readersOf plan: Plan, _ defaults: some Sequence<Value>) {
    readers.note(plan, defaults)
  }

  /// Ends the making of weights, before any of them is read by a run: gives back the memory of those of which there is
  /// another form, and which nothing reads as they are; copies those that are not aligned; makes what only the nodes need
  /// that the plan has kept; and leaves no second copy of what was copied or packed in memory.
  func finishWeights() throws(ModelFileError) {
    readers.releaseReplaced()
    do {
      for tensor in unaligned where !readers.mayStayUnaligned(tensor) { try tensor.align() }
    } catch {
      throw ModelFileError(.tooLarge, error.message)
    }
    unaligned = []
    weights.makeDeferred()
    file.releasePages()
    external.releasePages()
  }

  var isFolding: Bool { ContinuousClock.now < foldingEnd }

  /// Whether constants that were computed may be kept, and counts them if so.
  func keep(_ values: [Value]) -> Bool {
    let size = values.reduce(0) { $0 &+ $1.byteCount }
    guard size <= foldingBytes else { return false }
    foldingBytes -= size
    weights.admit(size)
    return true
  }
}

/// The body of a function at one of its calls: what its attributes are there.
struct FunctionCall {
  /// The values of the function's attributes: the caller's, or else the function's own defaults.
  let attributes: [String: ONNXAttribute.Value]
  /// Stands before the names of nodes in messages: `encoder/attention/`.
  let prefix: String
}
