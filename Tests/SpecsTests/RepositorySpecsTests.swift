import Domain
import Foundation
import Testing

@testable import Specs

@Suite struct `The specs of this repository` {
  @Test func `have no fault`() throws {
    let root = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    var fleet = Fleet([:])
    for folder in ["specs", "examples"] {
      let path = root.appending(path: folder).path(percentEncoded: false)
      for name in FileManager.default.enumerator(atPath: path)?.compactMap({ $0 as? String }) ?? [] {
        guard let bytes = FileManager.default.contents(atPath: "\(path)/\(name)") else { continue }
        // What a file other than a spec holds does not matter here; some are large.
        fleet.files["\(folder)/\(name)"] = name.hasSuffix("yaml") ? Array(bytes) : Array(name.utf8)
      }
    }
    let state = try fleet.load(under: "specs")
    #expect(DiagnosticRenderer().text(state.diagnostics) == "")
    #expect(!state.deployments.isEmpty)
    #expect(!state.datasets.isEmpty)
  }
}
