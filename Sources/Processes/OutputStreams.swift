import CSpawn
import Glibc

/// The two ends of a child's output: what the child writes to, and what is read here.
struct OutputStreams {
  let childOutput: Int32
  let childError: Int32
  private let limit: Int
  /// Ends read here; empty when the output goes to a file.
  private let readers: [Int32]

  init(_ output: ProcessCommand.Output) throws(ProcessError) {
    switch output {
    case .file(let path):
      let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
      guard descriptor >= 0 else {
        throw ProcessError("cannot open the log \(path): \(String(cString: strerror(errno)))")
      }
      childOutput = descriptor
      childError = descriptor
      readers = []
      limit = 0
    case .captured(let limit):
      var pipes: [[Int32]] = []
      for _ in 0..<2 {
        var ends: [Int32] = [0, 0]
        let code = headgate_pipe(&ends)
        guard code == 0 else {
          pipes.joined().forEach { close($0) }
          throw ProcessError("cannot make a pipe: \(String(cString: strerror(code)))")
        }
        pipes.append(ends)
      }
      childOutput = pipes[0][1]
      childError = pipes[1][1]
      readers = [pipes[0][0], pipes[1][0]]
      self.limit = limit
    }
  }

  /// Closes the child's ends in this process, after the child has its own.
  func closeChildEnds() {
    close(childOutput)
    if childError != childOutput { close(childError) }
  }

  /// Closes everything, when no child was made.
  func closeAll() {
    closeChildEnds()
    readers.forEach { close($0) }
  }

  /// Reads both streams to their ends.
  func drain() -> (output: [UInt8], error: [UInt8]) {
    var texts: [[UInt8]] = [[], []]
    var open = readers.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while open.contains(where: { $0.fd >= 0 }) {
      guard poll(&open, nfds_t(open.count), -1) >= 0 || errno == EINTR else { break }
      for index in open.indices where open[index].fd >= 0 && open[index].revents != 0 {
        let count = read(open[index].fd, &buffer, buffer.count)
        if count > 0 {
          texts[index].append(contentsOf: buffer[..<min(count, max(0, limit - texts[index].count))])
        } else if count == 0 || errno != EINTR {
          close(open[index].fd)
          open[index].fd = -1
        }
      }
    }
    return (texts[0], texts[1])
  }
}
