import ArgumentParser
import Foundation
import LoadTesting
import Serving

struct Load: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Send real requests to a model at a constant rate and check every answer.",
    discussion: "Without --duration or --requests it runs until SIGINT or SIGTERM, then reports.")

  @Argument(help: "The model, such as http://127.0.0.1:8080/v2/models/income.")
  var url: String
  @Option(help: "Requests a second, sent whether or not earlier ones were answered.")
  var rate: Double
  @Option(help: "A CSV file whose columns are the model's inputs, or a JSON request body.", completion: .file())
  var input: String
  @Option(help: "The time to go on for, such as 30s.")
  var duration: Interval?
  @Option(help: "The number of requests to send.")
  var requests: Int?
  @Option(help: "The column whose value goes into X-Headgate-Key.")
  var keyColumn: String?
  @Option(help: "A CSV file of the answers expected, row by row.", completion: .file())
  var expected: String?
  @Option(help: "Write the report into this file instead of standard output.", completion: .file())
  var to: String?
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let generator = LoadGenerator(
      LoadPlan(
        url: url, rate: rate, input: input, keyColumn: keyColumn, expected: expected, duration: duration?.duration,
        requestCount: requests))
    let handlers = TerminationSignals.handle { generator.stop() }
    let display = Terminal.complaintsAreRich ? Task { await showProgress(of: generator) } : nil
    let report: LoadReport
    do {
      report = try await generator.run()
    } catch {
      await Self.end(display)
      throw Failure(error.message)
    }
    await Self.end(display)
    handlers.cancel()
    let text = output.format == .json ? try JSONFormat.text(report.summary) : report.text
    if let to {
      do {
        try Data((text + "\n").utf8).write(to: URL(filePath: to))
      } catch {
        throw Failure("cannot write \(to): \(error.localizedDescription)")
      }
    } else {
      Terminal.show(text)
    }
    if report.failed > 0 { throw ExitCode(1) }
  }

  /// Returns when the line is wiped, so that what is written next stands alone.
  private static func end(_ display: Task<Void, Never>?) async {
    display?.cancel()
    await display?.value
  }

  /// One line that is written anew each second, and wiped when the task is cancelled.
  private func showProgress(of generator: LoadGenerator) async {
    while !Task.isCancelled {
      let progress = generator.progress
      Terminal.move("\r\u{1B}[Ksucceeded \(progress.succeeded), failed \(progress.failed)")
      try? await Task.sleep(for: .seconds(1))
    }
    Terminal.move("\r\u{1B}[K")
  }
}
