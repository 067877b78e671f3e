import Glibc

/// The memory behind tensors: allocated here, or a part of a mapped file that `owner` keeps.
///
/// SAFETY: `@unchecked Sendable` holds because the bytes are written only by the one function that creates the storage,
/// before any other code can see it; afterwards they are only read, until `release`. What `align` and `release` change is
/// changed by the thread that loads a model, before any other thread sees its tensors.
package final class Storage: @unchecked Sendable {
  /// Where the bytes lie, aligned for what they hold or not.
  private(set) var start: UnsafeMutableRawPointer
  package let byteCount: Int
  /// Whether the elements were given up, see `release`.
  private(set) var isReleased = false
  /// Whether the bytes are borrowed from where they need not be aligned.
  private(set) var isUnaligned = false
  private let stringCount: Int
  private var owner: (any AnyObject & Sendable)?
  private let budget: MemoryBudget?

  /// Where the elements are. The first who asks makes bytes that are not aligned lie so.
  package var base: UnsafeMutableRawPointer {
    if isUnaligned { _ = align() }
    return start
  }

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
    self.start = base
    self.byteCount = size
    self.stringCount = type == .string ? count : 0
    self.owner = nil
    self.budget = budget
    if type == .string { base.bindMemory(to: String.self, capacity: count).initialize(repeating: "", count: count) }
  }

  /// Borrows bytes that `owner` keeps alive and unchanged.
  ///
  /// - Parameter isUnaligned: Whether they need not be aligned for what they hold. When a model is loaded, `align` or `release`
  ///   ends that for all but those that are only read as bytes.
  package init(
    borrowing bytes: UnsafeRawBufferPointer, owner: any AnyObject & Sendable, isUnaligned: Bool = false
  ) {
    // An empty buffer has no address; any well-aligned one will do, for it is never read.
    self.start = bytes.baseAddress.map(UnsafeMutableRawPointer.init(mutating:)) ?? Storage.nowhere
    self.byteCount = bytes.count
    self.stringCount = 0
    self.owner = owner
    self.budget = nil
    self.isUnaligned = isUnaligned
  }

  /// Copies bytes that are not aligned to where they are.
  ///
  /// SAFETY: see `release`.
  /// - Returns: Whether the machine has the memory; otherwise all stays as it was.
  func align() -> Bool {
    guard isUnaligned else { return true }
    guard let copy = Storage.allocate(byteCount) else { return false }
    populate()
    copy.copyMemory(from: start, byteCount: byteCount)
    start = copy
    owner = nil
    isUnaligned = false
    return true
  }

  /// Has the system map all pages of a file at once, for one by one they take as long as packing what is in them: 87 MB
  /// are copied in 60 instead of 93 ms.
  func populate() {
    guard owner != nil, byteCount >= 1 << 16 else { return }
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let rest = Int(bitPattern: start) % page
    // Without effect where the system does not know it.
    madvise(start - rest, byteCount + rest, Storage.populateForReading)
  }

  /// `MADV_POPULATE_READ`, since Linux 5.14.
  private static let populateForReading: Int32 = 22

  /// Gives back the memory of elements that nobody will read again; tensors over it keep their shape, and `elements` of
  /// them throws. Bytes that are borrowed, and strings, stay, but for bytes that are not aligned.
  ///
  /// SAFETY: only while a model is loaded, by who has seen all readers, and before any other thread sees the tensors.
  func release() {
    guard owner == nil || isUnaligned, stringCount == 0, !isReleased else { return }
    isReleased = true
    if owner == nil { free(start) }
    (owner, isUnaligned) = (nil, false)
    start = Storage.nowhere
    budget?.release(byteCount)
  }

  deinit {
    guard owner == nil, !isReleased else { return }
    if stringCount > 0 { start.assumingMemoryBound(to: String.self).deinitialize(count: stringCount) }
    free(start)
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
