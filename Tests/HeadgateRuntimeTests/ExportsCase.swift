import Foundation
import HeadgateRuntime
import HeadgateTensors

/// A model with inputs and what ONNX Runtime answered: one folder that `Tests/peers/exports.py` wrote.
struct ExportsCase: Sendable {
  let folder: URL
  var name: String { folder.lastPathComponent }

  /// The folder that holds the cases; nil when the tests run without them.
  static var root: URL? {
    ProcessInfo.processInfo.environment["HEADGATE_EXPORTS"].map { URL(fileURLWithPath: $0, isDirectory: true) }
  }

  static var all: [ExportsCase] {
    guard let root else { return [] }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
    return names.sorted().map { ExportsCase(folder: root.appendingPathComponent($0)) }
      .filter { FileManager.default.fileExists(atPath: $0.folder.appendingPathComponent("manifest.json").path) }
  }

  struct Manifest: Decodable {
    struct Stored: Decodable {
      enum Kind: String, Decodable { case numbers, strings, maps }
      enum Key: Decodable, Hashable {
        case string(String)
        case integer(Int64)

        init(from decoder: any Decoder) throws {
          let container = try decoder.singleValueContainer()
          if let integer = try? container.decode(Int64.self) {
            self = .integer(integer)
          } else {
            self = .string(try container.decode(String.self))
          }
        }
      }

      let kind: Kind
      let file: String
      let keys: [Key]?
    }

    struct Run: Decodable {
      let name: String
      let inputs: [String: Stored]
      let outputs: [String: Stored]
    }

    let library: String
    let cases: [Run]
  }

  func manifest() throws -> Manifest {
    try JSONDecoder().decode(Manifest.self, from: Data(contentsOf: folder.appendingPathComponent("manifest.json")))
  }

  /// Runs the model on every stored batch.
  func compare() throws -> ExportsComparison {
    let model = try Model(path: folder.appendingPathComponent("model.onnx").path)
    var comparison = ExportsComparison()
    for run in try manifest().cases {
      let outputs = try model.run(run.inputs.mapValues { try tensor($0) })
      var expected: [String: Value] = [:]
      for (name, stored) in run.outputs { expected[name] = try value(stored) }
      comparison.add(run.name, actual: outputs, expected: expected)
    }
    return comparison
  }

  /// How many rows all batches have together.
  func rowCount() throws -> Int {
    try manifest().cases.reduce(0) { count, run in
      guard let answer = run.outputs.values.first else { return count }
      return try count + (tensor(answer).shape.first ?? 0)
    }
  }

  private func value(_ stored: Manifest.Stored) throws -> Value {
    guard stored.kind == .maps else { return .tensor(try tensor(stored)) }
    let strings = (stored.keys ?? []).compactMap { if case .string(let key) = $0 { key } else { nil } }
    let integers = (stored.keys ?? []).compactMap { if case .integer(let key) = $0 { key } else { nil } }
    return .maps(keys: strings.isEmpty ? .integers(integers) : .strings(strings), scores: try tensor(stored))
  }

  private func tensor(_ stored: Manifest.Stored) throws -> Tensor {
    let file = folder.appendingPathComponent(stored.file)
    guard stored.kind == .strings else { return try ArrayFile.read(file) }
    struct Strings: Decodable {
      let shape: [Int]
      let strings: [String]
    }
    let text = try JSONDecoder().decode(Strings.self, from: Data(contentsOf: file))
    return try Tensor(shape: text.shape, strings: text.strings)
  }
}
