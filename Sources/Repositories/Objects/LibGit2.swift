import CLibGit2
import Domain

/// The one way into libgit2: started once, every return code checked.
enum LibGit2 {
  /// Starts the library on first use. Its settings are global, so they are made here and nowhere else.
  private static let started: Int32 = {
    let count = git_libgit2_init()
    // A commit made for a revert must survive a power cut whole: a torn object would be taken for present at the repeat.
    _ = headgate_git_enable_fsync()
    // Both only say where configuration or missing objects come from; reading what is there is unaffected.
    "worktreeconfig".withCString { worktree in
      "partialclone".withCString { partial in
        var names: [UnsafePointer<CChar>?] = [worktree, partial]
        _ = headgate_git_allow_extensions(&names, names.count)
      }
    }
    return count
  }()

  /// Throws what a return code says. `doing` completes "could not ...".
  static func check(_ code: Int32, _ doing: @autoclosure () -> String) throws(GitError) {
    guard code < 0 else { return }
    throw error(code, doing())
  }

  /// Calls a libgit2 function that hands out an object, and returns the object.
  static func make(
    _ doing: @autoclosure () -> String, _ call: (inout OpaquePointer?) -> Int32
  ) throws(GitError) -> OpaquePointer {
    guard started >= 0 else { throw GitError(.failed, "libgit2 could not be started: reinstall libgit2") }
    var pointer: OpaquePointer?
    try check(call(&pointer), doing())
    guard let pointer else { throw GitError(.failed, "could not \(doing()): libgit2 gave no object") }
    return pointer
  }

  /// Starts the library for calls that hand out nothing.
  static func start() {
    _ = started
  }

  private static func error(_ code: Int32, _ doing: String) -> GitError {
    let detail = git_error_last().flatMap { $0.pointee.message }.map { String(cString: $0) } ?? "no reason given"
    let text = "could not \(doing): \(GitFailure.withoutCredentials(detail))"
    switch code {
    // The search for an exception fails with a plain "not found" when there is none at all.
    case _ where code == GIT_EOWNER.rawValue || detail.contains("safe.directory"):
      return GitError(
        .refused,
        "could not \(doing): the folder belongs to another user; run as its owner, or allow it with "
          + "`git config --global --add safe.directory FOLDER`")
    case GIT_ENOTFOUND.rawValue:
      return GitError(.notFound, text)
    case GIT_EAMBIGUOUS.rawValue:
      return GitError(.notFound, "could not \(doing): more than one object has this abbreviation; give more digits")
    case _ where detail.contains("objectformat") || detail.contains("object format") || detail.contains("sha256"):
      return GitError(
        .unsupported, "could not \(doing): SHA-256 repositories are not supported; use a SHA-1 repository")
    case _ where detail.contains("unsupported extension") || detail.contains("unsupported repository version"):
      return GitError(.unsupported, "\(text); use a plain clone made by `git clone`")
    case _ where detail.contains("Permission denied"):
      return GitError(.refused, "\(text); give this user the right to read it")
    default:
      return GitError(.corrupt, "\(text); check the repository with `git fsck`")
    }
  }
}

/// The 20 bytes of an object's name, as a key.
struct ObjectName: Hashable {
  private let first: UInt64
  private let second: UInt64
  private let third: UInt32

  init(_ oid: git_oid) {
    (first, second, third) = withUnsafeBytes(of: oid) { bytes in
      (
        bytes.loadUnaligned(as: UInt64.self), bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self),
        bytes.loadUnaligned(fromByteOffset: 16, as: UInt32.self)
      )
    }
  }
}

extension git_oid {
  /// Reads 40 hexadecimal digits; anything else is `nil`.
  init?(hex text: String) {
    var oid = git_oid()
    guard text.utf8.count == 40, git_oid_fromstr(&oid, text) == 0 else { return nil }
    self = oid
  }

  /// The 40 hexadecimal digits.
  var hex: String {
    var oid = self
    return String(unsafeUninitializedCapacity: 40) { buffer in
      // SAFETY: git_oid_fmt writes exactly 40 bytes and no terminator.
      buffer.withMemoryRebound(to: CChar.self) { _ = git_oid_fmt($0.baseAddress, &oid) }
      return 40
    }
  }
}
