import Foundation
import Testing

@testable import Datasets

@Suite struct `Hostile CSV` {
  static let count = Int(ProcessInfo.processInfo.environment["HEADGATE_SCALE_FUZZ"] ?? "") ?? 2000

  /// A generator of its own, so that failures repeat.
  struct Numbers: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (state ^ state >> 33) &* 0xFF51_AFD7_ED55_8CCD
    }
  }

  static let alphabet = Array("a1,,,\"\"\n\r\n.-é\u{FEFF}\0".utf8)

  @Test func `is read whole or refused with a place, never guessed`() throws {
    var numbers = Numbers(state: 1)
    var accepted = 0
    for _ in 0..<Self.count {
      let bytes = (0..<Int.random(in: 0...60, using: &numbers)).map { _ in
        Self.alphabet.randomElement(using: &numbers) ?? 0
      }
      do {
        let table = try CSVTable(csv: bytes, name: "f", limits: CSVLimits(columnCount: 8, rowByteCount: 40))
        accepted += 1
        #expect(table.cells.count == table.rowCount * table.columns.count)
        for row in 0..<table.rowCount {
          for column in table.columns.indices {
            _ = table.text(row: row, column: column)
            let place = table.place(row: row, column: column)
            #expect(place.line >= 1 && place.column >= 1)
          }
        }
      } catch {
        #expect(error.message.hasPrefix("f"))
      }
    }
    #expect(accepted > Self.count / 100)
  }

  @Test func `that an independent writer wrote reads back`() throws {
    var numbers = Numbers(state: 2)
    let cells = ["", "a", "é", "1.5", ",", "\"", "\n", "\r\n", "\"\"", "a\"b,c\nd", " ", "\u{FEFF}x"]
    for _ in 0..<Self.count / 4 {
      let width = Int.random(in: 1...5, using: &numbers)
      let header = (0..<width).map { "c\($0)" }
      let rows = (0..<Int.random(in: 0...6, using: &numbers)).map { _ in
        (0..<width).map { _ in cells.randomElement(using: &numbers) ?? "" }
      }
      let end = Bool.random(using: &numbers) ? "\n" : "\r\n"
      let text = ([header] + rows).map { row in
        row.map { "\"" + $0.replacing("\"", with: "\"\"") + "\"" }.joined(separator: ",")
      }.joined(separator: end)
      let table = try CSVTable(csv: Array(text.utf8), name: "w")
      #expect(table.columns == header)
      #expect(`A CSV table`.rows(table) == rows)
    }
  }
}
