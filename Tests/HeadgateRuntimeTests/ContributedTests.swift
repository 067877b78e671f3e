import Foundation
import HeadgateRuntime
import Testing

private let contributedFolder = ProcessInfo.processInfo.environment["HEADGATE_CONTRIBUTED"]

/// `Tests/run.sh` makes the cases with `Tests/peers/contributed.py` and names their folder in HEADGATE_CONTRIBUTED.
@Suite(.enabled(if: contributedFolder != nil, "HEADGATE_CONTRIBUTED is not set; Tests/run.sh sets it"))
struct `Operators of ONNX Runtime` {
  /// Integers must be equal: where ONNX Runtime rounds a step away from its own definition, the inputs of
  /// the case are chosen beside it.
  @Test func `give what ONNX Runtime gives`() throws {
    let suite = try ConformanceSuite(folder: try #require(contributedFolder))
    let result = suite.run { test, reason in
      if let reason { Issue.record("\(test.name): \(reason)") }
    }
    print("ONNX Runtime's operators: \(result.passed) of \(suite.cases.count) cases pass")
    #expect(result.groups["operators"]?.passed ?? 0 >= 210)
    #expect(result.groups["models"]?.passed ?? 0 >= 70)
    #expect(result.groups["versions"]?.passed ?? 0 >= 43)
  }

  /// The count of damaged runs comes from HEADGATE_SCALE_FUZZ.
  @Test func `end with an answer or an error for damaged cases`() throws {
    let cases = try ConformanceSuite(folder: try #require(contributedFolder)).cases
    let count = ProcessInfo.processInfo.environment["HEADGATE_SCALE_FUZZ"].flatMap(Int.init) ?? 2000
    let trace = ProcessInfo.processInfo.environment["HEADGATE_FUZZ_TRACE"]
    var random = SplitMix(state: 23)
    for test in cases where test.group == "operators" {
      try trace.map { try test.name.write(toFile: $0, atomically: false, encoding: .utf8) }
      try test.runDamaged(&random, times: max(count / cases.count, 1))
    }
  }
}
