/// Memory for the time of a function, for what is too much for the stack.
package enum TemporaryMemory {
  /// The standard function takes more than this from the heap.
  private static var mostOnStack: Int { 1024 }
  /// Blocks that were lent to some thread before. They are few, and a block of trees takes some 100 KiB at most.
  private static let pool = BlockPool(countedIn: ByteCount(limit: .max))

  /// Gives `body` room for so many elements of undefined value. From the second time on it allocates nothing.
  @inlinable
  package static func with<Element>(
    _ type: Element.Type, count: Int, _ body: (UnsafeMutableBufferPointer<Element>) -> Void
  ) {
    guard let block = lend(count * MemoryLayout<Element>.stride) else {
      return withUnsafeTemporaryAllocation(of: type, capacity: count, body)
    }
    body(UnsafeMutableBufferPointer(start: block.start.bindMemory(to: type, capacity: count), count: count))
    takeBack(block)
  }

  /// Nil for what the stack is for, and when the machine has no room: the standard function says so then.
  @usableFromInline
  static func lend(_ byteCount: Int) -> BlockPool.Block? {
    byteCount > mostOnStack ? try? pool.lend(byteCount) : nil
  }

  @usableFromInline
  static func takeBack(_ block: BlockPool.Block) { pool.takeBack(block) }
}
