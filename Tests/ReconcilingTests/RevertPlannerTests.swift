import Domain
import TestSupport
import Testing

@testable import Reconciling

@Suite struct `A revert` {
  private let good = Samples.deployment("income", model: "v1", commit: "c1")
  private let bad = Samples.deployment("income", model: "v2", policy: "new", commit: "c2")
  private let spec = Samples.path("specs/income.yaml")
  private let train = Samples.path("specs/income.py")

  private func plan(
    good: DesiredDeployment? = nil, bad: DesiredDeployment? = nil, head: RevertFacts? = nil
  ) -> RevertPlanner.Outcome {
    let digest = Digest.sha256(of: "x")
    let bad = bad ?? self.bad
    return RevertPlanner.plan(
      champion: Release(number: ReleaseNumber(1), deployment: good ?? self.good, model: digest, evidence: digest),
      candidate: Candidate(deployment: bad), head: head ?? RevertFacts(head: CommitID("c2"), blobs: bad.files),
      why: nil, now: Timestamp(milliseconds: 5_000))
  }

  private func reason(_ outcome: RevertPlanner.Outcome) -> String? {
    guard case .hold(let reason, _) = outcome else { return nil }
    return reason
  }

  @Test func `restores every file of the champion that differs`() {
    guard case .push(let request) = plan() else {
      Issue.record("held")
      return
    }
    #expect(request.files == [spec: good.files[spec], train: good.files[train]])
    #expect(request.time == 5)
  }

  @Test func `holds when someone has changed a file since`() {
    var blobs = bad.files
    blobs[train] = BlobID("someone else")
    #expect(reason(plan(head: RevertFacts(head: CommitID("c3"), blobs: blobs))) == "RevertConflict")
    blobs[train] = nil
    #expect(reason(plan(head: RevertFacts(head: CommitID("c3"), blobs: blobs))) == "RevertConflict")
  }

  @Test func `holds when another object in the spec file has changed`() {
    let neighbours = [ObjectID(.dataset, "adult"): Digest.sha256(of: "new")]
    let head = RevertFacts(head: CommitID("c2"), blobs: bad.files, neighbours: neighbours)
    #expect(reason(plan(head: head)) == "RevertConflict")
  }

  @Test func `holds when another deployment uses a file that would change`() {
    let head = RevertFacts(
      head: CommitID("c2"), blobs: bad.files, users: [train: [ObjectID(.modelDeployment, "other")]])
    #expect(reason(plan(head: head)) == "RevertConflict")
  }

  @Test func `holds when a data set or the environment of the champion has changed`() {
    let name = DatasetName("adult")
    let dataset = DesiredObject(
      spec: DatasetSpec(name: name, file: train, digest: .sha256(of: "rows")),
      place: SourcePlace(path: spec, line: 1, column: 1), digest: .sha256(of: "old"))
    let judged = DesiredDeployment(
      spec: good.spec, place: good.place, digest: good.digest, commit: good.commit, files: good.files,
      datasets: [name: dataset])
    func head(_ digest: Digest) -> RevertFacts {
      RevertFacts(head: CommitID("c2"), blobs: bad.files, datasets: [name: digest])
    }
    #expect(reason(plan(good: judged, head: head(.sha256(of: "new")))) == "RevertConflict")
    #expect(reason(plan(good: judged, head: head(dataset.digest))) == nil)
    let strict = RevertFacts(
      head: CommitID("c2"), blobs: bad.files, environments: [.builtIn: EnvironmentSpec(historyRewrites: .allow)])
    #expect(reason(plan(head: strict)) == "RevertConflict")
  }

  @Test func `restores a file that the candidate's commit removed, and leaves what it added`() {
    var files = bad.files
    files[train] = nil
    files[Samples.path("specs/added.py")] = BlobID("new")
    let moved = DesiredDeployment(
      spec: bad.spec, place: bad.place, digest: bad.digest, commit: bad.commit, files: files)
    guard case .push(let request) = plan(bad: moved) else {
      Issue.record("held")
      return
    }
    #expect(request.files == [spec: good.files[spec], train: good.files[train]])
  }

  @Test func `removes the spec file that the object was moved to`() {
    let elsewhere = Samples.path("other/income.yaml")
    let moved = Samples.deployment("income", model: "v2", commit: "c2", path: elsewhere)
    guard case .push(let request) = plan(bad: moved) else {
      Issue.record("held")
      return
    }
    #expect(request.files == [spec: good.files[spec], train: good.files[train], elsewhere: nil])
  }
}
