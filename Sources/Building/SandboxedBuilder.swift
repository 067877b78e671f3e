import Domain
import Glibc
import Processes

/// Builds models as a chain of sandboxed steps, or imports them by digest. Every step's output is remembered under the
/// digest of all that went into it, and used again as long as the store has it undamaged.
package struct SandboxedBuilder: Builder {
  private let inputs: any BuildInputs
  private let artifacts: any ArtifactStore
  private let memo: any Memo
  private let sandbox: Sandbox
  private let folder: String
  private let allowance: DiskAllowance
  private static let namespace = "build.step"

  /// - Parameters:
  ///   - folder: where environments and working folders are made; leftovers of a killed run are removed.
  ///   - allowance: what steps may take of the disk beside inputs and outputs.
  package init(
    inputs: any BuildInputs, artifacts: any ArtifactStore, memo: any Memo, sandbox: Sandbox, folder: String,
    allowance: DiskAllowance = DiskAllowance()
  ) {
    self.inputs = inputs
    self.artifacts = artifacts
    self.memo = memo
    self.sandbox = sandbox
    self.folder = folder
    self.allowance = allowance
    FileSystem.removeTree(folder + "/work")
    python.removeAbandoned()
  }

  private var python: PythonEnvironments {
    PythonEnvironments(sandbox: sandbox, folder: folder + "/python", allowance: allowance)
  }

  package func build(_ deployment: DesiredDeployment) async throws(StageError) -> BuildResult {
    switch deployment.spec.model {
    case .artifact(let path, let digest): return try await importFile(path, digest: digest, of: deployment)
    case .build(let spec): return try await run(spec, of: deployment)
    }
  }

  private func importFile(
    _ path: RepositoryPath, digest: Digest, of deployment: DesiredDeployment
  ) async throws(StageError) -> BuildResult {
    let input = try await inputs.file(path, of: deployment)
    guard input.digest == digest else {
      throw StageError(
        .building, reason: "DigestMismatch",
        "\(path) has the digest \(input.digest), but the spec names \(digest): commit the file meant, or mend the digest",
        remedy: .changeSpec)
    }
    let stored: Digest
    do {
      stored =
        switch input.content {
        case .bytes(let bytes): try artifacts.put(bytes, in: .artifacts)
        case .file(let path): try artifacts.put(fileAt: path, expected: digest, in: .artifacts)
        }
    } catch {
      throw StageError(.building, reason: "StoreFailed", error.message, remedy: .retry)
    }
    return BuildResult(model: stored, inputs: digest, log: nil, reused: false, isolation: .notNeeded)
  }

  private func run(_ spec: BuildSpec, of deployment: DesiredDeployment) async throws(StageError) -> BuildResult {
    let lock: BuildInput? = if let path = spec.requirements { try await inputs.file(path, of: deployment) } else { nil }
    let run = BuildRun(
      folder: folder + "/work/\(deployment.spec.name)-\(UInt64.random(in: 0 ... .max))", sandbox: sandbox,
      allowance: allowance)
    defer { run.remove() }

    do {
      return try await runSteps(spec, of: deployment, lock: lock, in: run)
    } catch {
      guard let log = try? run.keepLog(in: artifacts), let path = artifacts.path(of: log, in: .logs) else {
        throw error
      }
      throw StageError(
        error.stage, reason: error.reason, error.message + ". The whole log: " + path, remedy: error.remedy)
    }
  }

  private func runSteps(
    _ spec: BuildSpec, of deployment: DesiredDeployment, lock: BuildInput?, in run: BuildRun
  ) async throws(StageError) -> BuildResult {
    let environment: Digest? = if let lock { try python.digest(lock: lock) } else { nil }
    var outputs: [String: Digest] = [:]
    var result: (key: Digest, output: Digest)?
    var reused = true
    for step in spec.steps {
      let files = try await resolve(step, of: deployment, outputs: outputs)
      let key = Self.key(of: step, files: files, environment: environment, isolation: sandbox.isolation)
      if let known = try recall(key) {
        outputs[step.name] = known
        result = (key, known)
        continue
      }
      reused = false
      let made = try await Self.inStage {
        var folder: String?
        if let lock, let environment { folder = try await python.prepare(environment, lock: lock, log: try run.log()) }
        return try await run.run(step, files: files, python: folder)
      }
      let output = try remember(made, key: key)
      run.removeFolder(of: step)
      outputs[step.name] = output
      result = (key, output)
    }
    guard let result else {
      throw StageError(
        .building, reason: "NoSteps", "the build has no steps: declare at least one", remedy: .changeSpec)
    }
    let log = try? run.keepLog(in: artifacts)
    return BuildResult(
      model: result.output, inputs: result.key, log: log, reused: reused, isolation: sandbox.isolation)
  }

  private func resolve(
    _ step: BuildStep, of deployment: DesiredDeployment, outputs: [String: Digest]
  ) async throws(StageError) -> [BuildInput] {
    var files: [BuildInput] = []
    for input in step.inputs {
      switch input {
      case .file(let path):
        files.append(try await inputs.file(path, of: deployment))
      case .dataset(let name, let split):
        guard let dataset = deployment.datasets[name] else {
          throw StageError(
            .building, reason: "UnknownDataset",
            "step '\(step.name)' names the data set '\(name)', which does not exist",
            remedy: .changeSpec)
        }
        files.append(try await inputs.split(split, of: dataset, for: deployment))
      case .step(let name, let output):
        guard let digest = outputs[name], let path = artifacts.path(of: digest, in: .artifacts) else {
          throw StageError(
            .building, reason: "UnknownStep",
            "step '\(step.name)' needs the output of '\(name)', which did not run before",
            remedy: .changeSpec)
        }
        files.append(BuildInput(fileName: output, digest: digest, content: .file(path)))
      }
    }
    return files
  }

  private static func key(
    of step: BuildStep, files: [BuildInput], environment: Digest?, isolation: BuildResult.Isolation
  ) -> Digest {
    var builder = DigestBuilder("headgate.build.step.v1")
    builder.add(step.run)
    builder.add(step.output)
    builder.add(environment?.description ?? "no environment")
    // A result made with less isolation must not be taken for one made in the sandbox.
    builder.add(isolation.rawValue)
    for file in files.sorted(by: { $0.fileName < $1.fileName }) {
      builder.add(file.fileName)
      builder.add(file.digest)
    }
    return builder.finish()
  }

  /// The remembered output of a step; `nil` when the store has lost or damaged it, so that the step runs again and puts a
  /// whole one in its place.
  private func recall(_ key: Digest) throws(StageError) -> Digest? {
    do {
      guard let text = try memo.value(of: key, in: Self.namespace), let digest = Digest(text) else { return nil }
      return artifacts.holds(digest, in: .artifacts) ? digest : nil
    } catch {
      throw StageError(.building, reason: "StoreFailed", error.message, remedy: .retry)
    }
  }

  private func remember(_ path: String, key: Digest) throws(StageError) -> Digest {
    do {
      let digest = try artifacts.put(fileAt: path, expected: nil, in: .artifacts)
      try memo.remember(digest.description, for: key, in: Self.namespace)
      return digest
    } catch {
      throw StageError(.building, reason: "StoreFailed", error.message, remedy: .retry)
    }
  }

  /// Runs work of a build and turns every failure into a value of the stage.
  private static func inStage<Result>(
    _ work: () async throws -> Result
  ) async throws(StageError) -> Result {
    do {
      return try await work()
    } catch let error as StageError {
      throw error
    } catch is CancellationError {
      throw StageError(.building, reason: "Cancelled", "the build was cancelled", remedy: .retry)
    } catch {
      throw StageError(.building, reason: "BuildFailed", "\(error)", remedy: .retry)
    }
  }
}
