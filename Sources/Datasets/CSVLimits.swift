/// How large a table may be before reading it is refused.
package struct CSVLimits: Sendable, Hashable {
  /// Bytes of the file.
  package var byteCount: Int
  /// Columns of the header.
  package var columnCount: Int
  /// Bytes of one row.
  package var rowByteCount: Int
  /// Cells of all rows; each costs 8 bytes of memory beside the file's own.
  package var cellCount: Int

  package init(
    byteCount: Int = 512 << 20, columnCount: Int = 4096, rowByteCount: Int = 1 << 20, cellCount: Int = 64 << 20
  ) {
    // Cells are kept as 32-bit offsets.
    self.byteCount = min(byteCount, Int(UInt32.max) - 1)
    self.columnCount = columnCount
    self.rowByteCount = rowByteCount
    self.cellCount = cellCount
  }
}
