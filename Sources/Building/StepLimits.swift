import Domain
import Glibc

/// The limits a step runs under: a control group for memory where the machine has one, and rlimits.
struct StepLimits: Sendable {
  /// The folder of the control group, `nil` when only rlimits apply.
  let group: String?
  private let limits: BuildLimits

  /// Makes a control group below this process's own when it can; otherwise memory is bounded per process by rlimit.
  init(_ limits: BuildLimits, name: String) {
    self.limits = limits
    group = ControlGroup.make(name: name, memoryBytes: limits.memoryBytes)
  }

  /// How memory is bounded, for the build log.
  var summary: String {
    let memory = "\(limits.memoryBytes >> 20) MiB"
    let kind = group == nil ? "rlimit per process (no memory control group here)" : "control group"
    return "memory \(memory) by \(kind), file size \(limits.outputBytes >> 20) MiB, time \(limits.timeout)"
  }

  /// Shell text that enters the group (`$0`), sets rlimits and becomes the command (`$@`).
  var prologue: String {
    let blocks = max(1, limits.outputBytes / 512)
    let memory =
      group == nil ? "ulimit -d \(max(1, limits.memoryBytes / 1024)) && " : "echo $$ > \"$0/cgroup.procs\" && "
    return memory + "ulimit -f \(blocks) && ulimit -c 0 && exec \"$@\""
  }

  /// Takes the control group away again; its processes are gone by then.
  func remove() {
    if let group { rmdir(group) }
  }
}

/// Memory control groups, version 1 or 2, as far as this process may make them.
private enum ControlGroup {
  static func make(name: String, memoryBytes: Int) -> String? {
    guard let membership = FileSystem.text(of: "/proc/self/cgroup", limit: 1 << 16) else { return nil }
    for line in membership.split(separator: "\n") {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      let own = fields[2] == "/" ? "" : String(fields[2])
      if fields[1].split(separator: ",").contains("memory") {
        let folder = "/sys/fs/cgroup/memory\(own)/\(name)"
        if make(folder, limitFile: "memory.limit_in_bytes", memoryBytes: memoryBytes) { return folder }
      } else if fields[0] == "0", fields[1].isEmpty {
        let folder = "/sys/fs/cgroup\(own)/\(name)"
        if make(folder, limitFile: "memory.max", memoryBytes: memoryBytes) { return folder }
      }
    }
    return nil
  }

  private static func make(_ folder: String, limitFile: String, memoryBytes: Int) -> Bool {
    guard mkdir(folder, 0o755) == 0 else { return false }
    if FileSystem.overwrite(folder + "/" + limitFile, with: String(memoryBytes)) { return true }
    rmdir(folder)
    return false
  }
}
