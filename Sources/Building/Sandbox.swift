import Domain
import Processes

/// How build steps are kept apart from the machine they run on.
///
/// With bubblewrap a step has its own user, process, network, mount and IPC namespaces, no capabilities, the system's
/// `/usr` read-only, and of everything else only the folders it is given. It can write to its working folder, which lies
/// on the disk and is watched, and to `/tmp` and `/dev/shm`, which lie in memory and have a size. Without it (`reduced`) a
/// step runs with a clean environment in a folder of its own, which keeps honest builds apart and no others.
package struct Sandbox: Sendable {
  package let isolation: BuildResult.Isolation
  private let bubblewrap: String?
  /// The size of `/tmp`, and of `/dev/shm`.
  private static let memoryFolderBytes = 2 << 30

  /// A sandbox that runs steps without namespaces.
  package static let reduced = Sandbox(bubblewrap: nil)

  private init(bubblewrap: String?) {
    self.bubblewrap = bubblewrap
    isolation = bubblewrap == nil ? .reduced : .sandboxed
  }

  /// Finds bubblewrap and tries it once, since kernels and containers may forbid namespaces.
  /// - Throws: `StageError` with the reason when no sandbox can be made here.
  package static func detect() async throws(StageError) -> Sandbox {
    let path = "/usr/bin/bwrap"
    guard FileSystem.isExecutable(path) else {
      throw unavailable("bubblewrap is not installed: install the package 'bubblewrap'")
    }
    let sandbox = Sandbox(bubblewrap: path)
    let ending: ProcessEnding
    do {
      let trial = sandbox.command("true", folders: SandboxFolders(), limits: nil, output: .captured(limit: 4096))
      ending = try await trial.run(deadline: .seconds(20))
    } catch {
      throw unavailable("bubblewrap cannot be started: \(error)")
    }
    guard ending.succeeded else {
      let lines = String(decoding: ending.standardError, as: UTF8.self).split(separator: "\n")
      throw unavailable("bubblewrap cannot make namespaces here: \(lines.last ?? "no reason given")")
    }
    return sandbox
  }

  /// The sandbox of this machine, or why there is none.
  package static func available() async -> Result<Sandbox, StageError> {
    do throws(StageError) {
      return .success(try await detect())
    } catch {
      return .failure(error)
    }
  }

  private static func unavailable(_ message: String) -> StageError {
    StageError(.building, reason: "SandboxUnavailable", message, remedy: .changeSpec)
  }

  /// The command that runs a shell line in the sandbox.
  /// - Parameters:
  ///   - limits: rlimits and a control group applied before anything of the step runs.
  func command(
    _ line: String, folders: SandboxFolders, limits: StepLimits?, output: ProcessCommand.Output
  ) -> ProcessCommand {
    var arguments = ["-c", limits?.prologue ?? "exec \"$@\"", limits?.group ?? "-"]
    if let bubblewrap {
      arguments += [bubblewrap] + namespaces(folders) + ["/bin/sh", "-c", line]
      // Variables go by the environment, never by arguments, which every user of the machine can read.
      return ProcessCommand("/bin/sh", arguments, environment: environment(folders), output: output)
    }
    arguments += ["/bin/sh", "-c", line]
    return ProcessCommand(
      "/bin/sh", arguments, environment: environment(folders), workingFolder: folders.work, output: output)
  }

  /// Where the step finds its working folder.
  func workPath(_ folders: SandboxFolders) -> String { bubblewrap == nil ? folders.work ?? "/" : "/work" }

  /// Where the step finds its Python environment.
  func environmentPath(_ folder: String) -> String { bubblewrap == nil ? folder : "/env" }

  private func environment(_ folders: SandboxFolders) -> [String: String] {
    let binaries = folders.python.map { environmentPath($0.path) + "/bin:" } ?? ""
    let fixed = [
      "PATH": binaries + "/usr/bin:/bin", "HOME": bubblewrap == nil ? workPath(folders) : "/tmp", "LANG": "C.UTF-8",
      "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "SOURCE_DATE_EPOCH": "0",
    ]
    return fixed.merging(folders.variables) { _, given in given }
  }

  private func namespaces(_ folders: SandboxFolders) -> [String] {
    var arguments = ["--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    if folders.network { arguments.append("--share-net") }
    arguments += ["--ro-bind", "/usr", "/usr"]
    for name in ["bin", "sbin", "lib", "lib32", "lib64"] {
      arguments +=
        FileSystem.isLink("/" + name)
        ? ["--symlink", "usr/" + name, "/" + name] : ["--ro-bind-try", "/" + name, "/" + name]
    }
    for path in ["/etc/alternatives", "/etc/ld.so.cache", "/etc/localtime"] + folders.readable {
      arguments += ["--ro-bind-try", path, path]
    }
    let size = String(Self.memoryFolderBytes)
    arguments += ["--proc", "/proc", "--dev", "/dev"]
    for path in ["/tmp", "/dev/shm"] { arguments += ["--size", size, "--tmpfs", path] }
    if let python = folders.python { arguments += [python.writable ? "--bind" : "--ro-bind", python.path, "/env"] }
    if let work = folders.work { arguments += ["--bind", work, "/work", "--chdir", "/work"] }
    // What holds the mounts is a tmpfs too, of half the machine's memory: last, since mounts need their folders there.
    return arguments + ["--remount-ro", "/dev", "--remount-ro", "/"]
  }
}

/// What a command in the sandbox may see and touch beside the system's own files.
struct SandboxFolders: Sendable {
  struct Python: Sendable {
    let path: String
    let writable: Bool
  }

  /// The only folder a step may write to, beside an empty `/tmp`.
  var work: String?
  var python: Python?
  var network = false
  /// Further paths, read-only at the same place; those that do not exist are left out.
  var readable: [String] = []
  var variables: [String: String] = [:]
}
