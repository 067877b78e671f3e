/// A CSV text after RFC 4180: a header, then rows of as many cells. Quoted cells may hold commas, quotes and line feeds.
struct CSVText {
  static let maxBytes = 256 << 20

  let columns: [String]
  let rows: [[String]]

  /// - Throws: `LoadError` that names the line.
  init(_ bytes: [UInt8], name: String) throws(LoadError) {
    guard bytes.count <= Self.maxBytes else { throw LoadError("\(name) is larger than \(Self.maxBytes) bytes") }
    var records: [[String]] = []
    var record: [String] = []
    var cell: [UInt8] = []
    var isQuoted = false
    var wasQuoted = false
    var line = 1
    var index = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    func text(_ cell: [UInt8]) throws(LoadError) -> String {
      guard let text = String(validating: cell, as: UTF8.self) else { throw LoadError("\(name):\(line): not UTF-8") }
      return text
    }
    while index < bytes.count {
      let byte = bytes[index]
      index += 1
      if isQuoted {
        if byte != UInt8(ascii: "\"") {
          cell.append(byte)
          if byte == UInt8(ascii: "\n") { line += 1 }
        } else if index < bytes.count, bytes[index] == UInt8(ascii: "\"") {
          cell.append(byte)
          index += 1
        } else {
          isQuoted = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\"") where cell.isEmpty && !wasQuoted:
        isQuoted = true
        wasQuoted = true
      case UInt8(ascii: ","):
        record.append(try text(cell))
        cell = []
        wasQuoted = false
      case UInt8(ascii: "\r") where index < bytes.count && bytes[index] == UInt8(ascii: "\n"): break
      case UInt8(ascii: "\n"):
        record.append(try text(cell))
        if record != [""] || wasQuoted { records.append(record) }
        record = []
        cell = []
        wasQuoted = false
        line += 1
      default: cell.append(byte)
      }
    }
    guard !isQuoted else { throw LoadError("\(name):\(line): a quote is not closed") }
    if !cell.isEmpty || !record.isEmpty || wasQuoted {
      record.append(try text(cell))
      records.append(record)
    }
    guard let header = records.first, records.count > 1 else { throw LoadError("\(name) has no rows below its header") }
    guard Set(header).count == header.count else { throw LoadError("\(name) has two columns of one name") }
    for (number, record) in records.enumerated() where record.count != header.count {
      throw LoadError("\(name): row \(number) has \(record.count) cells, the header has \(header.count)")
    }
    columns = header
    rows = Array(records.dropFirst())
  }
}
