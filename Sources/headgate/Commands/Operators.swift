import ArgumentParser
import HeadgateRuntime

struct Operators: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the operators that models may use.",
    discussion: """
      VERSIONS are those from which on an operator means something else or takes other types; each holds until the next.

      Examples:
        headgate operators --domain ai.onnx.ml
        headgate operators --name conv
        headgate operators -o markdown > operators.md
      """)

  /// How the table is written.
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json, markdown
  }

  @Option(help: "Only those of a domain, such as ai.onnx or com.microsoft.")
  var domain: String?
  @Option(help: "Only those whose name holds this text, in capitals or not.")
  var name: String?
  @Option(name: [.customShort("o"), .customLong("output")], help: "The format.")
  var format = Format.text

  func run() throws {
    let operators = SupportedOperator.all.filter { entry in
      (domain.map { $0 == entry.domain } ?? true)
        && (name.map { entry.name.lowercased().contains($0.lowercased()) } ?? true)
    }
    guard !operators.isEmpty else {
      let domains = Set(SupportedOperator.all.map(\.domain)).sorted().joined(separator: ", ")
      throw Failure("no operator fits; leave out --domain or --name (the domains are \(domains))")
    }
    switch format {
    case .json: Terminal.show(try JSONFormat.text(operators))
    case .text:
      var table = TextTable(["DOMAIN", "NAME", "VERSIONS"])
      for entry in operators { table.add([entry.domain, entry.name, Self.versions(entry)]) }
      Terminal.show(table.text)
    case .markdown:
      var lines = ["| domain | name | versions |", "|---|---|---|"]
      for entry in operators { lines.append("| \(entry.domain) | \(entry.name) | \(Self.versions(entry)) |") }
      Terminal.show(lines.joined(separator: "\n"))
    }
  }

  private static func versions(_ entry: SupportedOperator) -> String {
    entry.versions.map(String.init).joined(separator: ", ")
  }
}
