import Domain
import Foundation
import Testing

@testable import Specs

@Suite struct `Any bytes at all` {
  private static var corpus: [[UInt8]] {
    get throws {
      let golden = try `The text of diagnostics`.names.map { name in
        Array(try Data(contentsOf: `The text of diagnostics`.folder.appending(path: "\(name).yaml")))
      }
      // Sound specs weigh as much as all faulty ones, or nearly nothing sound would come out.
      let sound = [Sample.dataset, Sample.deployment, Sample.environment].map { Array($0.utf8) }
      return golden + Array(repeating: sound, count: 1 + golden.count / 3).flatMap { $0 }
    }
  }

  @Test(arguments: 0..<4) func `give objects or diagnostics`(part: Int) throws {
    let corpus = try Self.corpus
    var generator = SeededGenerator(seed: UInt64(part) + 1)
    let path = try #require(RepositoryPath("specs/fuzz.yaml"))
    let renderer = DiagnosticRenderer(width: 40)
    var sound = 0
    var faulty = 0
    for _ in 0..<fuzzCount / 4 {
      let bytes = Mutations.bytes(of: corpus, using: &generator)
      let decoded = FileDecoder.decode(SourceText(path: path, bytes: bytes))
      let errors = decoded.diagnostics.filter { $0.severity == .error }
      try #require(decoded.hasErrors == !errors.isEmpty, "\(bytes)")
      for diagnostic in decoded.diagnostics {
        try #require(diagnostic.place.line >= 1 && diagnostic.place.column >= 1 && diagnostic.length >= 1, "\(bytes)")
        let text = renderer.text(diagnostic)
        try #require(
          text.unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) },
          "\(bytes)")
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        try #require(lines.count <= 5, "\(bytes)")
      }
      if decoded.hasErrors { faulty += 1 } else { sound += 1 }
    }
    // Both ways are tried, or the mutations prove nothing; a run of a few cases cannot show it.
    guard fuzzCount >= 1000 else { return }
    #expect(sound > 0)
    #expect(faulty > 0)
  }

  @Test func `leave a state that holds together`() throws {
    let corpus = try Self.corpus
    var generator = SeededGenerator(seed: 7)
    var loader = SpecLoader()
    var fleet = Sample.fleet
    for round in 0..<fuzzCount / 20 {
      let path =
        "specs/" + (["income", "adult", "production", "new"].randomElement(using: &generator) ?? "new") + ".yaml"
      fleet.files[path] = Mutations.bytes(of: corpus, using: &generator)
      if round % 7 == 0 { fleet = Sample.fleet }
      let state = try fleet.load(&loader)
      let faulty = Set(state.diagnostics.filter { $0.severity == .error }.map(\.place.path))
      try #require(state.invalidFiles == faulty)
      for deployment in state.deployments.values {
        try #require(!state.invalidFiles.contains(deployment.place.path))
        try #require(deployment.files[deployment.place.path] != nil)
      }
      try #require(state == (try fleet.load()))
    }
  }
}
