import Foundation
import HeadgateRuntime
import HeadgateTensors
import Testing

@Suite struct `The graph check` {
  private func failure(_ build: (inout ModelWriter) -> Void) -> ModelFileError? {
    var writer = ModelWriter()
    build(&writer)
    return #expect(throws: ModelFileError.self) { try Model(bytes: ModelBytes(writer.bytes)) }
  }

  @Test func `lists every unsupported operator at once`() {
    let error = failure { writer in
      writer.input("x", [nil])
      writer.node("Frobnicate", ["x"], ["y"], name: "first")
      writer.node("Grind", ["y"], ["z"], domain: "com.example")
      writer.node("Grind", ["z"], ["w"], domain: "com.example")
      writer.output("w", [nil])
    }
    #expect(error?.code == .unsupported)
    #expect(error?.message.contains("Frobnicate (ai.onnx, opset 17, 1 node, first in node 'first')") == true)
    #expect(error?.message.contains("Grind (com.example, opset 1, 2 nodes)") == true)
  }

  @Test func `names an input that nothing gives`() {
    let error = failure { writer in
      writer.node("Relu", ["x"], ["y"], name: "act")
      writer.output("y", [nil])
    }
    #expect(error?.code == .invalidGraph)
    #expect(error?.message == "node Relu 'act': input 'x' is given by no node, weight or input")
  }

  @Test func `refuses nodes that wait for each other`() {
    let error = failure { writer in
      writer.input("x", [nil])
      writer.node("Add", ["x", "b"], ["a"], name: "one")
      writer.node("Relu", ["a"], ["b"], name: "two")
      writer.output("b", [nil])
    }
    #expect(error?.message == "nodes depend on each other in a circle: 'one', 'two'")
  }

  @Test func `refuses a name that is defined twice`() {
    let error = failure { writer in
      writer.input("x", [nil])
      writer.node("Relu", ["x"], ["y"])
      writer.node("Neg", ["x"], ["y"])
      writer.output("y", [nil])
    }
    #expect(error?.code == .invalidGraph)
  }

  @Test func `refuses lists of graphs, and ignores types`() throws {
    let error = failure { writer in
      writer.node("Constant", [], ["y"], name: "c", [.message("branches", field: 11, ProtobufWriter(), kind: 10)])
      writer.output("y", [nil])
    }
    #expect(
      error?.message
        == "node Constant 'c': attribute 'branches' is of kind list of graphs, which no operator here reads")
    var writer = ModelWriter()
    writer.node("Optional", [], ["none"], [.message("type", field: 14, ProtobufWriter(), kind: 13)])
    writer.node("OptionalHasElement", ["none"], ["y"])
    writer.output("y", type: 9, [])
    #expect(try Model(bytes: ModelBytes(writer.bytes)).run([:])["y"]?.tensor?.bools() == [false])
  }

  @Test func `sorts nodes that come in another order`() throws {
    var writer = ModelWriter()
    writer.input("x", [nil])
    writer.node("Neg", ["a"], ["y"])
    writer.node("Relu", ["x"], ["a"])
    writer.output("y", [nil])
    let model = try Model(bytes: ModelBytes(writer.bytes))
    let outputs = try model.run(["x": try Tensor(shape: [2], floats: [3, -3])])
    #expect(try outputs["y"]?.tensor?.floats() == [-3, 0])
  }

  @Test func `finds external data without loading`() throws {
    var writer = ModelWriter()
    writer.externalWeight("w", [2], location: "../secret.bin", offset: 0, length: 8)
    writer.node("Relu", ["w"], ["y"])
    writer.output("y", [nil])
    let inspection = try ModelInspection.inspect(ModelBytes(writer.bytes))
    #expect(inspection.externalData == ["../secret.bin"])
    #expect(inspection.operators.map(\.name) == ["Relu"])
    #expect(!inspection.operators.contains { !$0.isSupported })
  }
}

@Suite struct `External data` {
  private let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("headgate-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      at: folder.appendingPathComponent("inner"), withIntermediateDirectories: true)
    let weights: [Float] = [9, 9, 1.5, -2]
    let bytes = weights.withUnsafeBytes { Data($0) }
    try bytes.write(to: folder.appendingPathComponent("inner/weights.bin"))
    try bytes.write(to: folder.appendingPathComponent("secret.bin"))
  }

  private func load(_ location: String, length: Int = 8, allowed: Bool = true) throws -> [Float]? {
    var writer = ModelWriter()
    writer.input("x", [nil])
    writer.externalWeight("w", [2], location: location, offset: 8, length: length)
    writer.node("Add", ["x", "w"], ["y"])
    writer.output("y", [nil])
    let path = folder.appendingPathComponent("inner/model.onnx").path
    try Data(writer.bytes).write(to: URL(fileURLWithPath: path))
    let model = try Model(path: path, options: ModelOptions(allowsExternalData: allowed))
    return try model.run(["x": try Tensor(shape: [2], floats: [0, 0])])["y"]?.tensor?.floats()
  }

  @Test func `is read from beside the model`() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    #expect(try load("weights.bin") == [1.5, -2])
    #expect(try load("./weights.bin") == [1.5, -2])
  }

  @Test(arguments: ["../secret.bin", "/etc/passwd", "a/../../secret.bin", "", "link.bin", "none.bin", "up/secret.bin"])
  func `is refused from elsewhere`(location: String) throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let inner = folder.appendingPathComponent("inner")
    try FileManager.default.createSymbolicLink(
      atPath: inner.appendingPathComponent("link.bin").path, withDestinationPath: "../secret.bin")
    try FileManager.default.createSymbolicLink(
      atPath: inner.appendingPathComponent("up").path, withDestinationPath: "..")
    let error = #expect(throws: ModelFileError.self) { try load(location) }
    #expect(error?.code == .externalData)
  }

  @Test func `is refused when it is too short, or not allowed`() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    #expect(throws: ModelFileError.self) { try load("weights.bin", length: 16) }
    #expect(throws: ModelFileError.self) { try load("weights.bin", allowed: false) }
  }
}
