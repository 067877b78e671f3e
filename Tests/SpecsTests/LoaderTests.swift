import Domain
import Testing

@testable import Specs

@Suite struct `The loader` {
  @Test func `leaves other files alone`() throws {
    var fleet = Sample.fleet
    fleet["specs/notes.txt"] = "apiVersion: nothing"
    fleet["specs/.github/workflow.yml"] = "on: push"
    fleet["specs/.config.yaml"] = "x: 1"
    fleet["other/thing.yaml"] = "x: 1"
    fleet["specs/empty.yaml"] = "# nothing yet\n---\n---\n"
    let state = try fleet.load()
    #expect(state.diagnostics.isEmpty)
    #expect(state.invalidFiles.isEmpty)
  }

  @Test func `takes a YAML file that a step declares for an input, not for a spec`() throws {
    var fleet = Sample.fleet
    fleet["specs/params.yaml"] = "depth: [3, 4"
    #expect(try fleet.load().invalidFiles.map(\.text) == ["specs/params.yaml"])
    fleet["specs/income.yaml"] = Sample.deployment.replacing("[train.py,", with: "[train.py, params.yaml,")
    let state = try fleet.load()
    #expect(state.diagnostics.isEmpty)
    #expect(state.invalidFiles.isEmpty)
    #expect(state.deployments[ModelName("income")]?.files.count == 4)
  }

  @Test func `lists the neighbours of a deployment in its file`() throws {
    var fleet = Sample.fleet
    fleet.files["specs/adult.yaml"] = nil
    fleet["specs/income.yaml"] = Sample.dataset + "---\n" + Sample.deployment
    let state = try fleet.load()
    let adult = try #require(state.datasets[DatasetName("adult")])
    #expect(
      state.deployments[ModelName("income")]?.neighbours == [ObjectID(.dataset, "adult"): adult.digest])
  }

  @Test func `decodes only files whose content changed`() throws {
    var loader = SpecLoader()
    var fleet = Generated.fleet(deployments: 200)
    let first = try fleet.load(&loader)
    #expect(first.diagnostics.isEmpty)
    #expect(loader.decodedFileCount == 200 + 20 + 3)
    _ = try fleet.load(&loader, commit: "c2")
    #expect(loader.decodedFileCount == 223)
    fleet["specs/team-1/model-1.yaml"] = fleet["specs/team-1/model-1.yaml"].replacing("0.9}", with: "0.8}")
    let third = try fleet.load(&loader, commit: "c3")
    #expect(loader.decodedFileCount == 224)
    let changed = third.deployments.filter { $0.value.digest != first.deployments[$0.key]?.digest }
    #expect(changed.keys.map(\.text) == ["model-1"])
    #expect(third.deployments.values.allSatisfy { $0.commit == CommitID("c3") })
    #expect(third == (try fleet.loadFresh(commit: "c3")))
  }

  @Test func `sees a changed input without decoding any spec`() throws {
    var loader = SpecLoader()
    var fleet = Sample.fleet
    let before = try fleet.load(&loader)
    let count = loader.decodedFileCount
    fleet["data/adult.csv"] = "other"
    let after = try fleet.load(&loader)
    #expect(loader.decodedFileCount == count)
    #expect(before.deployments[ModelName("income")]?.digest != after.deployments[ModelName("income")]?.digest)
    #expect(after == (try fleet.load()))
    fleet.files["specs/train.py"] = nil
    let broken = try fleet.load(&loader)
    #expect(loader.decodedFileCount == count)
    #expect(broken.deployments.isEmpty)
    #expect(broken.diagnostics.map(\.message) == ["there is no file 'specs/train.py' in this commit"])
  }

  @Test func `gives the same state however it got there`() throws {
    var loader = SpecLoader()
    var fleet = Sample.fleet
    let edits: [(inout Fleet) -> Void] = [
      { $0["specs/bad.yaml"] = "kind: x" }, { $0.files["specs/adult.yaml"] = nil },
      { $0["specs/moved.yaml"] = Sample.dataset }, { $0["specs/twice.yml"] = Sample.dataset },
      { $0.files["specs/moved.yaml"] = nil }, { $0["specs/default.yaml"] = "kind: Environment" },
      { $0["specs/default.yaml"] = Sample.environment.replacing("production", with: "default") },
      { $0.files["specs/bad.yaml"] = nil }, { $0.files = [:] }, { $0 = Sample.fleet },
    ]
    for edit in edits {
      edit(&fleet)
      #expect(try fleet.load(&loader) == fleet.load())
    }
  }

  @Test func `passes errors of the repository on and can go on afterwards`() throws {
    var loader = SpecLoader()
    let fleet = Sample.fleet
    #expect(throws: GitError.self) {
      _ = try loader.load(
        commit: CommitID("c"), files: fleet.listing(),
        contents: { (_) throws(GitError) in throw GitError(.corrupt, "no") }, file: { (_) throws(GitError) in nil })
    }
    #expect(try fleet.load(&loader) == fleet.load())
  }

  @Test func `tells that a file is too large`() throws {
    let file = try #require(Sample.fleet.file(at: "specs/adult.yaml"))
    var loader = SpecLoader()
    let state = try loader.load(
      commit: CommitID("c"), files: [file], contents: { (_) throws(GitError) in throw GitError(.tooLarge, "no") },
      file: { (_) throws(GitError) in nil })
    #expect(state.diagnostics.map(\.message) == ["the file has more bytes than the limit of 1048576"])
    #expect(state.invalidFiles == [file.path])
  }

  @Test func `asks for each file outside the folder once`() throws {
    let fleet = Generated.fleet(deployments: 30)
    var asked: [String] = []
    var loader = SpecLoader()
    let contents = Dictionary(fleet.files.compactMap { path, bytes in fleet.file(at: path).map { ($0.blob, bytes) } }) {
      first, _ in first
    }
    _ = try loader.load(
      commit: CommitID("c"), files: fleet.listing(under: "specs"),
      contents: { (blob) throws(GitError) in contents[blob] ?? [] },
      file: { (path) throws(GitError) in
        asked.append(path.text)
        return fleet.file(at: path.text)
      })
    #expect(asked.count == Set(asked).count)
    #expect(asked.count == 20)
  }
}

extension Fleet {
  fileprivate func loadFresh(commit: String) throws -> DesiredState {
    var loader = SpecLoader()
    return try load(&loader, commit: commit)
  }
}
