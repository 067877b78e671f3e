import ArgumentParser
import Domain
import HeadgateRuntime

struct Conformance: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run conformance cases and say which pass.",
    discussion: """
      A case is a folder with model.onnx and test_data_set_*/input_*.pb and output_*.pb, as in ONNX's backend test data; \
      they may lie at any depth. Answers must have the exact type and shape, numbers within a relative 1e-3 and an absolute \
      1e-7 (2^-6 for bfloat16). Exits with 1 when a case fails.

      Examples:
        headgate conformance site-packages/onnx/backend/test/data
        headgate conformance onnx/backend/test/data/node -o json > report.json
      """)

  @Argument(help: "The folder below which the cases lie.", completion: .directory)
  var folder: String
  @OptionGroup var output: OutputOptions

  func run() throws {
    let suite: ConformanceSuite
    do {
      suite = try ConformanceSuite(folder: folder)
    } catch {
      throw Failure(error.description)
    }
    var done = 0
    let result = suite.run { test, _ in
      done += 1
      guard Terminal.complaintsAreRich else { return }
      // Over the line before, the rest of which is cleared.
      Terminal.move("\r\(done)/\(suite.cases.count) \(Terminal.plain(test.name).prefix(60))\u{1B}[K")
    }
    if Terminal.complaintsAreRich { Terminal.move("\r\u{1B}[K") }
    switch output.format {
    case .json: Terminal.show(try JSONFormat.text(result))
    case .text, .wide: Terminal.show(Terminal.plain(Self.text(result), keepsLines: true))
    }
    if result.failed > 0 { throw ExitCode(1) }
  }

  private static func text(_ result: ConformanceResult) -> String {
    var lines = result.failures.map { "fail  \($0.name)\n      \($0.reason)" }
    var table = TextTable(["GROUP", "PASSED", "FAILED"])
    for (group, tally) in result.groups.sorted(by: { $0.key < $1.key }) {
      table.add([group, "\(tally.passed)", "\(tally.failed)"])
    }
    table.add(["all", "\(result.passed)", "\(result.failed)"])
    lines.append(table.text)
    return lines.joined(separator: "\n")
  }
}
