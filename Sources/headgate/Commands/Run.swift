import ArgumentParser
import Domain
import Foundation
import HeadgateRuntime

struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run a model file on inputs from a file and show what it answers.",
    discussion: """
      \(InputOptions.help)

      Without --to the outputs go to standard output, as text or with -o json as the body of an Open Inference response. \
      In files and JSON the parts of a sequence are NAME.0, NAME.1 and so on, and the keys of maps NAME.labels. Numbers of \
      fewer bits than the format knows are given in the next wider type.

      Examples:
        headgate run model.onnx --input rows.csv
        headgate run model.onnx --input rows.csv --features age,income,debt
        headgate run model.onnx --input inputs.npz --to outputs.npz
        headgate run model.onnx --input request.json -o json
      """)

  @Argument(help: "The model file.", completion: .file())
  var model: String
  @OptionGroup var inputs: InputOptions
  @OptionGroup var precision: PrecisionOption
  @Option(help: "Write the outputs into a .npz or .json file.", completion: .file(extensions: ["npz", "json"]))
  var to: String?
  @Option(help: "An output to give; may be given several times. Without it all are given.")
  var only: [String] = []
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if let to, !to.hasSuffix(".npz"), !to.hasSuffix(".json") {
      throw ValidationError("--to names a .npz or a .json file, not '\(to)'.")
    }
  }

  func run() throws {
    let outputs: RunOutputs
    let id: String?
    do {
      let model = try Model(path: self.model, options: precision.options)
      let inputs = try self.inputs.read(for: model)
      let names = only.isEmpty ? inputs.outputs : only
      let answer = try model.run(inputs.values, outputs: names)
      outputs = RunOutputs(answer, order: names ?? model.outputs.map(\.name))
      id = inputs.id
    } catch let error as ModelFileError {
      throw Failure(error, of: model)
    } catch let error as RunError {
      throw Failure(error.message)
    }
    if let to {
      try write(outputs, id, to: to)
      let summary = outputs.outputs.map { "\($0.name) \(RunText.summary($0.value))" }.joined(separator: ", ")
      Terminal.complain("wrote \(to): \(summary)")
      return
    }
    switch output.format {
    case .json: Terminal.show(try outputs.json(model: name, id: id))
    case .text, .wide: Terminal.show(RunText.text(outputs, isWide: output.format == .wide))
    }
  }

  /// The model's name in a response: the file's without its ending.
  private var name: String { URL(filePath: model).deletingPathExtension().lastPathComponent }

  private func write(_ outputs: RunOutputs, _ id: String?, to path: String) throws {
    if path.hasSuffix(".npz") {
      do {
        try outputs.archive().write(to: path)
      } catch let error as ArrayArchiveError {
        throw Failure(error.message)
      }
      return
    }
    let text = try outputs.json(model: name, id: id)
    do {
      try Data((text + "\n").utf8).write(to: URL(filePath: path))
    } catch {
      throw Failure("cannot write \(path): \(error.localizedDescription)")
    }
  }
}
