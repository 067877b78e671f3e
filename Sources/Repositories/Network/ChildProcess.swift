import Glibc
import Synchronization

/// Set once, from any thread: whoever waits for a child ends it.
final class Cancellation: Sendable {
  private let flag = Atomic<Bool>(false)

  var isCancelled: Bool { flag.load(ordering: .acquiring) }

  func cancel() { flag.store(true, ordering: .releasing) }
}

/// Runs one program to its end and collects what it writes. Blocks the calling thread.
///
/// The child leads a session of its own: it cannot ask at a terminal, and it is ended with all it started.
struct ChildProcess {
  /// How long a child may take and how much it may write.
  struct Limits {
    /// Without a byte of output.
    var silence: Duration
    var total: Duration
    var outputByteCount = 8 << 20
  }

  struct Result {
    /// The exit status; 128 and the signal's number for a child ended by a signal, as in a shell.
    let status: Int32
    let output: [UInt8]
    /// The end of what it wrote on standard error.
    let errors: String
  }

  enum Failure: Error {
    case notStarted(Int32)
    case silent, tooLong, tooMuchOutput, cancelled
  }

  let program: String
  let arguments: [String]
  /// `NAME=value`
  let environment: [String]
  let limits: Limits

  func run(_ cancellation: Cancellation) throws(Failure) -> Result {
    if cancellation.isCancelled { throw .cancelled }
    let output = try Pipe()
    let errors = try Pipe()
    let child = try start(output: output, errors: errors)
    output.closeWriteEnd()
    errors.closeWriteEnd()
    var collected = Collected()
    do throws(Failure) {
      while true {
        try collected.read(output, errors, limit: limits.outputByteCount)
        if let status = Self.reap(child) {
          // What it wrote just before its end is still in the pipes. A grandchild may hold them open: no waiting for the end.
          try collected.read(output, errors, limit: limits.outputByteCount)
          return Result(
            status: status, output: collected.output, errors: String(decoding: collected.errors, as: UTF8.self))
        }
        if cancellation.isCancelled { throw .cancelled }
        let now = ContinuousClock.now
        if now - collected.lastByte > limits.silence { throw .silent }
        if now - collected.start > limits.total { throw .tooLong }
        collected.wait(output, errors)
      }
    } catch {
      Self.end(child)
      throw error
    }
  }

  /// POSIX_SPAWN_SETSID of glibc, which its Swift module leaves out.
  private static let newSession: Int16 = 0x80

  private func start(output: borrowing Pipe, errors: borrowing Pipe) throws(Failure) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output.writeEnd, 1)
    posix_spawn_file_actions_adddup2(&actions, errors.writeEnd, 2)
    // A server ignores SIGPIPE, and a child would inherit that.
    var signals = sigset_t()
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETSIGMASK) | Self.newSession)
    var child: pid_t = 0
    let code = withCStrings([program] + arguments) { argv in
      withCStrings(environment) { envp in
        posix_spawnp(&child, program, &actions, &attributes, argv, envp)
      }
    }
    guard code == 0 else { throw .notStarted(code) }
    return child
  }

  /// The status of a child that has ended, `nil` while it runs.
  private static func reap(_ child: pid_t) -> Int32? {
    var status: Int32 = 0
    let answer = retrying { waitpid(child, &status, WNOHANG) }
    if answer == 0 { return nil }
    // A host that ignores SIGCHLD has no status to give: never taken for a success.
    guard answer == child else { return 255 }
    let signal = status & 0x7f
    return signal == 0 ? (status >> 8) & 0xff : 128 + signal
  }

  /// Ends a child with all it started: first so that it can remove its lock files, then for good.
  private static func end(_ child: pid_t) {
    kill(-child, SIGTERM)
    let start = ContinuousClock.now
    var ended = siginfo_t()
    // WNOWAIT keeps the group's number taken, so that the last signal cannot hit a stranger.
    while ContinuousClock.now - start < .seconds(1) {
      ended = siginfo_t()
      let answer = waitid(P_PID, id_t(child), &ended, WEXITED | WNOHANG | WNOWAIT)
      if answer != 0 || ended.si_signo != 0 { break }
      poll(nil, 0, 5)
    }
    kill(-child, SIGKILL)
    var status: Int32 = 0
    _ = retrying { waitpid(child, &status, 0) }
  }
}

