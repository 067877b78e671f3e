import Dispatch
import Domain
import FoundationEssentials
import HeadgateRuntime
import Statistics

/// Judges candidates with this process's own runtime.
///
/// A verdict is a pure function of the model, the champion, the rows, the gate and the runtime: reports are remembered
/// under the digest of these, and a verdict reached once is given again at once. Reports of verdict `error`, and those of
/// a champion that could not be judged, are not remembered, since what was in the way may be gone.
package struct ModelGatekeeper: Gatekeeper {
  /// What a verdict needs at least: 30 rows, 10 in each denominator.
  package static let defaultMinimums = Minimums(rows: 30, denominator: 10)

  private let artifacts: any ArtifactStore
  private let inputs: any BuildInputs
  private let scanner: any Scanner
  private let memo: (any Memo)?
  private let runtimeVersion: String
  private let instructionSet: String
  private let minimums: Minimums
  private let queue = DispatchQueue(label: "headgate.gates")

  private static let memoNamespace = "gate-reports"

  /// - Parameters:
  ///   - artifacts: where the models lie.
  ///   - inputs: where the files of data sets come from.
  ///   - scanner: looks at model files for the security gate.
  ///   - memo: where reports are remembered; nil judges anew each time.
  ///   - runtimeVersion: names this build of the runtime and of the gates in evidence.
  ///   - instructionSet: names the kernels in use, such as `avx2`.
  package init(
    artifacts: any ArtifactStore, inputs: any BuildInputs, scanner: any Scanner, memo: (any Memo)?,
    runtimeVersion: String, instructionSet: String, minimums: Minimums = ModelGatekeeper.defaultMinimums
  ) {
    self.artifacts = artifacts
    self.inputs = inputs
    self.scanner = scanner
    self.memo = memo
    self.runtimeVersion = runtimeVersion
    self.instructionSet = instructionSet
    self.minimums = minimums
  }

  package func judge(_ request: GateRequest) async throws(StageError) -> Evidence {
    let policy = GatePolicy(of: request.deployment)
    let candidate = try candidateFile(request)
    var reports: [Int: GateReport] = [:]
    for (index, requirement) in policy.requirements.enumerated() {
      reports[index] = remembered(requirement, request, policy)
    }
    let open = policy.requirements.indices.filter { reports[$0] == nil }
    if !open.isEmpty {
      var files: [DatasetName: Result<BuildInput.Content, GateError>] = [:]
      for name in Set(open.compactMap { policy.requirements[$0].gate.check.dataset }) {
        files[name] = await file(of: name, request.deployment)
      }
      let requirements = open.map { policy.requirements[$0] }
      let champion = request.champion.map { modelFile($0, name: candidate.name, serving: request.servingOfChampion) }
      let specs = request.deployment.datasets.mapValues(\.spec)
      let judged = try await onOwnThread { [files] cancellation throws(Cancelled) in
        var session = GateSession(
          candidate: candidate, champion: champion, scanner: scanner, minimums: minimums, cancellation: cancellation,
          datasetSpecs: specs, datasetFiles: files)
        var judged: [GateReport] = []
        for requirement in requirements { judged.append(try session.report(requirement)) }
        return judged
      }
      for (index, report) in zip(open, judged) {
        reports[index] = report
        remember(report, policy.requirements[index], request, policy)
      }
    }
    return Evidence(
      model: request.deployment.spec.name, modelDigest: request.candidate, policyDigest: policy.digest,
      reports: policy.requirements.indices.compactMap { reports[$0] }, championDigest: request.champion,
      runtimeVersion: runtimeVersion, instructionSet: instructionSet, precision: policy.serving.precision)
  }

  /// Opens the candidate and checks its digest; all gates read these same bytes.
  private func candidateFile(_ request: GateRequest) throws(StageError) -> GateSession.ModelFile {
    let file = modelFile(
      request.candidate, name: Self.fileName(request), serving: request.deployment.spec.serving)
    if case .failure(let error) = file.bytes {
      throw StageError(.gating, reason: error.reason.rawValue, "candidate: \(error.message)", remedy: .retry)
    }
    return file
  }

  /// What the candidate's file is called where it comes from.
  private static func fileName(_ request: GateRequest) -> String {
    switch request.deployment.spec.model {
    case .artifact(let path, _): path.baseName
    case .build(let build): build.steps.last?.output ?? "model"
    }
  }

  private func modelFile(_ digest: Digest, name: String, serving: ServingSpec) -> GateSession.ModelFile {
    let bytes = Result { () throws(GateError) in
      guard let path = artifacts.path(of: digest, in: .artifacts) else {
        throw GateError(.modelUnusable, "model \(digest.short) is not in the artifact store; build it again")
      }
      let bytes: ModelBytes
      do throws(ModelFileError) {
        bytes = try ModelBytes(path: path)
      } catch {
        throw GateError(error)
      }
      let actual = bytes.withUnsafeBytes { Digest.sha256(of: $0) }
      guard actual == digest else {
        throw GateError(
          .modelUnusable, "the stored model \(digest.short) now has digest \(actual.short); build it again")
      }
      return bytes
    }
    return GateSession.ModelFile(digest: digest, bytes: bytes, name: name, serving: serving)
  }

  private func file(of name: DatasetName, _ deployment: DesiredDeployment) async
    -> Result<BuildInput.Content, GateError>
  {
    guard let dataset = deployment.datasets[name] else {
      return .failure(GateError(.datasetUnusable, "there is no data set '\(name)'; add a Dataset of that name"))
    }
    do throws(StageError) {
      return .success(try await inputs.file(dataset.spec.file, of: deployment).content)
    } catch {
      return .failure(GateError(.datasetUnusable, error.message))
    }
  }

  /// Runs blocking work on a thread that is not the cooperative pool's.
  private func onOwnThread<Answer: Sendable>(
    _ body: @escaping @Sendable (CancellationFlag) throws(Cancelled) -> Answer
  ) async throws(StageError) -> Answer {
    let cancellation = CancellationFlag()
    let result: Result<Answer, Cancelled> = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        queue.async {
          continuation.resume(returning: Result { () throws(Cancelled) in try body(cancellation) })
        }
      }
    } onCancel: {
      cancellation.cancel()
    }
    switch result {
    case .success(let answer): return answer
    case .failure:
      throw StageError(.gating, reason: "Cancelled", "the judgement was cancelled before it ended", remedy: .retry)
    }
  }
}

