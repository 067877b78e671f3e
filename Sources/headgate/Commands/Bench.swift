import ArgumentParser
import Foundation
import HeadgateRuntime

struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure how fast a model file answers, and where the time goes.",
    discussion: """
      Walks through the rows of the input in slices of --batch, after a warm-up: give many rows, for a processor learns \
      few by heart. Wall time is what passes in a call, CPU time what processors work for it, the mean of what all other \
      threads do included. At most \(ModelBenchmark.maxCalls) calls are measured, all outputs in each. Kept memory is \
      what loading the model added for good, peak memory the most of the whole process, the input's rows included.

      --profile goes on for the same time and adds a table of the operators; nodes that are computed as one stand under \
      the last one's name. Its GFLOP/s and GB/s stand beside the shares of what a core of this machine does at most, \
      measured after the runs; what stays in a cache moves faster than memory, above 100 %. -o wide lists every node.

      \(InputOptions.help)

      Examples:
        headgate bench model.onnx --input rows.npz
        headgate bench model.onnx --input rows.npz --batch 64 --profile
        headgate bench model.onnx --input rows.npz --batch 64 --threads 2 --concurrency 4
        headgate bench model.onnx --input rows.npz --precision bfloat16
        headgate bench model.onnx --input rows.csv -o json
      """)

  @Argument(help: "The model file.", completion: .file())
  var model: String
  @OptionGroup var inputs: InputOptions
  @OptionGroup var precision: PrecisionOption
  @Option(help: "The rows of a call.")
  var batch = 1
  @Option(help: "The most threads that share the work of a call.")
  var threads = 1
  @Option(help: "How many callers run the model at the same time.")
  var concurrency = 1
  @Option(help: "How long to measure, in seconds.")
  var seconds = 3.0
  @Option(help: "How long to run before, in seconds.")
  var warmUp = 0.5
  @Option(help: "An input that has no rows and goes into each call as it is; may be given several times.")
  var whole: [String] = []
  @Flag(help: "Show what each operator takes.")
  var profile = false
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard batch >= 1 else { throw ValidationError("--batch must be at least 1, not \(batch).") }
    guard threads >= 1 else { throw ValidationError("--threads must be at least 1, not \(threads).") }
    guard threads == 1 || !profile else {
      throw ValidationError("--profile measures one thread, beside what a core does at most; leave --threads out.")
    }
    guard (1...1024).contains(concurrency) else {
      throw ValidationError("--concurrency must be from 1 to 1024, not \(concurrency).")
    }
    guard seconds > 0, seconds <= 3600 else { throw ValidationError("--seconds must be above 0 and at most 3600.") }
    guard warmUp >= 0, warmUp <= 3600 else { throw ValidationError("--warm-up must be from 0 to 3600.") }
  }

  func run() throws {
    let report: BenchmarkReport
    do {
      report = try BenchmarkReport(self)
    } catch let error as ModelFileError {
      throw Failure(error, of: model)
    } catch let error as RunError {
      throw Failure(error.message)
    }
    switch output.format {
    case .json: Terminal.show(try JSONFormat.text(report.document))
    case .text, .wide: Terminal.show(BenchmarkText.text(report, isWide: output.format == .wide))
    }
  }
}
