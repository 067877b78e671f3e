import ArgumentParser
import Foundation
import HeadgateRuntime

/// The options of the commands that run a model on inputs from a file.
struct InputOptions: ParsableArguments {
  /// How a file of inputs is read, for the help of such a command.
  static let help = """
    The ending of the input's name says how it is read:
      .npz, .npy  NumPy's arrays by input name, or in the order of the inputs when they have no names
      .json       the body of an Open Inference request, {"inputs": [{"name", "datatype", "shape", "data"}]}
      .csv        columns by input name; one input of several columns takes --features, or all columns
    """

  @Option(
    name: .shortAndLong, help: "The inputs: a .npz, .npy, .json or .csv file.",
    completion: .file(extensions: ["npz", "npy", "json", "csv"]))
  var input: String
  @Option(help: "The columns of a model's only input in their order, with commas between.")
  var features: String?
  @Option(help: "A cell text of a CSV file that means no value, beside the empty one; may be given several times.")
  var missing: [String] = []

  /// Reads the file.
  ///
  /// - Throws: `Failure` with what does not fit and what to do.
  func read(for model: Model) throws -> RunInputs {
    try RunInputs(
      input, for: model,
      table: RunInputs.TableOptions(
        features: features?.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) },
        missing: [""] + missing))
  }
}
