import CSpawn
import Glibc

/// The two ends of a child's output: what the child writes to, and what is read here. Closed with their owner.
struct OutputStreams: ~Copyable {
  private(set) var childOutput: Int32 = -1
  private(set) var childError: Int32 = -1
  private let limit: Int
  private static let errorLimit = 64 << 10
  /// Ends read here, which never block; -1 at its end, or when the output goes to a file.
  private var readers: [Int32] = [-1, -1]
  /// What was read so far.
  private(set) var output: [UInt8] = []
  private var errors: [UInt8] = []
  /// When the child was last heard of.
  private(set) var lastByte = ContinuousClock.now
  private(set) var isOutputOverLimit = false
  private var buffer: [UInt8] = []

  init(_ output: ProcessCommand.Output) throws(ProcessError) {
    switch output {
    case .file(let path):
      limit = 0
      let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
      guard descriptor >= 0 else { throw ProcessError("cannot open the log \(path)", code: errno) }
      childOutput = descriptor
      childError = descriptor
    case .captured(let limit):
      self.limit = limit
      buffer = [UInt8](repeating: 0, count: 1 << 16)
      (readers[0], childOutput) = try Self.pipe()
      (readers[1], childError) = try Self.pipe()
    }
  }

  /// The end of what the child wrote on standard error.
  var errorTail: [UInt8] { errors.suffix(Self.errorLimit) }

  /// Closes the child's ends in this process, after the child has its own.
  mutating func closeChildEnds() {
    if childOutput >= 0 { close(childOutput) }
    if childError >= 0, childError != childOutput { close(childError) }
    childOutput = -1
    childError = -1
  }

  /// Waits until there is something to read, a process has ended, or a time is over.
  /// - Parameter process: a descriptor that is readable at the end of the process, or -1.
  func wait(process: Int32, milliseconds: Int32) {
    var waits = (readers + [process]).map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    poll(&waits, nfds_t(waits.count), milliseconds)
  }

  /// Takes what the child has written, without waiting for more.
  ///
  /// Of each stream at most a few buffers at a time, so that a child that writes without end cannot keep its reader here.
  mutating func read() {
    for index in readers.indices where readers[index] >= 0 {
      for _ in 0..<16 {
        let count = Glibc.read(readers[index], &buffer, buffer.count)
        if count < 0, errno == EINTR { continue }
        if count < 0 { break }
        guard count > 0 else {
          close(readers[index])
          readers[index] = -1
          break
        }
        lastByte = .now
        if index == 0 { keepOutput(count) } else { keepErrors(count) }
      }
    }
  }

  private mutating func keepOutput(_ count: Int) {
    let room = limit - output.count
    if count > room { isOutputOverLimit = true }
    output += buffer[..<min(count, max(0, room))]
  }

  private mutating func keepErrors(_ count: Int) {
    errors += buffer[..<count]
    // Cut when twice too long, so that each byte is moved once.
    if errors.count > 2 * Self.errorLimit { errors.removeFirst(errors.count - Self.errorLimit) }
  }

  private static func pipe() throws(ProcessError) -> (reader: Int32, writer: Int32) {
    var ends: [Int32] = [-1, -1]
    let code = headgate_pipe(&ends)
    guard code == 0 else { throw ProcessError("cannot make a pipe", code: code) }
    _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
    return (ends[0], ends[1])
  }

  deinit {
    if childOutput >= 0 { close(childOutput) }
    if childError >= 0, childError != childOutput { close(childError) }
    for reader in readers where reader >= 0 { close(reader) }
  }
}
