import Foundation
import Testing

private let casesFolder = ProcessInfo.processInfo.environment["HEADGATE_ONNX_CASES"]

/// ONNX's backend cases (`onnx/backend/test/data` of its wheel), when the environment variable
/// HEADGATE_ONNX_CASES names their folder.
@Suite(.enabled(if: casesFolder != nil, "set HEADGATE_ONNX_CASES to onnx/backend/test/data"))
struct `The ONNX backend suite` {
  /// `Conformance/passing.txt` lists the cases that must pass. HEADGATE_ONNX_REPORT names a file that
  /// gets a line for each case, from which the list is renewed.
  @Test func `has every listed case pass`() throws {
    let folder = Folder.of(#filePath).appendingPathComponent("Conformance")
    let list = try String(contentsOf: folder.appendingPathComponent("passing.txt"), encoding: .utf8)
    let expected = Set(list.split(separator: "\n").map(String.init))
    var failures: [String: String] = [:]
    let cases = ConformanceCase.all(in: URL(fileURLWithPath: try #require(casesFolder)))
    for test in cases { failures[test.name] = test.failure() }
    let passed = cases.count - failures.count
    print("ONNX backend suite: \(passed) of \(cases.count) cases pass")
    if let report = ProcessInfo.processInfo.environment["HEADGATE_ONNX_REPORT"] {
      let lines = cases.map { "\($0.name)\t\(failures[$0.name] ?? "passed")" }
      try lines.joined(separator: "\n").write(toFile: report, atomically: true, encoding: .utf8)
    }
    #expect(passed > 0)
    for name in expected.intersection(failures.keys).sorted() {
      Issue.record("\(name): \(failures[name] ?? "")")
    }
  }

  /// The count of damaged runs comes from HEADGATE_SCALE_FUZZ.
  @Test func `ends with an answer or an error for damaged cases`() throws {
    let cases = ConformanceCase.all(in: URL(fileURLWithPath: try #require(casesFolder)))
    let count = ProcessInfo.processInfo.environment["HEADGATE_SCALE_FUZZ"].flatMap(Int.init) ?? 2000
    let trace = ProcessInfo.processInfo.environment["HEADGATE_FUZZ_TRACE"]
    var random = SplitMix(state: 22)
    for test in cases {
      try trace.map { try test.name.write(toFile: $0, atomically: false, encoding: .utf8) }
      try test.runDamaged(&random, times: max(count / cases.count, 1))
    }
    #expect(!cases.isEmpty)
  }
}

enum Folder {
  static func of(_ file: String) -> URL { URL(fileURLWithPath: file).deletingLastPathComponent() }
}
