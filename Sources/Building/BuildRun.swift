import Domain
import Glibc
import Processes

/// One run of a build: its folder, its log, and the steps it carries out one after another.
struct BuildRun: Sendable {
  let folder: String
  let sandbox: Sandbox

  /// The path of the log; its folder is made on first use.
  func log() throws -> String {
    try FileSystem.makeFolder(folder)
    return folder + "/log"
  }

  /// Runs a step and returns the path of its output.
  /// - Throws: `StageError` with what went wrong and the end of the log.
  func run(_ step: BuildStep, files: [BuildInput], python: String?) async throws -> String {
    let log = try log()
    let work = folder + "/" + step.name
    try FileSystem.makeFolder(work)
    for file in files {
      switch file.content {
      case .bytes(let bytes): try FileSystem.create(work + "/" + file.fileName, bytes: bytes)
      case .file(let path): try FileSystem.copy(path, to: work + "/" + file.fileName)
      }
    }
    let limits = StepLimits(step.limits, name: "headgate-\(getpid())-\(UInt32.random(in: 0 ... .max))")
    defer { limits.remove() }
    try note("== step \(step.name): \(step.run)\n   \(limits.summary)\n", in: log)
    let folders = SandboxFolders(work: work, python: python.map { .init(path: $0, writable: false) })
    let ending = try await sandbox.command(step.run, folders: folders, limits: limits, output: .file(log))
      .run(deadline: step.limits.timeout)
    try check(ending, of: step, log: log)
    return try output(of: step, in: work)
  }

  /// Puts the log on its shelf; `nil` when no step had to run.
  func keepLog(in artifacts: any ArtifactStore) throws -> Digest? {
    let log = folder + "/log"
    guard FileSystem.exists(log) else { return nil }
    return try artifacts.put(fileAt: log, expected: nil, in: .logs)
  }

  /// Removes everything of the run.
  func remove() {
    FileSystem.removeTree(folder)
  }

  private func note(_ text: String, in log: String) throws {
    let descriptor = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw FileError("open", log) }
    defer { close(descriptor) }
    guard write(descriptor, text, text.utf8.count) == text.utf8.count else { throw FileError("write", log) }
  }

  private func check(_ ending: ProcessEnding, of step: BuildStep, log: String) throws(StageError) {
    let what: String
    switch ending.status {
    case .exited(0): return
    case .stopped:
      what = "took longer than \(step.limits.timeout) and was stopped: raise limits.timeout or do less"
    case .exited(137), .signalled(SIGKILL):
      what =
        "was killed, most likely for using more than \(step.limits.memoryBytes >> 20) MiB: raise limits.memory or use less"
    case .signalled(let signal): what = "was ended by signal \(signal)"
    case .exited(let code): what = "exited with \(code)"
    }
    throw StageError(
      .building, reason: "StepFailed", "step '\(step.name)' \(what). Last line: \(BuildLog.lastError(of: log))",
      remedy: .changeSpec)
  }

  private func output(of step: BuildStep, in work: String) throws(StageError) -> String {
    let path = work + "/" + step.output
    guard let size = FileSystem.regularFileSize(path) else {
      throw StageError(
        .building, reason: "NoOutput", "step '\(step.name)' left no file '\(step.output)' in its working folder",
        remedy: .changeSpec)
    }
    guard size <= step.limits.outputBytes else {
      throw StageError(
        .building, reason: "OutputTooLarge",
        "step '\(step.name)' left \(size) bytes in '\(step.output)', more than limits.output allows",
        remedy: .changeSpec)
    }
    return path
  }
}
