import ArgumentParser
import Domain
import HeadgateRuntime

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say what a model file holds, what it takes and gives, and whether it can be run.",
    discussion: """
      Memory is estimated: the weights, and for a run of one row the largest sum of the values that are needed at one time, \
      as far as their shapes follow from the file. Open extents of the inputs count as 1. -o wide names the nodes of each \
      operator. Exits with 1 when the model cannot be run, after what could be read of it was shown.

      Examples:
        headgate inspect model.onnx
        headgate inspect model.onnx -o json
      """)

  @Argument(help: "The model file.", completion: .file())
  var model: String
  @OptionGroup var output: OutputOptions

  func run() throws {
    let report: InspectionReport
    do {
      report = try InspectionReport(ModelBytes(path: model))
    } catch {
      throw Failure(error, of: model)
    }
    switch output.format {
    case .json: Terminal.show(try JSONFormat.text(report.document))
    case .text, .wide: Terminal.show(InspectionText.text(report, isWide: output.format == .wide))
    }
    if report.problem != nil { throw ExitCode(1) }
  }
}
