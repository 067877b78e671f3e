import Foundation
import Testing

@testable import Store

@Suite struct `A database` {
  let database: Database
  init() throws { database = try Database(path: ":memory:") }

  private struct Interrupted: Error {}

  private func table() throws {
    try database.execute("CREATE TABLE t (a, b)")
  }

  @Test(arguments: ["", "income", "zero \0 within", "ünïcode 🚦", String(repeating: "x", count: 1 << 20)])
  func `gives back the text it was given`(text: String) throws {
    #expect(try database.text("SELECT ?", [.text(text)]) == text)
  }

  @Test(arguments: [0, -1, Int.max, Int.min])
  func `gives back the number it was given`(number: Int) throws {
    #expect(try database.rows("SELECT ?", [.integer(number)]) { try $0.integer(0) } == [number])
  }

  @Test func `tells null from empty`() throws {
    let values: [SQLiteValue] = [SQLiteValue(nil), .text(""), .blob([]), .blob([0, 255])]
    let types = try database.rows("SELECT typeof(?), typeof(?), typeof(?), hex(?)", values) { row in
      try (0..<4).map { try row.text($0) }
    }
    #expect(types == [["null", "text", "blob", "00FF"]])
    #expect(try database.rows("SELECT NULL") { try $0.optionalText(0) } == [nil])
  }

  @Test func `names the column that holds something else`() throws {
    #expect(throws: SQLiteError(code: 11, message: "column age does not hold a whole number")) {
      _ = try database.rows("SELECT 'old' AS age") { try $0.integer(0) }
    }
    #expect(throws: SQLiteError(code: 11, message: "column name does not hold a text")) {
      _ = try database.rows("SELECT 7 AS name") { try $0.text(0) }
    }
  }

  @Test func `says what is wrong with a statement`() throws {
    #expect(throws: SQLiteError(code: 1, message: "no such table: t")) { try database.run("DELETE FROM t", []) }
    #expect(throws: SQLiteError.self) { try database.run("SELECT 1", [.integer(1)]) }
  }

  @Test func `keeps all of a transaction or nothing`() throws {
    try table()
    #expect(throws: Interrupted.self) {
      try database.transaction(.immediate) {
        try database.run("INSERT INTO t VALUES (1, 2)", [])
        throw Interrupted()
      }
    }
    #expect(try database.integer("SELECT count(*) FROM t") == 0)
    try database.transaction(.immediate) { try database.run("INSERT INTO t VALUES (1, 2)", []) }
    #expect(try database.integer("SELECT count(*) FROM t") == 1)
  }

  @Test func `is not changed through a connection that only reads`() throws {
    let state = TemporaryState()
    try FileManager.default.createDirectory(atPath: state.folder.root, withIntermediateDirectories: true)
    try Database(path: state.folder.journal).execute("CREATE TABLE t (a)")
    let reader = try Database(path: state.folder.journal, access: .readOnly)
    #expect(throws: SQLiteError.self) { try reader.execute("INSERT INTO t VALUES (1)") }
    #expect(throws: SQLiteError.self) { _ = try Database(path: state.folder.root + "/none", access: .readOnly) }
  }
}
