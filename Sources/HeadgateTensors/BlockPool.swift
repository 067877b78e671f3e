import Glibc
import Synchronization

/// Memory that is lent, given back and lent again, so that work that is done again and again allocates none.
///
/// Whoever is lent a block knows nothing of what is in it.
package final class BlockPool: Sendable {
  /// SAFETY: `@unchecked Sendable` holds because a block is lent to one holder at a time, or to some who agree on when
  /// each of them uses it.
  @usableFromInline
  package struct Block: @unchecked Sendable {
    @usableFromInline package let start: UnsafeMutableRawPointer
    let byteCount: Int
  }

  private struct State {
    var spare: [Block] = []
    var byteCount = 0
  }

  private let state = Mutex(State())
  /// Counts all blocks, lent or spare.
  private let bytes: ByteCount

  init(countedIn bytes: ByteCount) {
    self.bytes = bytes
  }

  /// A block that was allocated for something larger may serve as well, but not for what is a small part of it: the next
  /// large one would need another.
  private static let mostRoom = 4
  private static let small = 1 << 14

  /// The bytes of all blocks.
  package var byteCount: Int { state.withLock { $0.byteCount } }

  /// Lends a block of so many bytes or more, aligned for any loop: the smallest one that is spare, or a new one.
  ///
  /// - Throws: `TensorError.memoryLimit` when the budget or the machine has no room.
  package func lend(_ byteCount: Int) throws(TensorError) -> Block {
    let size = max(byteCount, 1)
    let spare = state.withLock { state -> Block? in
      var best: Int?
      for (index, block) in state.spare.enumerated() where block.byteCount >= size {
        guard block.byteCount <= Self.small || block.byteCount / Self.mostRoom <= size else { continue }
        if best.map({ block.byteCount < state.spare[$0].byteCount }) ?? true { best = index }
      }
      guard let best else { return nil }
      state.spare.swapAt(best, state.spare.count - 1)
      return state.spare.removeLast()
    }
    if let spare { return spare }
    try bytes.add(size)
    var memory: UnsafeMutableRawPointer?
    guard posix_memalign(&memory, 64, size) == 0, let memory else {
      bytes.subtract(size)
      throw TensorError(
        .memoryLimit, "the machine has no \(size) bytes for a tensor, which the run's limit would allow")
    }
    state.withLock { $0.byteCount += size }
    return Block(start: memory, byteCount: size)
  }

  /// Takes back a block that was lent.
  package func takeBack(_ block: Block) {
    state.withLock { $0.spare.append(block) }
  }

  deinit {
    // Who is lent a block keeps the pool, so that all are here.
    for block in state.withLock({ $0.spare }) { free(block.start) }
    bytes.subtract(byteCount)
  }
}

/// A tensor's hold on a block: given back with the last reference.
private final class BlockLease: Sendable {
  private let block: BlockPool.Block
  private let pool: BlockPool

  init(_ block: BlockPool.Block, of pool: BlockPool) {
    self.block = block
    self.pool = pool
  }

  deinit { pool.takeBack(block) }
}

extension Tensor {
  /// Makes a tensor with undefined elements in a block of a pool, which has it back with the tensor's last reference. Not
  /// for strings.
  package init(uninitialized type: ElementType, shape: Shape, of pool: BlockPool) throws(TensorError) {
    let (byteCount, overflow) = try shape.elementCount().multipliedReportingOverflow(by: type.byteCount)
    guard !overflow, type != .string else {
      throw TensorError(.memoryLimit, "a tensor \(type)\(shape) has no place in a block of memory")
    }
    let block = try pool.lend(byteCount)
    self.init(
      elementType: type, shape: shape, count: try shape.elementCount(),
      storage: Storage(
        borrowing: UnsafeRawBufferPointer(start: block.start, count: byteCount), owner: BlockLease(block, of: pool)),
      byteOffset: 0)
  }

  /// The same elements without a hold on their block: they are there as long as the pool is, and whoever reads them knows
  /// when.
  package func unleased(from pool: BlockPool) -> Tensor {
    Tensor(
      elementType: elementType, shape: shape, count: count, storage: Storage(borrowing: unsafeBytes, owner: pool),
      byteOffset: 0)
  }
}

extension Tensor {
  /// Copies the elements of a tensor of the same type and shape over these.
  ///
  /// SAFETY: only for who made this tensor, and while nobody reads it. Not for strings.
  package func overwrite(with other: Tensor) {
    let size = min(byteCount, other.byteCount)
    let (target, source) = (storage.base + byteOffset, other.storage.base + other.byteOffset)
    if size > 0, target != source { target.copyMemory(from: source, byteCount: size) }
  }
}
