extension CSVTable {
  /// Reads a table: RFC 4180 with a header, rows ending in LF or CR LF, UTF-8 with or without a byte order mark.
  ///
  /// Spaces belong to a cell. Every row has as many cells as the header; nothing is guessed or skipped.
  ///
  /// - Throws: `DatasetError.malformed` or `tooLarge`, with the place.
  package init(csv bytes: [UInt8], name: String, limits: CSVLimits = CSVLimits()) throws(DatasetError) {
    guard bytes.count <= limits.byteCount else {
      throw DatasetError(.tooLarge, "\(name) has \(bytes.count) bytes; the limit is \(limits.byteCount)")
    }
    var reader = CSVReader(bytes: bytes, name: name, limits: limits)
    let header = try reader.readHeader()
    try reader.readRows(columnCount: header.count)
    self.init(name: name, columns: header, bytes: reader.bytes, cells: reader.cells, lines: reader.lines)
  }
}

/// Splits bytes into cells. Doubled quotes are folded in place: the text of a cell is never longer than its source.
private struct CSVReader {
  private(set) var bytes: [UInt8]
  private(set) var cells: [CSVTable.Cell] = []
  private(set) var lines: [UInt32] = []
  private let name: String
  private let limits: CSVLimits
  private var position = 0
  private var line = 1
  private var lineStart = 0

  private static let comma = UInt8(ascii: ",")
  private static let quote = UInt8(ascii: "\"")
  private static let lineFeed = UInt8(ascii: "\n")
  private static let carriageReturn = UInt8(ascii: "\r")

  private enum CellEnd { case cell, row, file }

  init(bytes: [UInt8], name: String, limits: CSVLimits) {
    self.bytes = bytes
    self.name = name
    self.limits = limits
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
      position = 3
      lineStart = 3
    }
  }

  mutating func readHeader() throws(DatasetError) -> [String] {
    guard position < bytes.count else {
      throw DatasetError(.malformed, "\(name) is empty; its first row must name the columns")
    }
    let rowStart = position
    var end = CellEnd.cell
    while end == .cell {
      guard cells.count < limits.columnCount else {
        throw error(.tooLarge, "the header has more than \(limits.columnCount) columns")
      }
      end = try readCell(rowStart: rowStart)
    }
    var names: [String] = []
    var seen: Set<String> = []
    for cell in cells {
      let place = (1, Int(cell.start) - (bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0) + 1)
      guard let text = String(validating: bytes[Int(cell.start)..<Int(cell.start + cell.count)], as: UTF8.self) else {
        throw DatasetError(.malformed, at: place, of: name, "a column's name is not UTF-8; save the file as UTF-8")
      }
      guard seen.insert(text).inserted else {
        throw DatasetError(
          .malformed, at: place, of: name, "column '\(CSVTable.shortened(text))' appears twice; rename one")
      }
      names.append(text)
    }
    cells.removeAll()
    return names
  }

  mutating func readRows(columnCount: Int) throws(DatasetError) {
    while position < bytes.count {
      let rowStart = position
      let rowLine = line
      let before = cells.count
      guard before + columnCount <= limits.cellCount else {
        throw error(.tooLarge, "the table has more than \(limits.cellCount) cells")
      }
      var end = CellEnd.cell
      while end == .cell {
        guard cells.count - before < columnCount else {
          throw error(
            .malformed, "the row has more than the header's \(columnCount) cells; quote cells that hold a comma")
        }
        end = try readCell(rowStart: rowStart)
      }
      let found = cells.count - before
      guard found == columnCount else {
        let what =
          position - rowStart <= 2 && found == 1 && cells[before].count == 0
          ? "the row is empty" : "the row has \(found) cells"
        throw DatasetError(
          .malformed, at: (rowLine, 1), of: name,
          "\(what) and the header \(columnCount); complete the row or remove it")
      }
      lines.append(UInt32(rowLine))
    }
  }

  /// Reads one cell and what ends it.
  private mutating func readCell(rowStart: Int) throws(DatasetError) -> CellEnd {
    if position < bytes.count, bytes[position] == Self.quote {
      try readQuoted(rowStart: rowStart)
    } else {
      try readPlain(rowStart: rowStart)
    }
    guard position < bytes.count else { return .file }
    switch bytes[position] {
    case Self.comma:
      position += 1
      return .cell
    case Self.lineFeed:
      position += 1
    case Self.carriageReturn where position + 1 < bytes.count && bytes[position + 1] == Self.lineFeed:
      position += 2
    case Self.carriageReturn:
      throw error(.malformed, "a carriage return without a line feed; end rows with LF or CR LF")
    default:
      throw error(.malformed, "text after a closing quote; double the quotes inside of a quoted cell")
    }
    line += 1
    lineStart = position
    return .row
  }

  private mutating func readPlain(rowStart: Int) throws(DatasetError) {
    let start = position
    let last = min(bytes.count, rowStart + limits.rowByteCount)
    scan: while position < last {
      switch bytes[position] {
      case Self.comma, Self.lineFeed, Self.carriageReturn: break scan
      case Self.quote:
        throw error(.malformed, "a quote inside of an unquoted cell; quote the whole cell and double the quote")
      case 0:
        throw error(.malformed, "a NUL byte; save the file as UTF-8 text")
      default: position += 1
      }
    }
    try checkLength(rowStart)
    cells.append(.init(start: UInt32(start), count: UInt32(position - start)))
  }

  private mutating func readQuoted(rowStart: Int) throws(DatasetError) {
    let opening = (line, position - lineStart + 1)
    position += 1
    let start = position
    var written = position
    let last = min(bytes.count, rowStart + limits.rowByteCount)
    while position < last {
      let byte = bytes[position]
      switch byte {
      case Self.quote:
        guard position + 1 < bytes.count, bytes[position + 1] == Self.quote else {
          cells.append(.init(start: UInt32(start), count: UInt32(written - start)))
          position += 1
          return
        }
        position += 1
      case Self.lineFeed:
        line += 1
        lineStart = position + 1
      case 0:
        throw error(.malformed, "a NUL byte; save the file as UTF-8 text")
      default: break
      }
      bytes[written] = byte
      written += 1
      position += 1
    }
    try checkLength(rowStart)
    throw DatasetError(.malformed, at: opening, of: name, "the quote opened here is never closed")
  }

  private func checkLength(_ rowStart: Int) throws(DatasetError) {
    guard position - rowStart < limits.rowByteCount || position == bytes.count else {
      throw error(.tooLarge, "a row is longer than \(limits.rowByteCount) bytes; look for a quote that is not closed")
    }
  }

  private func error(_ code: DatasetError.Code, _ message: String) -> DatasetError {
    DatasetError(code, at: (line, position - lineStart + 1), of: name, message)
  }
}
