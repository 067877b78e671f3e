import Foundation

/// A Swift file below `Sources/`, read line by line.
struct SourceFile {
  /// Relative to the repository.
  let path: String
  let lines: [String]

  init(path: String, text: String) {
    self.path = path
    lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  /// The target: the folder below `Sources/`.
  var target: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }

  /// Lines as an editor counts them.
  var lineCount: Int { lines.last == "" ? lines.count - 1 : lines.count }

  /// Modules that are imported, with the lines that say so.
  var imports: [(module: String, line: Int)] {
    lines.enumerated().flatMap { index, line in Self.imports(in: line).map { ($0, index + 1) } }
  }

  /// The modules that a line imports, with any access level, attribute or kind of declaration.
  static func imports(in line: String) -> [String] {
    line.split(separator: ";").compactMap { statement in
      var words = statement.split(separator: " ").drop { $0.hasPrefix("@") || accessLevels.contains($0) }
      guard words.popFirst() == "import" else { return nil }
      if let kind = words.first, words.count > 1, kinds.contains(kind) { words.removeFirst() }
      return words.first?.split(separator: ".").first.map(String.init)
    }
  }

  private static let accessLevels: Set<Substring> = ["public", "package", "internal", "fileprivate", "private"]
  private static let kinds: Set<Substring> = [
    "actor", "class", "enum", "func", "let", "protocol", "struct", "typealias", "var",
  ]

  /// Lines, counted from 1, that hold any of some texts outside of comments.
  func lines(holding texts: [String]) -> [(text: String, line: Int)] {
    lines.enumerated().flatMap { index, line -> [(String, Int)] in
      guard !Self.isComment(line) else { return [] }
      return texts.filter { line.range(of: $0) != nil }.map { ($0, index + 1) }
    }
  }

  /// Whether the comment right above a line, counted from 1, says why the line is safe.
  func isExplained(_ line: Int) -> Bool {
    for above in lines[..<(line - 1)].reversed() {
      let text = above.drop { $0 == " " }
      guard Self.isComment(above) || text.hasPrefix("@") else { return false }
      if text.contains("SAFETY") { return true }
    }
    return false
  }

  private static func isComment(_ line: String) -> Bool { line.drop { $0 == " " }.hasPrefix("//") }

  /// Every Swift file of the repository this test stands in.
  static func all() throws -> [SourceFile] {
    let here = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    let root = here.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let folder = root.appendingPathComponent("Sources")
    let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
    return try paths.filter { $0.hasSuffix(".swift") }.sorted().map { path in
      let text = try String(contentsOf: folder.appendingPathComponent(path), encoding: .utf8)
      return SourceFile(path: "Sources/" + path, text: text)
    }
  }
}