/// What a child has written so far.
private struct Collected {
  private static let errorTail = 64 << 10

  var output: [UInt8] = []
  var errors: [UInt8] = []
  let start = ContinuousClock.now
  var lastByte = ContinuousClock.now
  private var outputEnded = false
  private var errorsEnded = false

  mutating func read(
    _ output: borrowing Pipe, _ errors: borrowing Pipe, limit: Int
  ) throws(ChildProcess.Failure) {
    try drain(output, into: \.output, ended: \.outputEnded) { (collected) throws(ChildProcess.Failure) in
      guard collected.output.count <= limit else { throw .tooMuchOutput }
    }
    try drain(errors, into: \.errors, ended: \.errorsEnded) { (collected) throws(ChildProcess.Failure) in
      if collected.errors.count > 2 * Self.errorTail {
        collected.errors.removeFirst(collected.errors.count - Self.errorTail)
      }
    }
  }

  /// Waits for more, or a moment: the end of a child is no event on its pipes when a grandchild keeps them open.
  func wait(_ output: borrowing Pipe, _ errors: borrowing Pipe) {
    var waits: [pollfd] = []
    if !outputEnded { waits.append(pollfd(fd: output.readEnd, events: Int16(POLLIN), revents: 0)) }
    if !errorsEnded { waits.append(pollfd(fd: errors.readEnd, events: Int16(POLLIN), revents: 0)) }
    poll(&waits, nfds_t(waits.count), waits.isEmpty ? 1 : 50)
  }

  private mutating func drain(
    _ pipe: borrowing Pipe, into bytes: WritableKeyPath<Collected, [UInt8]>,
    ended: WritableKeyPath<Collected, Bool>,
    check: (inout Collected) throws(ChildProcess.Failure) -> Void
  ) throws(ChildProcess.Failure) {
    while !self[keyPath: ended] {
      var count = 0
      var chunk: [UInt8] = []
      chunk = [UInt8](unsafeUninitializedCapacity: 16 << 10) { buffer, filled in
        count = retrying { Glibc.read(pipe.readEnd, buffer.baseAddress, buffer.count) }
        filled = max(0, count)
      }
      if count < 0 { return }
      if count == 0 {
        self[keyPath: ended] = true
        return
      }
      lastByte = .now
      self[keyPath: bytes] += chunk
      try check(&self)
    }
  }
}

/// A pipe whose read end never blocks; closed with its owner.
private struct Pipe: ~Copyable {
  let readEnd: Int32
  let writeEnd: Int32
  private let writeEndIsOpen = Atomic<Bool>(true)

  init() throws(ChildProcess.Failure) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw .notStarted(errno) }
    readEnd = ends[0]
    writeEnd = ends[1]
    // Another thread may start a child in between; all it would hold is an end that nobody waits for.
    _ = fcntl(readEnd, F_SETFD, FD_CLOEXEC)
    _ = fcntl(writeEnd, F_SETFD, FD_CLOEXEC)
    _ = fcntl(readEnd, F_SETFL, O_NONBLOCK)
  }

  func closeWriteEnd() {
    if writeEndIsOpen.exchange(false, ordering: .relaxed) { close(writeEnd) }
  }

  deinit {
    closeWriteEnd()
    close(readEnd)
  }
}

private func retrying<Number: SignedInteger>(_ call: () -> Number) -> Number {
  while true {
    let answer = call()
    if answer != -1 || errno != EINTR { return answer }
  }
}

/// Calls with a NULL-terminated array of C strings that lives as long as the call.
private func withCStrings<Answer>(
  _ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Answer
) -> Answer {
  let pointers = texts.map { strdup($0) }
  defer { pointers.forEach { free($0) } }
  return body(pointers + [nil])
}
