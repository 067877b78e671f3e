import Domain
import Foundation
import Testing

@testable import Specs

/// `Golden/NAME.yaml` is added to the sample fleet as `specs/NAME.yaml`; `Golden/NAME.txt` is what a person then reads.
@Suite struct `The text of diagnostics` {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")

  static var names: [String] {
    let all = (try? FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false))) ?? []
    return all.filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }.sorted()
  }

  @Test func `has cases`() {
    #expect(Self.names.count >= 15)
  }

  @Test(arguments: names) func `is as the golden file says`(name: String) throws {
    var fleet = Sample.fleet
    fleet.files["specs/\(name).yaml"] = Array(try Data(contentsOf: Self.folder.appending(path: "\(name).yaml")))
    let state = try fleet.load()
    let text = DiagnosticRenderer().text(state.diagnostics)
    let golden = Self.folder.appending(path: "\(name).txt")
    if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
      try Data(text.utf8).write(to: golden)
    }
    let expected = String(decoding: try Data(contentsOf: golden), as: UTF8.self)
    #expect(text == expected)
    #expect(!state.diagnostics.isEmpty)
    #expect(state.invalidFiles.map(\.text) == ["specs/\(name).yaml"])
    #expect(state.deployments.keys.map(\.text) == ["income"], "the others are not disturbed")
  }
}
