import Foundation
import HeadgateTensors
import Testing

@testable import HeadgateRuntime

@Suite struct `A run over conformance cases` {
  private let root: URL

  init() throws {
    root = FileManager.default.temporaryDirectory.appendingPathComponent("headgate-\(UUID().uuidString)/data")
    try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
  }

  private func write(_ path: String, _ bytes: [UInt8]) throws {
    let file = root.appendingPathComponent(path)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: file)
  }

  private func tensor(_ values: [Float], shape: [Int64]? = nil) -> [UInt8] {
    var tensor = ProtobufWriter()
    for extent in shape ?? [Int64(values.count)] { tensor.varint(1, extent) }
    tensor.varint(2, 1)
    for value in values { tensor.fixed(4, value) }
    return tensor.bytes
  }

  private var negation: [UInt8] {
    var writer = ModelWriter()
    writer.input("x", [nil])
    writer.node("Neg", ["x"], ["y"])
    writer.output("y", [nil])
    return writer.bytes
  }

  private func addCase(_ path: String, model: [UInt8]? = nil, input: [UInt8], output: [UInt8]) throws {
    try write(path + "/model.onnx", model ?? negation)
    try write(path + "/test_data_set_0/input_0.pb", input)
    try write(path + "/test_data_set_0/output_0.pb", output)
  }

  @Test func `finds cases at any depth and counts them by group`() throws {
    defer { try? FileManager.default.removeItem(at: root.deletingLastPathComponent()) }
    try addCase("node/test_a", input: tensor([1, 2]), output: tensor([-1, -2]))
    try addCase("more/deep/test_b", input: tensor([1, 2]), output: tensor([-1, 2]))
    try addCase("more/deep/test_c", input: tensor([1]), output: tensor([-1], shape: [1, 1]))
    try write("node/test_d/model.onnx", [1, 2, 3])
    try addCase("test_e", input: tensor([1]), output: tensor([-1.0009]))
    let result = try ConformanceSuite(folder: root.path).run()
    #expect(result.passed == 2)
    #expect(result.failed == 3)
    #expect(result.groups.mapValues { [$0.passed, $0.failed] } == ["node": [1, 1], "deep": [0, 2], "data": [1, 0]])
    #expect(
      result.failures.map(\.name) == ["more/deep/test_b", "more/deep/test_c", "node/test_d"])
    #expect(result.failures[0].reason == "output y: element 1 is -2.0, expected 2.0")
    #expect(result.failures[1].reason == "output y: float[1] instead of float[1, 1]")
    let json = String(decoding: try JSONEncoder().encode(result), as: UTF8.self)
    #expect(json.contains("\"groups\":{") && json.contains("\"reason\":"))
    let one = try ConformanceSuite(folder: root.appendingPathComponent("node").path)
    #expect(one.cases.map(\.name) == ["node/test_a", "node/test_d"])
  }

  @Test func `reads sequences and optionals`() throws {
    defer { try? FileManager.default.removeItem(at: root.deletingLastPathComponent()) }
    var writer = ModelWriter()
    writer.opset = 16
    writer.container(11, "x", [9, 4])
    writer.node("Identity", ["x"], ["y"])
    writer.container(12, "y", [9, 4])
    func optional(_ elements: [[Float]]?) -> [UInt8] {
      var optional = ProtobufWriter()
      optional.varint(2, elements == nil ? 0 : 3)
      if let elements {
        optional.message(5) { sequence in
          sequence.varint(2, 1)
          for element in elements { sequence.bytes(3, tensor(element)) }
        }
      }
      return optional.bytes
    }
    try addCase("g/test_a", model: writer.bytes, input: optional([[1], [2, 3]]), output: optional([[1], [2, 3]]))
    try addCase("g/test_b", model: writer.bytes, input: optional(nil), output: optional(nil))
    try addCase("g/test_c", model: writer.bytes, input: optional([[1]]), output: optional([[1], [2]]))
    try addCase("g/test_d", model: writer.bytes, input: optional(nil), output: optional([]))
    let result = try ConformanceSuite(folder: root.path).run()
    #expect(result.failures.map(\.name) == ["g/test_c", "g/test_d"])
    #expect(
      result.failures.map(\.reason) == [
        "output y: a sequence of 1 instead of 2", "output y: an absent optional instead of sequence of 0",
      ])
  }

  @Test func `reads maps as ZipMap gives them`() throws {
    defer { try? FileManager.default.removeItem(at: root.deletingLastPathComponent()) }
    var writer = ModelWriter()
    writer.input("x", [nil, 2])
    writer.node("ZipMap", ["x"], ["y"], domain: "ai.onnx.ml", [.ints("classlabels_int64s", [7, -1])])
    writer.field(12) { info in
      info.string(1, "y")
      info.message(2) { type in
        type.message(4) { sequence in
          sequence.message(1) { element in
            element.message(5) { map in
              map.varint(1, 7)
              map.message(2) { values in values.message(1) { $0.varint(1, 1) } }
            }
          }
        }
      }
    }
    func maps(_ rows: [[Float]]) -> [UInt8] {
      var sequence = ProtobufWriter()
      for row in rows {
        sequence.message(6) { map in
          for key in [7, -1] as [Int64] { map.varint(3, key) }
          map.message(5) { values in
            for value in row { values.bytes(3, tensor([value], shape: [])) }
          }
        }
      }
      return sequence.bytes
    }
    let input = tensor([1, 2, 3, 4], shape: [2, 2])
    try addCase("g/test_a", model: writer.bytes, input: input, output: maps([[1, 2], [3, 4]]))
    try addCase("g/test_b", model: writer.bytes, input: input, output: maps([[1, 2], [3, 5]]))
    try addCase("g/test_c", model: writer.bytes, input: input, output: maps([[1, 2]]))
    let result = try ConformanceSuite(folder: root.path).run()
    #expect(result.failures.map(\.name) == ["g/test_b", "g/test_c"])
  }

  @Test func `makes inputs for a case that names its model only`() throws {
    defer { try? FileManager.default.removeItem(at: root.deletingLastPathComponent()) }
    var writer = ModelWriter()
    writer.input("x", [nil, 4])
    writer.node("Neg", ["x"], ["y"])
    writer.output("y", [nil, 4])
    try write("light/light_m.onnx", writer.bytes)
    try write("light/light_m_output_0.pb", tensor([0, -0.25, -0.5, -0.75], shape: [1, 4]))
    try write("real/test_m/data.json", Array(#"{"url": "onnx/backend/test/data/light/light_m.onnx"}"#.utf8))
    try write("real/test_n/data.json", Array(#"{"url": "https://example.com/light/light_m.onnx"}"#.utf8))
    try write("real/test_o/data.json", Array(#"{"url": "light/../light/light_m.onnx"}"#.utf8))
    let result = try ConformanceSuite(folder: root.path).run()
    #expect(result.passed == 1)
    #expect(result.failures.map(\.name) == ["real/test_n", "real/test_o"])
  }

  @Test func `fails a case that compares nothing, and a tree without cases`() throws {
    defer { try? FileManager.default.removeItem(at: root.deletingLastPathComponent()) }
    #expect(throws: ModelFileError.self) { try ConformanceSuite(folder: root.path) }
    #expect(throws: ModelFileError.self) { try ConformanceSuite(folder: root.path + "/none") }
    try write("g/test_a/model.onnx", negation)
    try write("g/test_b/model.onnx", negation)
    try write("g/test_b/test_data_set_0/input_0.pb", tensor([1]))
    let result = try ConformanceSuite(folder: root.path).run()
    #expect(result.failed == 2)
  }
}

@Suite struct `The tolerance of conformance cases` {
  private let tolerance = Tolerance(relative: 1e-3, absolute: 1e-7)

  @Test func `is relative to what is expected`() throws {
    func difference(_ actual: [Float], _ expected: [Float]) throws -> String? {
      try tolerance.difference(
        .tensor(try Tensor(shape: [actual.count], floats: actual)),
        .tensor(try Tensor(shape: [expected.count], floats: expected)))
    }
    #expect(try difference([1000.9, .nan, .infinity, 0], [1000, .nan, .infinity, -0.0]) == nil)
    #expect(try difference([1001.1], [1000]) != nil)
    #expect(try difference([1], [.infinity]) != nil)
    #expect(try difference([-.infinity], [.infinity]) != nil)
    #expect(try difference([.nan], [0]) != nil)
  }

  @Test func `holds for floats only`() throws {
    let (a, b) = (try Tensor(shape: [2], integers: [1, 10_000]), try Tensor(shape: [2], integers: [1, 10_001]))
    #expect(try tolerance.difference(.tensor(a), .tensor(b)) == "element 1 differs")
    let (c, d) = (try Tensor(shape: [1], strings: ["e\u{301}"]), try Tensor(shape: [1], strings: ["\u{e9}"]))
    #expect(try tolerance.difference(.tensor(c), .tensor(d)) != nil)
  }
}