extension ModelGatekeeper {
  /// The digest of everything that a report depends on.
  private func memoKey(_ requirement: GatePolicy.Requirement, _ request: GateRequest, _ policy: GatePolicy) -> Digest {
    var builder = DigestBuilder("headgate.gate-report.v3")
    builder.add(request.candidate)
    builder.add(requirement.digest)
    builder.add(GatePolicy(requirements: [], serving: policy.serving).digest)
    if requirement.gate.check.comparesWithChampion {
      builder.add(request.champion?.description ?? "none")
      builder.add(GatePolicy(requirements: [], serving: request.servingOfChampion).digest)
    } else {
      builder.add("")
    }
    builder.add(runtimeVersion)
    builder.add(instructionSet)
    builder.add("\(minimums.rows) \(minimums.denominator)")
    // A scanner compares the name with the content.
    builder.add(requirement.gate.check == .security ? Self.fileName(request) : "")
    return builder.finish()
  }

  private func remembered(_ requirement: GatePolicy.Requirement, _ request: GateRequest, _ policy: GatePolicy)
    -> GateReport?
  {
    let key = memoKey(requirement, request, policy)
    // A memo that cannot be read only costs time.
    guard let text = try? memo?.value(of: key, in: Self.memoNamespace) else { return nil }
    return try? JSONDecoder().decode(GateReport.self, from: Data(text.utf8))
  }

  private func remember(
    _ report: GateReport, _ requirement: GatePolicy.Requirement, _ request: GateRequest, _ policy: GatePolicy
  ) {
    guard report.verdict != .error, report.reason != GateReport.championUnusable, let memo,
      let data = try? JSONEncoder().encode(report)
    else { return }
    try? memo.remember(
      String(decoding: data, as: UTF8.self), for: memoKey(requirement, request, policy), in: Self.memoNamespace)
  }
}
