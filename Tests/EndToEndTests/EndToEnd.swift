import Foundation
import Testing

/// Tests of the whole program from outside, one after the other: they measure times and load the machine.
@Suite(.serialized, .enabled(if: !Fleet.program.isEmpty, "HEADGATE_TEST_BINARY names no program"))
enum EndToEnd {
  /// A count of the long suites; `Tests/scale` sets it.
  static func scale(_ name: String, default count: Int) -> Int {
    ProcessInfo.processInfo.environment["HEADGATE_SCALE_" + name].flatMap { Int($0) } ?? count
  }

  /// Prints rows in columns.
  static func printTable(_ title: String, _ rows: [[String]]) {
    let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    let lines = rows.map { row in
      row.indices.map { row[$0].padding(toLength: widths[$0], withPad: " ", startingAt: 0) }.joined(separator: "  ")
    }
    print(([title] + lines).joined(separator: "\n"))
  }
}
