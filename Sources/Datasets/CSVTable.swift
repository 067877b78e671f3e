/// A CSV file in memory: its bytes, and where each cell lies in them.
///
/// Cells are decoded only when a column is asked for, so that a file of which three columns are used costs
/// little more than reading it.
package struct CSVTable: Sendable {
  /// The file's name, for messages.
  package let name: String
  /// The header, in the order of the file.
  package let columns: [String]
  /// Rows below the header.
  package let rowCount: Int

  let bytes: [UInt8]
  /// Row-major, `[rows, columns]`.
  let cells: [Cell]
  /// The line on which each row begins, from 1.
  let lines: [UInt32]
  private let indexes: [String: Int]

  /// Where a cell's text lies, without its quotes.
  struct Cell: Sendable {
    let start: UInt32
    let count: UInt32
  }

  init(name: String, columns: [String], bytes: [UInt8], cells: [Cell], lines: [UInt32]) {
    self.name = name
    self.columns = columns
    self.bytes = bytes
    self.cells = cells
    self.lines = lines
    rowCount = lines.count
    indexes = Dictionary(columns.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// The position of a column, nil when the file has none of that name.
  package func index(of column: String) -> Int? { indexes[column] }

  /// The position of a column.
  ///
  /// - Throws: `DatasetError.unknownName` with the columns there are.
  package func requiredIndex(of column: String) throws(DatasetError) -> Int {
    if let index = indexes[column] { return index }
    throw DatasetError(
      .unknownName, "\(name) has no column '\(column)'; it has \(Self.list(columns))")
  }

  /// Gives the bytes of one cell to `body`, which must not let the pointer escape.
  func withCell<Result>(_ row: Int, _ column: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    let cell = cells[row * columns.count + column]
    return bytes.withUnsafeBufferPointer { bytes in
      body(UnsafeBufferPointer(rebasing: bytes[Int(cell.start)..<Int(cell.start) + Int(cell.count)]))
    }
  }

  /// The text of one cell; bytes that are no UTF-8 are replaced, so it is for messages.
  package func text(row: Int, column: Int) -> String {
    withCell(row, column) { String(decoding: $0, as: UTF8.self) }
  }

  /// Where a cell begins in the file.
  func place(row: Int, column: Int) -> (line: Int, column: Int) {
    let start = Int(cells[row * columns.count + column].start)
    let first = Int(cells[row * columns.count].start)
    // Embedded line breaks before the cell move it to a later line.
    var line = Int(lines[row])
    var lineStart = first
    while lineStart > 0, bytes[lineStart - 1] != UInt8(ascii: "\n") { lineStart -= 1 }
    for offset in first..<max(first, start) where bytes[offset] == UInt8(ascii: "\n") {
      line += 1
      lineStart = offset + 1
    }
    return (line, start - lineStart + 1)
  }

  /// An error about one cell.
  func error(_ code: DatasetError.Code, row: Int, column: Int, _ message: String) -> DatasetError {
    DatasetError(code, at: place(row: row, column: column), of: name, "column '\(columns[column])': \(message)")
  }

  /// Names for a message, at most a dozen, each quoted and cut at 40 characters.
  static func list(_ names: some Collection<String>) -> String {
    let shown = names.prefix(12).map { "'\(shortened($0))'" }.joined(separator: ", ")
    return names.count > 12 ? "\(shown), and \(names.count - 12) more" : shown
  }

  /// A foreign text cut for a message.
  static func shortened(_ text: String) -> String {
    text.count > 40 ? text.prefix(40) + "..." : text
  }
}
