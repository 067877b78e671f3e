import Foundation
import HeadgateRuntime
import Testing

private let casesFolder = ProcessInfo.processInfo.environment["HEADGATE_ONNX_CASES"]

/// ONNX's backend cases (`onnx/backend/test/data` of its wheel), when the environment variable
/// HEADGATE_ONNX_CASES names their folder.
@Suite(.enabled(if: casesFolder != nil, "set HEADGATE_ONNX_CASES to onnx/backend/test/data"))
struct `The ONNX backend suite` {
  /// `Conformance/passing.txt` lists the cases that must pass, `Conformance/misses.txt` those that do not,
  /// with a reason each. HEADGATE_ONNX_REPORT names a file that gets a line for each case, from which the
  /// lists are renewed.
  @Test func `has every listed case pass`() throws {
    let suite = try ConformanceSuite(folder: try #require(casesFolder))
    let passing = Set(try ConformanceList.lines("passing.txt"))
    let misses = Set(try ConformanceList.missNames())
    var report: [String] = []
    var unlisted: [String] = []
    let result = suite.run { test, reason in
      report.append("\(test.name)\t\(reason ?? "passed")")
      switch (passing.contains(test.name), misses.contains(test.name)) {
      case (true, _):
        if let reason { Issue.record("\(test.name): \(reason)") }
      case (false, true):
        if reason == nil { Issue.record("\(test.name) passes: move it from misses.txt to passing.txt") }
      case (false, false): unlisted.append(test.name)
      }
    }
    print("ONNX backend suite: \(result.passed) of \(suite.cases.count) cases pass")
    if let path = ProcessInfo.processInfo.environment["HEADGATE_ONNX_REPORT"] {
      try (report.joined(separator: "\n") + "\n").write(toFile: path, atomically: true, encoding: .utf8)
    }
    #expect(result.passed > 0)
    let vanished = passing.union(misses).subtracting(suite.cases.map(\.name)).sorted()
    for (names, fault) in [
      (unlisted, "are in neither passing.txt nor misses.txt"), (vanished, "are listed, and not in the suite"),
    ] where !names.isEmpty {
      // The first ones tell which they are; the report has all that ran.
      Issue.record("\(names.count) cases \(fault): \(names.prefix(20).joined(separator: ", "))")
    }
  }

  /// The count of damaged runs comes from HEADGATE_SCALE_FUZZ.
  @Test func `ends with an answer or an error for damaged cases`() throws {
    let cases = try ConformanceSuite(folder: try #require(casesFolder)).cases
    let count = ProcessInfo.processInfo.environment["HEADGATE_SCALE_FUZZ"].flatMap(Int.init) ?? 2000
    let trace = ProcessInfo.processInfo.environment["HEADGATE_FUZZ_TRACE"]
    var random = SplitMix(state: 22)
    for test in cases {
      try trace.map { try test.name.write(toFile: $0, atomically: false, encoding: .utf8) }
      try test.runDamaged(&random, times: max(count / cases.count, 1))
    }
    #expect(!cases.isEmpty)
  }

  @Test func `has every row of the lists once, each miss with a reason`() throws {
    let passing = try ConformanceList.lines("passing.txt")
    let misses = try ConformanceList.lines("misses.txt")
    #expect(Set(passing).count == passing.count)
    #expect(misses.allSatisfy { $0.split(separator: "\t").count == 2 })
    let names = try ConformanceList.missNames()
    #expect(Set(passing + names).count == passing.count + names.count)
  }
}

enum ConformanceList {
  /// The names in `misses.txt`, which has the reason after each.
  static func missNames() throws -> [String] {
    try lines("misses.txt").map { String($0.prefix { $0 != "\t" }) }
  }

  static func lines(_ name: String) throws -> [String] {
    let file = Folder.of(#filePath).appendingPathComponent("Conformance").appendingPathComponent(name)
    return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(String.init)
  }
}

enum Folder {
  static func of(_ file: String) -> URL { URL(fileURLWithPath: file).deletingLastPathComponent() }
}
