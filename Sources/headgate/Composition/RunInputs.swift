import Domain
import Foundation
import Gates
import HeadgateRuntime
import Serving

/// The inputs of one run, read from a file.
struct RunInputs {
  var values: [String: Tensor]
  /// The outputs that the file asks for; `nil` is all.
  var outputs: [String]?
  var id: String?

  /// How columns become inputs.
  struct TableOptions {
    var features: [String]?
    var missing: [String]
  }

  /// Reads the file in the format that its name ends with.
  ///
  /// - Throws: `Failure` with what does not fit and what to do.
  init(_ path: String, for model: Model, table: TableOptions) throws {
    switch path.split(separator: ".").last?.lowercased() {
    case "npz", "npy": values = try Self.arrays(path, for: model.inputs)
    case "csv":
      do {
        values = try TableInputs(csv: path, for: model.inputs, features: table.features, missing: table.missing).tensors
      } catch {
        throw Failure(error.message)
      }
    case "json":
      let bytes: [UInt8]
      do {
        bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
      } catch {
        throw Failure("cannot read \(path); give the path of a file that you may read")
      }
      do {
        let request = try InferenceDocument.request(bytes, for: model.inputs)
        (values, outputs, id) = (request.inputs, request.outputs, request.id)
      } catch {
        throw Failure("\(path): \(error.message)")
      }
    default:
      throw Failure("\(path) is read by its ending, which must be .npz, .npy, .json or .csv")
    }
  }

  /// Arrays go to the inputs of their names; those that `numpy.savez` numbered itself, and a lone array, in order.
  private static func arrays(_ path: String, for inputs: [ValueInfo]) throws -> [String: Tensor] {
    let archive: ArrayArchive
    do {
      archive = try ArrayArchive(path: path)
    } catch {
      throw Failure(error.message)
    }
    let values = archive.tensors
    let isNumbered = archive.arrays.enumerated().allSatisfy { $1.name == "arr_\($0)" || $1.name.isEmpty }
    guard !inputs.contains(where: { values[$0.name] != nil }) else { return values }
    guard isNumbered else {
      let (given, taken) = (archive.arrays.map(\.name), inputs.map(\.name))
      throw Failure(
        "\(path) has the arrays '\(given.prefix(12).joined(separator: "', '"))', none of which is an input of the model; "
          + "it takes '\(taken.prefix(12).joined(separator: "', '"))'")
    }
    guard archive.arrays.count <= inputs.count else {
      throw Failure("\(path) has \(archive.arrays.count) arrays, and the model takes \(inputs.count) inputs")
    }
    return Dictionary(uniqueKeysWithValues: zip(inputs, archive.arrays).map { ($0.name, $1.tensor) })
  }
}
