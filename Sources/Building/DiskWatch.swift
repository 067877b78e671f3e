import Domain
import Glibc
import Processes

/// Runs a command and stops it when its folder, its log or the whole disk gets too full.
///
/// rlimits bound each file and not their sum, quotas and mounts of a size need root, and a tmpfs of a size would take the
/// output out of the step's memory. So the folder is summed up while the command runs, five times a second or, where that
/// takes long, a tenth of the time; and once more at the end, so that a fast step is judged as a slow one. Between two
/// sums a step may go too far by what a disk takes in that time. What it hides from the sum (files it has unlinked and
/// holds open, folders it has made unreadable) is bounded by what must stay free on the disk.
struct DiskWatch: Sendable {
  let folder: String
  /// The most the folder may take, its inputs included.
  let limit: FolderUse
  let log: String
  let logBytes: Int
  /// What must stay free on the disk of the folder.
  let reserveBytes: Int
  private static let interval = Duration.milliseconds(200)

  /// A watch over what is in a folder now and so much more.
  init(_ folder: String, bytes: Int, files: Int, log: String, allowance: DiskAllowance) async {
    let present = await FolderUse.measured(folder, fileLimit: .max)
    self.init(
      folder, limit: FolderUse(byteCount: present.byteCount + bytes, fileCount: present.fileCount + files), log: log,
      logBytes: allowance.logBytes,
      reserveBytes: min(allowance.reserveBytes, (Self.space(of: folder)?.total ?? .max) / 20))
  }

  init(_ folder: String, limit: FolderUse, log: String, logBytes: Int, reserveBytes: Int) {
    self.folder = folder
    self.limit = limit
    self.log = log
    self.logBytes = logBytes
    self.reserveBytes = reserveBytes
  }

  /// Runs the command to its end.
  /// - Throws: `DiskExcess` when it was stopped, or ended above a limit; `CancellationError`; `ProcessError`.
  func run(_ command: ProcessCommand, deadline: Duration) async throws -> ProcessEnding {
    let outcome: Result<ProcessEnding, any Error> = await withTaskGroup(of: Finding.self) { group in
      group.addTask {
        do {
          return .ended(.success(try await command.run(deadline: deadline)))
        } catch {
          return .ended(.failure(error))
        }
      }
      group.addTask { .watched(await watch()) }
      defer { group.cancelAll() }
      for await finding in group {
        switch finding {
        case .ended(let ending): return ending
        case .watched(let excess?): return .failure(excess)
        // Cancelled, and so is the command, which says so.
        case .watched(nil): continue
        }
      }
      return .failure(CancellationError())
    }
    let ending = try outcome.get()
    if let excess = await excess(atEnd: true) { throw excess }
    return ending
  }

  private enum Finding: Sendable {
    case ended(Result<ProcessEnding, any Error>)
    case watched(DiskExcess?)
  }

  /// The first excess; `nil` when the task was cancelled before there was one.
  private func watch() async -> DiskExcess? {
    while true {
      let start = ContinuousClock.now
      if let excess = await excess() { return excess }
      let pause = max(Self.interval, (ContinuousClock.now - start) * 9)
      do { try await Task.sleep(for: pause) } catch { return nil }
    }
  }

  /// What is above its limit now.
  /// - Parameter atEnd: whether the command has ended by itself: then a full disk is no reason to throw its output away.
  func excess(atEnd: Bool = false) async -> DiskExcess? {
    if let size = FileSystem.regularFileSize(log), size > logBytes { return .log(limit: logBytes) }
    if !atEnd, let free = Self.space(of: folder)?.free, free < reserveBytes {
      return .disk(folder: folder, free: free, reserve: reserveBytes)
    }
    let use = await FolderUse.measured(folder, fileLimit: limit.fileCount)
    if use.fileCount > limit.fileCount { return .files(limit: limit.fileCount) }
    if use.isTooDeep { return .depth }
    return use.byteCount > limit.byteCount ? .bytes(limit: limit.byteCount) : nil
  }

  private static func space(of path: String) -> (total: Int, free: Int)? {
    var info = statvfs()
    guard statvfs(path, &info) == 0 else { return nil }
    let blockBytes = Int(clamping: info.f_frsize)
    return (
      bytes(Int(clamping: info.f_blocks), each: blockBytes), bytes(Int(clamping: info.f_bavail), each: blockBytes)
    )
  }

  /// Network file systems may say that they are as large as a number can be.
  static func bytes(_ blocks: Int, each blockBytes: Int) -> Int {
    let (bytes, overflow) = blocks.multipliedReportingOverflow(by: blockBytes)
    return overflow ? .max : bytes
  }
}

/// What a command took too much of.
enum DiskExcess: Error, Hashable, Sendable {
  /// Its folder takes more than so many bytes.
  case bytes(limit: Int)
  /// Its folder has more than so many files and folders.
  case files(limit: Int)
  /// Its folders are nested deeper than they can be summed up.
  case depth
  /// It has printed more than so many bytes.
  case log(limit: Int)
  /// The disk is nearly full, whoever filled it.
  case disk(folder: String, free: Int, reserve: Int)

  /// The failure of a stage.
  /// - Parameters:
  ///   - subject: who took too much, such as `step 'train'`.
  ///   - advice: what helps against too much in its folder.
  func stageError(of subject: String, advice: String) -> StageError {
    let (reason, what, remedy): (String, String, StageError.Remedy) =
      switch self {
      case .bytes(let limit):
        ("DiskLimitExceeded", "took more than \(Self.size(limit)) of the disk and was stopped: \(advice)", .changeSpec)
      case .files(let limit):
        (
          "DiskLimitExceeded",
          "had more than \(limit) files and folders and was stopped: write fewer, or remove what is no longer needed",
          .changeSpec
        )
      case .depth:
        ("DiskLimitExceeded", "nested folders deeper than a path can say and was stopped: nest fewer", .changeSpec)
      case .log(let limit):
        ("DiskLimitExceeded", "printed more than \(Self.size(limit)) and was stopped: print less", .changeSpec)
      case .disk(let folder, let free, let reserve):
        (
          "DiskFull",
          "was stopped because only \(Self.size(free)) are free on the disk of \(folder), and \(Self.size(reserve)) must "
            + "stay free: free space there",
          .retry
        )
      }
    return StageError(.building, reason: reason, "\(subject) \(what)", remedy: remedy)
  }

  private static func size(_ bytes: Int) -> String {
    bytes >= 1 << 20 ? "\(bytes >> 20) MiB" : "\(bytes) bytes"
  }
}
