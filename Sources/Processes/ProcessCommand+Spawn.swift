import CSpawn
import Glibc

extension ProcessCommand {
  /// Starts the program with its output on `streams`, standard input empty, default signals and a session of its own.
  func spawn(_ streams: inout OutputStreams) throws(ProcessError) -> pid_t {
    var pid: pid_t = 0
    let variables = environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    let (output, error) = (streams.childOutput, streams.childError)
    let code = withCStrings([executable] + arguments) { arguments in
      withCStrings(variables) { variables in
        headgate_spawn(&pid, executable, arguments, variables, workingFolder, output, error)
      }
    }
    guard code == 0 else { throw ProcessError("cannot start \(executable)", code: code) }
    streams.closeChildEnds()
    return pid
  }
}

/// Gives a null-terminated array of C strings for the time of a call.
private func withCStrings<Result>(
  _ texts: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>?) -> Result
) -> Result {
  let copies = texts.map { strdup($0) }
  defer { copies.forEach { free($0) } }
  return (copies + [nil]).withUnsafeBufferPointer { body($0.baseAddress) }
}
