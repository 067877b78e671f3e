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
    #expect(result.groups["operators"]?.passed ?? 0 >= 190)
    #expect(result.groups["models"]?.passed ?? 0 >= 10)
  }
}
