import HeadgateTensors
import Synchronization

/// What operators make of the constant weights of a model when it is loaded, made once for all nodes that need the same.
///
/// Weights may be tied, and a function may be called a hundred thousand times. What is made may take six times what the
/// weights take: twice for numbers of 16 bits that become floats, and twice that for a matrix and its transpose, or for
/// the kernel of a convolution in two numbers of groups.
package final class PreparedWeights: Sendable {
  /// What is made of weights.
  enum Form: Hashable {
    case wide, axesSwapped, packed, packedTransposed
    case kernel(groups: Int, isTiled: Bool)
    case channelsLast(ChannelsLastKernel.Way)
    /// In bfloat16.
    case rounded, roundedTransposed
    case roundedKernel(groups: Int)
    /// A layer's weights of all directions, in as many parts as steps multiply with.
    case roundedGates(parts: Int)
    case packedGates(parts: Int)
  }

  private struct Key: Hashable {
    let weights: Tensor.Identity
    let form: Form
  }

  private enum Made {
    case tensor(Tensor)
    case matrix(PackedRight)
    case kernel(PackedKernel)
    case channelsLast(ChannelsLastKernel)
    case rounded(any Sendable)
    case gates([[PackedMatrix<Float>]])
  }

  private struct State {
    /// The weights are kept with what was made of them, as their identity holds no longer than they do.
    var made: [Key: (weights: Tensor, result: Made)] = [:]
    var room = 0
    var hasRounded = false
    /// What is made only for nodes that a plan keeps.
    var deferred: [Deferred] = []
  }

  private struct Deferred {
    weak var kernel: DeferredKernel?
  }

  private static let shareOfWeights = 6
  private let state = Mutex(State())

  /// Padding makes of small matrices in bfloat16 more than their share.
  private static let roomForSmall = 1 << 20

  /// What products of weights are computed in.
  package let precision: Precision

  package init(_ precision: Precision = .float32) {
    self.precision = precision
    if precision != .float32 { state.withLock { $0.room = Self.roomForSmall } }
  }

  /// Whether any weights were rounded.
  package var hasRounded: Bool { state.withLock { $0.hasRounded } }

  /// What may still be taken, in bytes.
  var room: Int { state.withLock { $0.room } }

  /// Counts weights of the model.
  package func admit(_ byteCount: Int) {
    state.withLock { state in
      let (share, isTooMuch) = byteCount.multipliedReportingOverflow(by: Self.shareOfWeights)
      state.room = isTooMuch ? .max : Int(clamping: UInt(state.room) + UInt(share))
    }
  }

  /// The weights as floats.
  ///
  /// - Throws: `TensorError.memoryLimit` when there is no room.
  func wide(_ weights: Tensor, _ make: () throws(TensorError) -> Tensor) throws(TensorError) -> Tensor {
    // At most twice its bytes, which fit.
    if let tensor = try tensor(.wide, of: weights, byteCount: weights.count * 4, make) { return tensor }
    throw TensorError(.memoryLimit, "its weights take more than \(Self.shareOfWeights) times their size as floats")
  }

  /// Another tensor of so many bytes made of the weights; nil when there is no room.
  func tensor(
    _ form: Form, of weights: Tensor, byteCount: Int, _ make: () throws(TensorError) -> Tensor
  ) throws(TensorError) -> Tensor? {
    let key = Key(weights: weights.identity, form: form)
    if case .tensor(let tensor)? = made(key) { return tensor }
    guard take(byteCount) else { return nil }
    let tensor = try make()
    keep(.tensor(tensor), of: weights, key)
    return tensor
  }

  /// A matrix in the order of the kernels; nil when there is no room, for it can do without.
  func packed(
    _ weights: Tensor, transposed: Bool, _ make: () throws(TensorError) -> PackedRight?
  ) throws(TensorError) -> PackedRight? {
    let key = Key(weights: weights.identity, form: transposed ? .packedTransposed : .packed)
    if case .matrix(let matrix)? = made(key) { return matrix }
    guard take(weights.byteCount), let matrix = try make() else { return nil }
    keep(.matrix(matrix), of: weights, key)
    return matrix
  }

  /// The kernel of a convolution in the order of the kernels of products; nil when there is no room, for it can do
  /// without.
  func kernel(
    _ weights: Tensor, groups: Int, isTiled: Bool, _ make: () throws(TensorError) -> PackedKernel?
  ) throws(TensorError) -> PackedKernel? {
    let key = Key(weights: weights.identity, form: .kernel(groups: groups, isTiled: isTiled))
    if case .kernel(let kernel)? = made(key) { return kernel }
    guard take(isTiled ? weights.byteCount / 9 * 16 : weights.byteCount), let kernel = try make() else { return nil }
    keep(.kernel(kernel), of: weights, key)
    return kernel
  }

  /// The weights of a recurrent layer in the order of the kernels, for each direction a matrix for each of the parts; nil
  /// when there is no room, for it can do without.
  func gates(
    _ weights: Tensor, parts: Int, _ make: () throws(TensorError) -> [[PackedMatrix<Float>]]
  ) throws(TensorError) -> [[PackedMatrix<Float>]]? {
    let key = Key(weights: weights.identity, form: .packedGates(parts: parts))
    if case .gates(let gates)? = made(key) { return gates }
    guard take(weights.byteCount) else { return nil }
    let gates = try make()
    keep(.gates(gates), of: weights, key)
    return gates
  }

  /// The kernel of a convolution for images whose channels come last; nil when there is no room.
  func channelsLastKernel(
    _ weights: Tensor, _ way: ChannelsLastKernel.Way, byteCount: Int,
    _ make: () throws(TensorError) -> ChannelsLastKernel
  ) throws(TensorError) -> ChannelsLastKernel? {
    let key = Key(weights: weights.identity, form: .channelsLast(way))
    if case .channelsLast(let kernel)? = made(key) { return kernel }
    guard take(byteCount) else { return nil }
    let kernel = try make()
    keep(.channelsLast(kernel), of: weights, key)
    return kernel
  }

  /// A form in bfloat16 of weights, whose elements the node does not read any more.
  ///
  /// - Throws: `TensorError.memoryLimit` when there is no room.
  func rounded<Result: Sendable>(
    _ form: Form, of weights: Tensor, byteCount: Int, for node: OperatorNode, input: Int,
    _ make: () throws(TensorError) -> Result
  ) throws(TensorError) -> Result {
    let key = Key(weights: weights.identity, form: form)
    node.replace(input: input)
    if case .rounded(let any)? = made(key), let result = any as? Result { return result }
    guard take(byteCount) else {
      throw TensorError(
        .memoryLimit, "its weights take more than \(Self.shareOfWeights) times their size in bfloat16; use float32")
    }
    let result = try make()
    keep(.rounded(result), of: weights, key)
    state.withLock { $0.hasRounded = true }
    return result
  }

  /// Notes a kernel that is made when plans are, if its node is still there.
  func add(_ deferred: DeferredKernel) {
    state.withLock { $0.deferred.append(Deferred(kernel: deferred)) }
  }

  /// Makes the kernels of all nodes that are left. A run says it of one for which there is no room.
  package func makeDeferred() {
    let deferred = state.withLock { state in
      defer { state.deferred = [] }
      return state.deferred
    }
    for entry in deferred { _ = try? entry.kernel?.value() }
  }

  private func made(_ key: Key) -> Made? {
    state.withLock { $0.made[key]?.result }
  }

  private func take(_ byteCount: Int) -> Bool {
    state.withLock { state in
      guard byteCount <= state.room else { return false }
      state.room -= byteCount
      return true
    }
  }

  private func keep(_ result: Made, of weights: Tensor, _ key: Key) {
    state.withLock { $0.made[key] = (weights, result) }
  }
}
