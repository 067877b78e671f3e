import Foundation
import HeadgateRuntime
import Testing

private let environment = ProcessInfo.processInfo.environment
private let folders = ["HEADGATE_ONNX_CASES", "HEADGATE_CONTRIBUTED", "HEADGATE_EXPORTS"].compactMap { environment[$0] }

/// Each of them gives an operator another meaning from a version of its domain on.
@Suite(.enabled(if: folders.count == 3, "Tests/run.sh sets the folders of the cases"))
struct `The rows of the operator table` {
  private struct Row: Hashable {
    let domain: String
    let name: String
    let version: Int
  }

  /// The cases that are run are those of the suites, but for the known misses, and the exported models.
  private func models() throws -> [String] {
    let misses = Set(try ConformanceList.missNames())
    let cases = try folders.prefix(2).flatMap { try ConformanceSuite(folder: $0).cases }
    let files = try #require(FileManager.default.enumerator(atPath: folders[2])).compactMap { $0 as? String }
    return cases.filter { !misses.contains($0.name) }.map(\.modelPath)
      + files.filter { $0.hasSuffix(".onnx") }.map { folders[2] + "/" + $0 }
  }

  @Test func `have a case each that another library judges`() throws {
    var covered: Set<Row> = []
    for path in try models() {
      for use in try ModelInspection.inspect(try ModelBytes(path: path)).operators {
        guard let version = use.version else { continue }
        covered.insert(Row(domain: use.domain.isEmpty ? "ai.onnx" : use.domain, name: use.name, version: version))
      }
    }
    let rows = SupportedOperator.all.flatMap { entry in
      entry.versions.map { Row(domain: entry.domain, name: entry.name, version: $0) }
    }
    let missing = rows.filter { !covered.contains($0) }.map { "\($0.domain) \($0.name) \($0.version)" }
    print("Operator table: \(missing.count) of \(rows.count) rows have no case")
    #expect(missing.isEmpty, "without a case: \(missing.joined(separator: ", "))")
  }
}
