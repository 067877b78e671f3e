import Glibc
import HeadgateKernels

/// How many processors this process may keep busy: those that it may run on, and no more than the quota of its control
/// group pays for.
package enum ProcessorCount {
  /// At least 1; found out once.
  package static let available = max(
    1, min(hg_allowed_processors(), quota(v2: text("/sys/fs/cgroup/cpu.max")) ?? .max, quotaOfOldGroups() ?? .max))

  /// The processors in the text of `cpu.max`: a quota and a period in microseconds, or the word max. A part of a
  /// processor counts as a whole one. Nil when there is no quota.
  ///
  /// Source: Linux, Control Group v2, cpu.max.
  static func quota(v2 text: String?) -> Int? {
    guard let fields = text?.split(whereSeparator: \.isWhitespace), fields.count == 2 else { return nil }
    return processors(quota: Int(fields[0]), period: Int(fields[1]))
  }

  /// The processors that a quota pays for in its period; nil when it is none.
  static func processors(quota: Int?, period: Int?) -> Int? {
    guard let quota, let period, quota > 0, period > 0 else { return nil }
    return max(1, quota / period + (quota % period > 0 ? 1 : 0))
  }

  private static func quotaOfOldGroups() -> Int? {
    func number(_ file: String) -> Int? {
      text("/sys/fs/cgroup/cpu/" + file).flatMap { Int($0.prefix { !$0.isWhitespace }) }
    }
    return processors(quota: number("cpu.cfs_quota_us"), period: number("cpu.cfs_period_us"))
  }

  /// The beginning of a small file; nil when it cannot be read.
  private static func text(_ path: String) -> String? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    return withUnsafeTemporaryAllocation(byteCount: 128, alignment: 1) { bytes in
      let count = read(file, bytes.baseAddress, bytes.count)
      return count >= 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
    }
  }
}
