import Glibc

/// The memory behind tensors: allocated here, or a part of a mapped file that `owner` keeps.
///
/// SAFETY: `@unchecked Sendable` holds because the bytes are written only by the one function that
/// creates the storage, before any other code can see it; afterwards they are only read, until `release`.
package final class Storage: @unchecked Sendable {
  package private(set) var base: UnsafeMutableRawPointer
  package let byteCount: Int
  /// Whether the elements were given up, see `release`.
  private(set) var isReleased = false
  private let stringCount: Int
  private let owner: (any AnyObject & Sendable)?
  private let budget: MemoryBudget?

  /// Allocates room for `count` elements. Strings begin empty; all other bytes are undefined.
  ///
  /// - Throws: `TensorError.memoryLimit` when the budget or the machine has no room.
  package init(_ type: ElementType, count: Int, budget: MemoryBudget) throws(TensorError) {
    let (size, overflow) = count.multipliedReportingOverflow(by: type.byteCount)
    guard !overflow, count >= 0 else {
      throw TensorError(.memoryLimit, "a tensor of \(count) elements passes any memory limit")
    }
    try budget.reserve(size)
    guard let base = Storage.allocate(size) else {
      budget.release(size)
      throw TensorError(
        .memoryLimit, "the machine has no \(size) bytes for a tensor, which the run's limit would allow")
    }
    self.base = base
    self.byteCount = size
    self.stringCount = type == .string ? count : 0
    self.owner = nil
    self.budget = budget
    if type == .string { base.bindMemory(to: String.self, capacity: count).initialize(repeating: "", count: count) }
  }

  /// Borrows bytes that `owner` keeps alive and unchanged.
  package init(borrowing bytes: UnsafeRawBufferPointer, owner: any AnyObject & Sendable) {
    // An empty buffer has no address; any well-aligned one will do, for it is never read.
    self.base = bytes.baseAddress.map(UnsafeMutableRawPointer.init(mutating:)) ?? Storage.nowhere
    self.byteCount = bytes.count
    self.stringCount = 0
    self.owner = owner
    self.budget = nil
  }

  /// Gives back the memory of elements that nobody will read again; tensors over it keep their shape, and `elements` of
  /// them throws. Bytes that are borrowed, and strings, stay.
  ///
  /// SAFETY: only while a model is loaded, by who has seen all readers, and before any other thread sees the tensors.
  func release() {
    guard owner == nil, stringCount == 0, !isReleased else { return }
    isReleased = true
    free(base)
    base = Storage.nowhere
    budget?.release(byteCount)
  }

  deinit {
    guard owner == nil, !isReleased else { return }
    if stringCount > 0 { base.assumingMemoryBound(to: String.self).deinitialize(count: stringCount) }
    free(base)
    budget?.release(byteCount)
  }

  /// Memory that `free` gives back; nil when the machine has none. Swift's own allocation would end the process then.
  ///
  /// A cache line's alignment for what loops run over; small tensors take the cheaper path of `malloc`.
  private static func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    guard byteCount >= 256 else { return malloc(max(byteCount, 1)) }
    var memory: UnsafeMutableRawPointer?
    return posix_memalign(&memory, 64, byteCount) == 0 ? memory : nil
  }

  // SAFETY: never written or read, only an address for zero bytes.
  nonisolated(unsafe) private static let nowhere = UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 64)
}
