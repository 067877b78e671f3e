import Glibc

/// The environment of this process.
package enum ProcessEnvironment {
  /// Every variable, in the order of the system.
  package static var variables: [(name: String, value: String)] {
    var found: [(name: String, value: String)] = []
    var entry = environ
    while let text = entry.pointee {
      let parts = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 { found.append((String(parts[0]), String(parts[1]))) }
      entry += 1
    }
    return found
  }
}
