import Domain

/// Why pip could not install a lock file, read from its detailed log.
///
/// What pip says is nowhere promised, so only what is recognised is final; everything else may be the network, and is
/// tried again. The words are those of pip 23 to 25.
struct PipFailure: Hashable, Sendable {
  /// What is wrong, with the lines of the lock file as pip names them, and what to do.
  let message: String

  /// A failure that another attempt cannot mend; `nil` when one may.
  /// - Parameters:
  ///   - log: what `pip --log` wrote.
  ///   - path: where pip found the lock file.
  ///   - name: how the person who reads the message knows it.
  init?(log: String, lockFile path: String, name: String) {
    let lines = Self.lines(log)
    for (index, line) in lines.enumerated() {
      guard line.hasPrefix(Self.mark) else { continue }
      let text = line.dropFirst(Self.mark.count)
      guard let sign = Sign.all.first(where: { text.contains($0.words) }) else { continue }
      if sign.needsIndex, Self.isIndexUnreached(lines) { return nil }
      var details = lines[(index + 1)...].prefix { !$0.hasPrefix(Self.mark) && !$0.hasPrefix("WARNING: ") }
        .filter { !$0.allSatisfy(\.isWhitespace) }
      if !sign.isHeading { details.insert(String(text), at: 0) }
      if sign.needsIndex, index > 0, let versions = Self.versions(lines[index - 1]) { details.append(versions) }
      let what = details.map { Self.readable($0, path: path, name: name) }.joined(separator: "; ").prefix(600)
      message = "pip refuses \(name): \(sign.problem): \(what): \(sign.advice)"
      return
    }
    return nil
  }

  private static let mark = "ERROR: "

  /// The lines without their times, up to the stack trace.
  private static func lines(_ log: String) -> [String] {
    let lines = log.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map { line in
      // 2026-01-31T12:00:00,000 text
      let isTimed = line.first?.isNumber == true && line.dropFirst(10).first == "T" && line.dropFirst(23).first == " "
      return String(isTimed ? line.dropFirst(24) : line)
    }
    return Array(lines.prefix { $0 != "Exception information:" })
  }

  /// Whether an index could not be asked. One that does not know a package has answered: with 404.
  private static func isIndexUnreached(_ lines: [String]) -> Bool {
    lines.contains { $0.hasPrefix("Could not fetch URL ") && !$0.contains(": 404 Client Error") }
  }

  /// The newest versions there are, of "… (from versions: 1, 2, 3)".
  private static func versions(_ line: String) -> String? {
    guard let list = line.firstRange(of: "(from versions: ").map({ line[$0.upperBound...].dropLast() }) else {
      return nil
    }
    let versions = list.split(separator: ", ")
    return list == "none" ? "there is no wheel of it" : "there are \(versions.suffix(5).joined(separator: ", "))"
  }

  /// A line without addresses, which say less than the package before them, and with the lock file's own name.
  private static func readable(_ line: String, path: String, name: String) -> String {
    var words: [Substring] = []
    for word in line.split(separator: " ") {
      if word.contains("://"), words.last == "from" { words.removeLast() } else { words.append(word) }
    }
    if words.last?.hasSuffix("):") == true { words[words.count - 1].removeLast() }
    let text = words.joined(separator: " ").replacing("-r " + path, with: name).replacing(path, with: name)
    return BuildLog.plain(text)
  }
}

/// How a failure is recognised, and what is said about it.
private struct Sign {
  /// Part of the line after "ERROR: ".
  let words: String
  let problem: String
  let advice: String
  /// Whether the line is prose, and only those that follow name the packages.
  var isHeading = false
  /// Whether the failure is final only when every index answered.
  var needsIndex = false

  static let all = [
    Sign(
      words: "DO NOT MATCH THE HASHES", problem: "a package does not have the hash of the lock file",
      advice: "write the lock file again if it is out of date, and ask who changed the package if it is not "
        + "(was a download cut short, 'headgate retry' helps)", isHeading: true),
    Sign(
      words: "must have their versions pinned", problem: "a package is not pinned with ==",
      advice: "name it in the lock file with its version and hashes", isHeading: true),
    Sign(
      words: "Hashes are required in --require-hashes mode", problem: "a package has no hash",
      advice: "write the lock file with hashes", isHeading: true),
    Sign(
      words: "Can't verify hashes for these", problem: "a package can have no hash",
      advice: "name a wheel instead of a repository or folder", isHeading: true),
    Sign(
      words: "No matching distribution found for", problem: "no index has a fitting wheel",
      advice: "name a version that has a wheel for this Python and machine", needsIndex: true),
    Sign(words: "Invalid requirement", problem: "a line cannot be read", advice: "correct the lock file"),
    Sign(
      words: "Could not open requirements file", problem: "it names another file",
      advice: "put all packages into one lock file"),
    Sign(words: "Double requirement given", problem: "a package is named twice", advice: "name it once"),
    Sign(
      words: "conflicting dependencies", problem: "packages exclude each other",
      advice: "let the tool that writes the lock file choose the versions", needsIndex: true),
    Sign(
      words: "requires a different Python", problem: "a package is not for this Python",
      advice: "name a version that has a wheel for it"),
    Sign(
      words: "is not a supported wheel on this platform", problem: "a wheel is not for this machine",
      advice: "name one that has a wheel for it"),
  ]
}
