import Foundation
import Testing

@testable import Datasets

/// The repository's root, found from this file.
func repositoryRoot(_ file: String = #filePath) -> URL {
  URL(fileURLWithPath: file).resolvingSymlinksInPath().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
}

@Suite struct `A CSV table` {
  static func table(_ text: String, limits: CSVLimits = CSVLimits()) throws -> CSVTable {
    try CSVTable(csv: Array(text.utf8), name: "t.csv", limits: limits)
  }

  static func rows(_ table: CSVTable) -> [[String]] {
    (0..<table.rowCount).map { row in table.columns.indices.map { table.text(row: row, column: $0) } }
  }

  @Test func `reads quotes, line breaks and byte order mark as Python's csv module`() throws {
    struct Expected: Decodable {
      let rows: [[String]]
      let numbers: [Double]
    }
    let folder = repositoryRoot().appending(path: "Tests/DatasetsTests/Fixtures")
    let bytes = Array(try Data(contentsOf: folder.appending(path: "quirks.csv")))
    let expected = try JSONDecoder().decode(
      Expected.self, from: Data(contentsOf: folder.appending(path: "quirks.json")))
    let table = try CSVTable(csv: bytes, name: "quirks.csv")
    #expect([table.columns] + Self.rows(table) == expected.rows)
    #expect(
      try table.numbers(of: 2, rows: Array(0..<table.rowCount), missing: MissingMarkers([])) == expected.numbers)
  }

  @Test(arguments: [
    ("", "is empty"),
    ("a,b\n1\n", "t.csv:2:1: the row has 1 cells and the header 2"),
    ("a,b\n1,2\n1,2,3\n", "t.csv:3:5: the row has more than the header's 2 cells"),
    ("a,b\n\n1,2\n", "t.csv:2:1: the row is empty"),
    ("a,b\n1,2\n\n", "t.csv:3:1: the row is empty"),
    ("a,a\n", "t.csv:1:3: column 'a' appears twice"),
    ("a,b\n1,\"2\n3,4\n", "t.csv:2:3: the quote opened here is never closed"),
    ("a,b\n1,\"2\"3\n", "t.csv:2:6: text after a closing quote"),
    ("a,b\n1,2\"3\"\n", "t.csv:2:4: a quote inside of an unquoted cell"),
    ("a,b\n1,2\r3,4\n", "t.csv:2:4: a carriage return without a line feed"),
    ("a,b\n1,\0\n", "t.csv:2:3: a NUL byte"),
    ("a,b\n\"x\ny\",2\n1\n", "t.csv:4:1: the row has 1 cells"),
  ])
  func `says where a file is wrong`(text: String, message: String) throws {
    let error = try #require(throws: DatasetError.self) { try Self.table(text) }
    #expect(error.message.contains(message))
    #expect(error.code == .malformed)
  }

  @Test(arguments: [
    (CSVLimits(byteCount: 7), "has 8 bytes; the limit is 7"), (CSVLimits(columnCount: 1), "more than 1 columns"),
    (CSVLimits(rowByteCount: 3), "longer than 3 bytes"), (CSVLimits(cellCount: 1), "more than 1 cells"),
  ])
  func `refuses what passes a limit`(limits: CSVLimits, message: String) throws {
    let error = try #require(throws: DatasetError.self) { try Self.table("a,b\n1,2\n", limits: limits) }
    #expect(error.code == .tooLarge)
    #expect(error.message.contains(message))
  }

  @Test func `bounds a row that an open quote swallows`() throws {
    let text = "a\n\"" + String(repeating: "x\n", count: 1000)
    let error = try #require(throws: DatasetError.self) {
      try Self.table(text, limits: CSVLimits(rowByteCount: 100))
    }
    #expect(error.code == .tooLarge)
  }

  @Test func `reads no rows below a header`() throws {
    #expect(try Self.table("a,b").rowCount == 0)
    #expect(try Self.table("a,b\r\n").rowCount == 0)
    #expect(try Self.table("a\n\n").rowCount == 1)
  }

  @Test func `tells numbers from texts over the cells that are there`() throws {
    let table = try Self.table("n,t,m,s\n1,x,?,1\n?,2,?,1x\n-3.5e2,?,?,2\n")
    let missing = MissingMarkers(["?"])
    #expect((0..<4).map { table.kind(of: $0, rows: 0..<3, missing: missing) } == [.number, .text, .text, .text])
    #expect(table.kind(of: 3, rows: [0, 2], missing: missing) == .number)
    let numbers = try table.numbers(of: 0, rows: [0, 1, 2], missing: missing)
    #expect(numbers[0] == 1 && numbers[1].isNaN && numbers[2] == -350)
    let texts = try table.texts(of: 1, rows: 0..<3, missing: missing)
    #expect(texts.values == ["x", "2"])
    #expect(texts.codes == [0, 1, TextColumn.missing])
  }

  @Test func `names the cell that is no number`() throws {
    let table = try Self.table("a,b\n1,2\n\"p\nq\",x\n")
    let error = try #require(throws: DatasetError.self) {
      try table.numbers(of: 1, rows: [0, 1], missing: MissingMarkers([]))
    }
    #expect(error.message.hasPrefix("t.csv:4:4: column 'b': 'x' is not a number"))
    #expect(error.line == 4)
  }

  @Test func `an empty cell is no number unless the spec says it is missing`() throws {
    let table = try Self.table("a,b\n,1\n")
    #expect(throws: DatasetError.self) { try table.numbers(of: 0, rows: [0], missing: MissingMarkers([])) }
    #expect(try table.numbers(of: 0, rows: [0], missing: MissingMarkers([""]))[0].isNaN)
  }

  @Test func `refuses text that is not UTF-8`() throws {
    let bytes = Array("a\n".utf8) + [0xFF, 0x0A]
    let table = try CSVTable(csv: bytes, name: "t.csv")
    let error = try #require(throws: DatasetError.self) {
      try table.texts(of: 0, rows: [0], missing: MissingMarkers([]))
    }
    #expect(error.message.contains("not UTF-8"))
    #expect(throws: DatasetError.self) { try CSVTable(csv: [0xFF, 0x0A], name: "t.csv") }
  }
}

@Suite struct `A decimal number` {
  static func parse(_ text: String) -> Double? {
    Array(text.utf8).withUnsafeBufferPointer { DecimalNumber.parse($0) }
  }

  /// Expected values are the compiler's own reading of the same digits.
  @Test(arguments: [
    ("0", 0.0), ("-0", -0.0), ("+7", 7), ("00012", 12), (".5", 0.5), ("5.", 5), ("1.1", 1.1), ("-3.25", -3.25),
    ("0.1", 0.1), ("123456789012345678", 123_456_789_012_345_680), ("9007199254740993", 9_007_199_254_740_992),
    ("0.3000000000000000444089209850062616169452667236328125", 0.3000000000000000444089209850062616169452667236328125),
    ("1e3", 1e3), ("1E-3", 1e-3), ("2.5e+10", 2.5e10), ("4.9e-324", Double.leastNonzeroMagnitude), ("1e-400", 0),
    ("179769313486231570000000000000000000000", 1.7976931348623157e38),
  ])
  func `is read to the nearest double`(text: String, expected: Double) {
    #expect(Self.parse(text)?.bitPattern == expected.bitPattern)
  }

  @Test(arguments: [
    "", "-", ".", "e5", "1e", "1e+", "1.2.3", "0x10", "inf", "nan", "-infinity", " 1", "1 ", "1_000", "1,5", "1e400",
    "--1", "１",
  ])
  func `is nothing else`(text: String) {
    #expect(Self.parse(text) == nil)
  }
}
