import Domain
import Testing

@testable import Specs

@Suite struct `A headgate.yaml` {
  private static let full = """
    repository: https://example.org/fleet.git
    branch: production
    path: models/specs
    interval: 1m30s
    rest: {host: 0.0.0.0, port: 9000}
    threads: 6
    """

  private func faults(_ text: String) -> [Diagnostic] {
    do throws(ConfigurationFaults) {
      _ = try Configuration(yaml: Array(text.utf8))
      return []
    } catch {
      return error.diagnostics
    }
  }

  @Test func `gives every setting`() throws {
    let expected = Configuration(
      repository: "https://example.org/fleet.git", branch: "production", path: RepositoryPath("models/specs"),
      interval: .seconds(90), restHost: "0.0.0.0", restPort: 9000, threads: 6)
    #expect(try Configuration(yaml: Array(Self.full.utf8)) == expected)
  }

  @Test(arguments: ["", "# nothing yet\n", "{}"])
  func `may leave everything open`(text: String) throws {
    #expect(try Configuration(yaml: Array(text.utf8)) == Configuration())
  }

  @Test func `points at an unknown field and names the near one`() {
    let text = DiagnosticRenderer().text(faults("branch: main\nintervall: 15s\n"))
    #expect(
      text == """
        headgate.yaml:2:1: error: unknown field 'intervall' in 'headgate.yaml'
          intervall: 15s
          ^~~~~~~~~
          hint: did you mean 'interval'?

        """)
  }

  @Test(arguments: [
    ("interval: 15", "'interval' must be a duration with a unit, found the number 15"),
    ("interval: 2d", "'interval' must lie between 1s and 1d"),
    ("rest: {port: 65536}", "'port' must lie between 0 and 65535"),
    ("rest: {prot: 80}", "unknown field 'prot' in 'rest'"),
    ("threads: 0", "'threads' must lie between 1 and 1024"),
    ("path: ../specs", "the path '../specs' lies outside of the repository"),
    ("path: /specs", "the path '/specs' lies outside of the repository"),
    ("repository: ''", "'repository' must not be empty"),
    ("branch: main\n---\nbranch: other", "a second document"),
    ("- branch", "'headgate.yaml' must be a mapping, found a list"),
  ])
  func `tells what does not fit`(text: String, message: String) {
    #expect(faults(text).map(\.message) == [message])
  }

  @Test func `tells all faults at once`() {
    #expect(faults("threads: many\nrest: 8080\nbranch: {}").map(\.place.line) == [1, 2, 3])
  }
}

@Suite struct `The settings` {
  @Test func `take flags first, then the file, then the defaults`() {
    let flags = Configuration(branch: "flag", restPort: 1)
    let file = Configuration(repository: "file", branch: "file", interval: .seconds(60), restPort: 2, threads: 3)
    let settings = Settings(flags: flags, file: file)
    #expect(settings.branch == "flag")
    #expect(settings.restPort == 1)
    #expect(settings.repository == "file")
    #expect(settings.interval == .seconds(60))
    #expect(settings.threads == 3)
    #expect(settings.path.text == "specs")
    #expect(settings.restHost == "127.0.0.1")
  }

  @Test func `have the documented defaults, and no repository`() {
    let settings = Settings(flags: Configuration())
    #expect(settings.repository == nil)
    #expect(settings.threads == nil)
    #expect(settings.branch == "main")
    #expect(settings.interval == .seconds(15))
    #expect(settings.restPort == 8080)
  }
}
