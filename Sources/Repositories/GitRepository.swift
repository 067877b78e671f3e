import CLibGit2
import Domain
import Glibc
import Processes
import Synchronization

/// The watched branch of a remote repository, over a bare clone in the state folder.
///
/// The `git` program speaks to the network; objects are read in-process. git never collects garbage in the clone: the
/// files of a champion must stay readable after its commit has been forced off the branch.
package final class GitRepository: Repository {
  /// The address as messages show it, without credentials.
  package var displayedRemote: String { program.remote }

  let remote: String
  let branch: String
  let author: CommitAuthor
  let folder: String
  let program: GitProgram
  let objects: ObjectReader
  let network = GitThread("headgate.git.network")
  private let reading = GitThread("headgate.git.objects")
  private let limits: ListingLimits
  private let knownHead: Mutex<CommitID?>

  /// Opens the clone, making it when there is none. The network is not touched: an unreachable host stops no start.
  ///
  /// Only for whoever holds the lock of the state folder: a clone that is damaged is made again, and what a killed git has
  /// left is removed. Others open a `LocalRepository`.
  ///
  /// - Parameters:
  ///   - remote: any address `git` knows, or a path.
  ///   - folder: where the clone lies or shall lie; its parent is made.
  ///   - author: of reverts.
  ///   - limit: how long the peer may be silent before git is ended.
  ///   - git: the program.
  ///   - environment: for git; this process's own when `nil`.
  /// - Throws: `refused` for an impossible branch name or a folder that is not a clone of ours.
  package init(
    remote: String, branch: String, folder: String, author: CommitAuthor = .headgate, limit: Duration = .seconds(60),
    limits: ListingLimits = ListingLimits(), git: String = "git", environment: [String: String]? = nil
  ) throws(GitError) {
    LibGit2.start()
    var isValid: Int32 = 0
    guard !branch.utf8.contains(0), git_branch_name_is_valid(&isValid, branch) == 0, isValid == 1 else {
      throw GitError(.refused, "'\(branch.prefix(120))' is not a branch name: give one such as main")
    }
    guard !remote.isEmpty, !remote.utf8.contains(0) else {
      throw GitError(.refused, "the address of the repository is empty: give a URL or a path")
    }
    self.remote = remote
    self.branch = branch
    self.folder = folder
    self.author = author
    self.limits = limits
    program = GitProgram(program: git, remote: remote, limit: limit, environment: environment)
    objects = try CloneFolder(path: folder, branch: branch).prepare()
    knownHead = Mutex(try objects.reference("refs/heads/\(branch)"))
  }

  package func fetchHead() async throws(GitError) -> CommitID {
    try await network.run { (cancellation) throws(GitError) in
      let head = try self.remoteHead(cancellation)
      return head == self.knownHead.withLock { $0 } ? head : try self.fetch(cancellation)
    }
  }

  package func snapshot(at revision: String) async throws(GitError) -> any RepositorySnapshot {
    try await reading.run { (_) throws(GitError) -> any RepositorySnapshot in
      try CommitSnapshot(self.objects.commit(revision), in: self.objects, limits: self.limits)
    }
  }

  package func isAncestor(_ ancestor: CommitID, of commit: CommitID) async throws(GitError) -> Bool {
    try await reading.run { (_) throws(GitError) in try self.objects.isAncestor(ancestor, of: commit) }
  }

  var reference: String { "refs/heads/\(branch)" }

  /// Asks the remote where the branch is.
  func remoteHead(_ cancellation: Cancellation) throws(GitError) -> CommitID {
    let answer = try program.run(["ls-remote", "--", remote, reference], cancellation: cancellation)
    guard let id = Self.id(of: reference, in: answer) else { throw try whyMissing(cancellation) }
    guard id.utf8.count == 40 else {
      throw GitError(
        .unsupported, "\(program.remote) is a SHA-256 repository, which is not supported; use a SHA-1 repository")
    }
    return CommitID(id)
  }

  /// Brings the branch and its history here.
  func fetch(_ cancellation: Cancellation) throws(GitError) -> CommitID {
    guard access(folder + "/HEAD", F_OK) == 0 else {
      throw GitError(.corrupt, "the clone at \(folder) is gone: restart the controller, which makes it again")
    }
    _ = try program.run(
      [
        "--git-dir=\(folder)", "-c", "gc.auto=0", "-c", "maintenance.auto=false",
        // Loose objects must survive a power cut as packs do: the clone is not checked again while it runs.
        "-c", "core.fsync=committed,loose-object",
        "fetch", "--progress", "--no-write-fetch-head", "--no-recurse-submodules",
        "--", remote, "+\(reference):\(reference)",
      ], cancellation: cancellation)
    guard let head = try objects.reference(reference) else {
      throw GitError(.failed, "the branch \(branch) did not arrive from \(program.remote): try again")
    }
    knownHead.withLock { $0 = head }
    return head
  }

  /// A pattern matches at the end of names, so that others than the one asked for may be listed.
  private static func id(of reference: String, in answer: String) -> String? {
    for line in answer.split(separator: "\n") {
      let fields = line.split(separator: "\t", maxSplits: 1)
      guard fields.count == 2, fields[1] == reference, fields[0].allSatisfy(\.isHexDigit) else { continue }
      return String(fields[0])
    }
    return nil
  }

  private func whyMissing(_ cancellation: Cancellation) throws(GitError) -> GitError {
    let answer = try program.run(["ls-remote", "--heads", "--", remote], cancellation: cancellation)
    let prefix = "refs/heads/"
    let branches = answer.split(separator: "\n").compactMap { line in
      line.split(separator: "\t").last.flatMap { $0.hasPrefix(prefix) ? String($0.dropFirst(prefix.count)) : nil }
    }
    guard !branches.isEmpty else {
      return GitError(.notFound, "\(program.remote) has no commits yet: push a first commit to \(branch)")
    }
    let shown = branches.prefix(5).joined(separator: ", ") + (branches.count > 5 ? ", ..." : "")
    return GitError(.notFound, "\(program.remote) has no branch \(branch); it has \(shown): name one of them")
  }
}
