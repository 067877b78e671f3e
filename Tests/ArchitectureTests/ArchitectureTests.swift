import Testing

@Suite struct `The architecture` {
  private let files: [SourceFile]

  init() throws {
    files = try SourceFile.all()
    try #require(!files.isEmpty)
  }

  @Test func `has no import that the table of arrows does not name`() {
    for file in files {
      guard let allowed = Arrows.allowed[file.target] else {
        Issue.record("\(file.path): the target \(file.target) has no row in the table")
        continue
      }
      for (module, line) in file.imports {
        let isAllowed = allowed.contains(module) || Arrows.system.contains(module)
        #expect(
          isAllowed,
          "\(file.path):\(line): \(file.target) may not import \(module)")
      }
    }
  }

  @Test func `has no arrow in the table that no import uses`() {
    let used = Dictionary(grouping: files, by: \.target).mapValues { Set($0.flatMap { $0.imports.map(\.module) }) }
    for (target, allowed) in Arrows.allowed {
      #expect(allowed.subtracting(used[target] ?? []) == [], "\(target) does not import these any more")
    }
  }

  @Test func `cannot be left by a trap`() {
    let traps = ["fatalError(", "preconditionFailure(", "try!", " as! "]
    for file in files {
      for (text, line) in file.lines(holding: traps) { Issue.record("\(file.path):\(line): \(text)") }
    }
  }

  @Test func `explains each promise that the compiler cannot check`() {
    for file in files {
      for (text, line) in file.lines(holding: ["@unchecked Sendable", "nonisolated(unsafe)"]) {
        let isExplained = file.isExplained(line)
        #expect(isExplained, "\(file.path):\(line): \(text) needs a comment with SAFETY above it")
      }
    }
  }

  @Test func `has no file of more than 400 lines`() {
    for file in files { #expect(file.lineCount <= 400, "\(file.path): split it by idea") }
  }
}

@Suite struct `A source file` {
  @Test(arguments: [
    ("import Domain", ["Domain"]),
    ("  @testable import Specs", ["Specs"]),
    ("@preconcurrency package import NIOCore", ["NIOCore"]),
    ("@_spi(Testing) internal import struct Store.Journal", ["Store"]),
    ("public import func Glibc.open; import Gates", ["Glibc", "Gates"]),
    ("// import Domain", []),
    ("let text = \"import Domain\"", []),
    ("importantly(Domain)", []),
  ])
  func `tells what a line imports`(line: String, modules: [String]) {
    #expect(SourceFile.imports(in: line) == modules)
  }

  @Test func `is of the target below Sources, and counts its lines`() {
    let file = SourceFile(path: "Sources/Specs/YAML/Node.swift", text: "import Domain\n\nlet a = b as! C // as! C\n")
    #expect(file.target == "Specs")
    #expect(file.lineCount == 3)
    #expect(file.imports.map(\.line) == [1])
    #expect(file.lines(holding: [" as! "]).map(\.line) == [3])
  }

  @Test func `takes only the comment right above as an explanation`() {
    let text = "// SAFETY: never written.\n@frozen\nlet one\nlet other\n// Another word.\nlet third"
    let file = SourceFile(path: "Sources/Specs/A.swift", text: text)
    #expect([3, 4, 6].map(file.isExplained) == [true, false, false])
  }
}
