import Domain
import Glibc
import Processes

/// One run of a build: its log, and the steps it carries out one after another, each in a folder of its own.
struct BuildRun: Sendable {
  let folder: String
  let sandbox: Sandbox
  let allowance: DiskAllowance

  /// The path of the log; its folder is made on first use.
  func log() throws -> String {
    try FileSystem.makeFolder(folder)
    return folder + "/log"
  }

  /// Runs a step and returns the path of its output.
  /// - Throws: `StageError` with what went wrong and the end of the log.
  func run(_ step: BuildStep, files: [BuildInput], python: String?) async throws -> String {
    let log = try log()
    let work = self.work(of: step)
    try FileSystem.makeFolder(work)
    for file in files { try file.write(to: work + "/" + file.fileName) }
    let limits = StepLimits(step.limits, name: "headgate-\(getpid())-\(UInt32.random(in: 0 ... .max))")
    defer { limits.remove() }
    let diskBytes = step.limits.outputBytes + allowance.scratchBytes
    try note(
      "== step \(step.name): \(step.run)\n   \(limits.summary), disk \(diskBytes >> 20) MiB beside its inputs\n",
      in: log)
    let folders = SandboxFolders(work: work, python: python.map { .init(path: $0, writable: false) })
    let command = sandbox.command(step.run, folders: folders, limits: limits, output: .file(log))
    let watch = await DiskWatch(work, bytes: diskBytes, files: allowance.fileCount, log: log, allowance: allowance)
    do {
      try check(try await watch.run(command, deadline: step.limits.timeout), of: step, log: log)
    } catch let excess as DiskExcess {
      let advice =
        "a step may take limits.output and \(allowance.scratchBytes >> 20) MiB beside its inputs: write less, remove what is "
        + "no longer needed, or raise limits.output"
      throw excess.stageError(of: "step '\(step.name)'", advice: advice)
    }
    return try output(of: step, in: work)
  }

  /// Removes the working folder of a step whose output was taken, so that a build takes no more of the disk than a step.
  func removeFolder(of step: BuildStep) {
    FileSystem.removeTree(work(of: step))
  }

  /// Puts the log on its shelf; `nil` when no step had to run.
  func keepLog(in artifacts: any ArtifactStore) throws -> Digest? {
    let log = folder + "/log"
    guard let size = FileSystem.regularFileSize(log) else { return nil }
    // A step was stopped for a longer one, but may have gone on printing until it was.
    if size > allowance.logBytes { truncate(log, allowance.logBytes) }
    return try artifacts.put(fileAt: log, expected: nil, in: .logs)
  }

  /// Removes everything of the run.
  func remove() {
    FileSystem.removeTree(folder)
  }

  private func work(of step: BuildStep) -> String { folder + "/steps/" + step.name }

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
