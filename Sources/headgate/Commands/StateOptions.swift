import ArgumentParser
import Domain
import Glibc

/// Which state folder a command works with.
struct StateOptions: ParsableArguments {
  @Option(
    name: .customLong("state"),
    help: "The state folder (default: $XDG_STATE_HOME/headgate, /var/lib/headgate for root).",
    completion: .directory)
  var path: String?

  var folder: StateFolder {
    get throws {
      if let path { return StateFolder(try Self.absolute(path)) }
      if geteuid() == 0 { return StateFolder("/var/lib/headgate") }
      if let state = getenv("XDG_STATE_HOME") { return StateFolder(String(cString: state) + "/headgate") }
      guard let home = getenv("HOME") else { throw Failure("HOME is not set: name the state folder with --state DIR") }
      return StateFolder(String(cString: home) + "/.local/state/headgate")
    }
  }

  /// A path that stays the same whatever the working folder of a child process is.
  static func absolute(_ path: String) throws -> String {
    if path.hasPrefix("/") { return path }
    guard let current = getcwd(nil, 0) else { throw Failure("the working folder is gone: give an absolute path") }
    defer { free(current) }
    return String(cString: current) + "/" + path
  }
}
