import Foundation
import HeadgateTensors

@testable import HeadgateRuntime

/// One case laid out as ONNX's backend test data: `model.onnx` and `test_data_set_*` with inputs and outputs.
struct ConformanceCase {
  let name: String
  let folder: URL

  /// All cases below a folder, sorted by name; the group is part of the name (`node/test_abs`).
  static func all(in root: URL) -> [ConformanceCase] {
    let groups = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
    return groups.flatMap { group -> [ConformanceCase] in
      let folder = root.appendingPathComponent(group)
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
      return names.map { ConformanceCase(name: "\(group)/\($0)", folder: folder.appendingPathComponent($0)) }
    }
    .filter { FileManager.default.fileExists(atPath: $0.folder.appendingPathComponent("model.onnx").path) }
    .sorted { $0.name < $1.name }
  }

  /// Runs all data sets; returns why the case fails, or nil.
  func failure() -> String? {
    do {
      let model = try Model(path: folder.appendingPathComponent("model.onnx").path)
      let sets = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        .filter { $0.hasPrefix("test_data_set") }.sorted()
      for set in sets {
        if let mismatch = try run(model, folder.appendingPathComponent(set)) { return mismatch }
      }
      return nil
    } catch {
      return "\(error)"
    }
  }

  /// Runs the case with damaged bytes, and with other integers among its inputs: sizes, axes and indices
  /// that no exporter would write. Nothing is expected but an end.
  func runDamaged(_ random: inout SplitMix, times: Int) throws {
    let file = folder.appendingPathComponent("model.onnx")
    guard let original = try? [UInt8](Data(contentsOf: file)), original.count < 1 << 16 else { return }
    let options = ModelOptions(maxRunBytes: 1 << 22)
    var inputs: [Tensor] = []
    while let tensor = try? read(folder.appendingPathComponent("test_data_set_0/input_\(inputs.count).pb")) {
      inputs.append(tensor)
    }
    for _ in 0..<times {
      var bytes = original
      if random.next() % 2 == 0 {
        for _ in 0...Int(random.next() % 3) {
          bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
        }
      }
      guard let model = try? Model(bytes: ModelBytes(bytes), options: options) else { continue }
      var values: [String: Tensor] = [:]
      for (info, tensor) in zip(model.inputs, inputs) { values[info.name] = try damaged(tensor, &random) }
      _ = try? model.run(values)
    }
  }

  private func damaged(_ tensor: Tensor, _ random: inout SplitMix) throws -> Tensor {
    guard tensor.elementType == .int64, tensor.count > 0, random.next() % 2 == 0 else { return tensor }
    var values = try tensor.integers()
    let choices: [Int64] = [0, -1, 1, 2, 7, -7, 1 << 33, -(1 << 33), .max, .min, .max - 1, 1 << 62]
    values[Int(random.next() % UInt64(values.count))] = choices[Int(random.next() % UInt64(choices.count))]
    return try Tensor(shape: tensor.shape, integers: values)
  }

  private func run(_ model: Model, _ data: URL) throws -> String? {
    var inputs: [String: Tensor] = [:]
    for (index, info) in model.inputs.enumerated() {
      let file = data.appendingPathComponent("input_\(index).pb")
      guard FileManager.default.fileExists(atPath: file.path) else { continue }
      guard info.kind == .tensor else { return "takes a \(info.kind)" }
      inputs[info.name] = try read(file)
    }
    let outputs = try model.run(inputs)
    for (index, info) in model.outputs.enumerated() {
      let file = data.appendingPathComponent("output_\(index).pb")
      guard FileManager.default.fileExists(atPath: file.path) else { continue }
      guard info.kind == .tensor else { return "gives a \(info.kind)" }
      guard let actual = outputs[info.name]?.tensor else { return "output \(info.name) is absent" }
      if let difference = try difference(actual, try read(file)) { return "output \(info.name): \(difference)" }
    }
    return nil
  }

  private func read(_ file: URL) throws -> Tensor {
    let bytes = try ModelBytes(path: file.path)
    return try ONNXTensor(decoding: bytes)
      .makeTensor(from: bytes, external: ExternalData(modelPath: nil, isAllowed: false))
  }

  /// The suite's own tolerances: relative 1e-3 (2^-6 for bfloat16), absolute 1e-7; all else exact.
  private func difference(_ actual: Tensor, _ expected: Tensor) throws -> String? {
    guard actual.elementType == expected.elementType, actual.shape == expected.shape else {
      return "\(actual.elementType)\(actual.shape) instead of \(expected.elementType)\(expected.shape)"
    }
    switch actual.elementType {
    case .float: return try compare(actual.floats(), expected.floats())
    case .double: return try compare(actual.doubles(), expected.doubles())
    case .float16: return try compare(actual.array(of: Float16.self), expected.array(of: Float16.self))
    case .bfloat16:
      return try compare(actual.convertedToFloats(), expected.convertedToFloats(), relative: 0x1p-6)
    case .string: return try actual.strings() == expected.strings() ? nil : "strings differ"
    default:
      let isSame = actual.unsafeBytes.elementsEqual(expected.unsafeBytes)
      withExtendedLifetime((actual, expected)) {}
      return isSame ? nil : "elements differ"
    }
  }

  private func compare<T: BinaryFloatingPoint>(_ actual: [T], _ expected: [T], relative: Double = 1e-3) -> String? {
    for (index, (a, e)) in zip(actual, expected).enumerated() {
      if a == e || (a.isNaN && e.isNaN) { continue }
      guard abs(Double(a) - Double(e)) <= 1e-7 + relative * abs(Double(e)) else {
        return "element \(index) is \(a), expected \(e)"
      }
    }
    return nil
  }
}
