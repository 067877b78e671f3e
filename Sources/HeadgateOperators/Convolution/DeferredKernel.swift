import HeadgateTensors
import Synchronization

/// The packed kernel of a node, made when it is first asked for.
///
/// Nodes are prepared before a plan knows which of them it keeps, and others may take their place that have another form
/// of the same weights. Loading ends with the making of those that are left, see `PreparedWeights.makeDeferred`.
final class DeferredKernel: Sendable {
  private let make: @Sendable () throws(TensorError) -> PackedKernel?
  private let made = Mutex<PackedKernel??>(nil)

  init(_ make: @escaping @Sendable () throws(TensorError) -> PackedKernel?) {
    self.make = make
  }

  /// The kernel; nil when it is better not packed.
  ///
  /// - Throws: `TensorError.memoryLimit` when the machine has no room.
  func value() throws(TensorError) -> PackedKernel? {
    try made.withLock { (made) throws(TensorError) in
      if let made { return made }
      let kernel = try make()
      made = .some(kernel)
      return kernel
    }
  }
}
