import Domain
import Testing

@testable import Specs

@Suite struct `A rendered diagnostic` {
  private func render(
    _ line: String?, column: Int = 1, length: Int = 1, hint: String? = nil, colour: Bool = false, width: Int = 20,
    message: String = "wrong"
  ) throws -> String {
    let place = SourcePlace(path: try #require(RepositoryPath("a/b.yaml")), line: 3, column: column)
    return DiagnosticRenderer(usesColour: colour, width: width).text(
      Diagnostic(at: place, length: length, message, hint: hint, sourceLine: line))
  }

  @Test func `has place, message, line, caret and hint`() throws {
    #expect(
      try render("key: value", column: 6, length: 5, hint: "mend it") == """
        a/b.yaml:3:6: error: wrong
          key: value
               ^~~~~
          hint: mend it

        """)
  }

  @Test func `has no line when there is none`() throws {
    #expect(try render(nil) == "a/b.yaml:3:1: error: wrong\n")
  }

  @Test(arguments: [
    (1, "abcdefghijklmnopqrst...", "^~~"), (15, "...ijklmnopqrstuvwxyzAB...", "         ^~~"),
    (52, "...GHIJKLMNOPQRSTUVWXYZ", "                      ^"),
  ])
  func `cuts a long line around the caret`(column: Int, source: String, caret: String) throws {
    let line = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    let lines = try render(line, column: column, length: 3).split(separator: "\n")
    #expect(lines[1] == "  " + source)
    #expect(lines[2] == "  " + caret)
  }

  @Test func `shows control characters instead of sending them to the terminal`() throws {
    let text = try render("a\u{1B}[2J\u{7}\t\u{7F}\u{202E}b", column: 9, message: "bad \u{1B}[0m\nname")
    #expect(
      text
        == "a/b.yaml:3:9: error: bad \u{241B}[0m\u{240A}name\n  a\u{241B}[2J\u{2407}→\u{2421}\u{FFFD}b\n          ^\n")
  }

  @Test func `puts the caret below wide characters`() throws {
    #expect(try render("表記: x", column: 5).split(separator: "\n")[2] == "        ^")
    #expect(try render("e\u{301}: x", column: 5).split(separator: "\n")[2] == "     ^")
  }

  @Test(arguments: [(0, 1), (1, 0), (100, 100), (1, Int.max), (Int.max, Int.max)])
  func `never fails on a place outside its line`(column: Int, length: Int) throws {
    #expect(try render("abc", column: column, length: length).contains("^"))
    #expect(try render("", column: column, length: length).contains("^"))
  }

  @Test func `has colour only when asked`() throws {
    #expect(try !render("abc", hint: "x").contains("\u{1B}"))
    #expect(try render("abc", hint: "x", colour: true).contains("\u{1B}[1;31merror:\u{1B}[0m"))
  }
}
