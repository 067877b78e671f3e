import Foundation
import HeadgateTensors
import Testing

@testable import HeadgateRuntime

@Suite struct `A hostile model file` {
  @Test func `is refused when cut short at any byte`() {
    let bytes = ModelWriter.classifier.bytes
    let loadable = bytes.indices.filter { (try? Model(bytes: ModelBytes(bytes[..<$0]))) != nil }
    // Without its last message, the import of a domain that no node uses, the file is still a whole model.
    #expect(loadable == [bytes.count - 16])
  }

  /// The count comes from HEADGATE_SCALE_FUZZ. Whatever the bytes are, loading and running end in a
  /// value or an error.
  @Test(arguments: [ModelWriter.classifier, .composite])
  func `never traps, whichever bytes are flipped`(model: ModelWriter) throws {
    let count = ProcessInfo.processInfo.environment["HEADGATE_SCALE_FUZZ"].flatMap(Int.init) ?? 2000
    let original = model.bytes
    let input = try Tensor(shape: [2, 4], floats: [1, 2, 3, 4, 5, 6, 7, 8])
    var random = SplitMix(state: 20)
    var loaded = 0
    for _ in 0..<count {
      var bytes = original
      for _ in 0...Int(random.next() % 4) {
        bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
      }
      guard let model = try? Model(bytes: ModelBytes(bytes), options: ModelOptions(maxRunBytes: 1 << 20)) else {
        continue
      }
      loaded += 1
      _ = try? model.run(["x": input])
    }
    // Many flips hit weights or names, so a part must still load; else the test tests nothing.
    #expect(loaded > count / 50)
    #expect(loaded < count)
  }

  @Test func `is refused with the place when a length passes its message`() {
    let error = #expect(throws: ModelFileError.self) { try Model(bytes: ModelBytes([0x08, 0x08, 0x3A, 0x7F, 0x00])) }
    #expect(error?.code == .malformed)
    #expect(error?.byteOffset == 3)
  }

  @Test(
    arguments: [
      ("a varint without an end", [0x08] + [UInt8](repeating: 0xFF, count: 20)),
      ("a varint that does not end with the file", [0x08, 0x80]),
      ("a wire type that does not exist", [0x0F]),
      ("field number zero", [0x00, 0x01]),
      ("a version written as a string", [0x0A, 0x01, 0x41]),
      ("no bytes", []),
      ("text", Array("not a model".utf8)),
    ] as [(String, [UInt8])])
  func `is refused as malformed`(what: String, bytes: [UInt8]) {
    let error = #expect(throws: ModelFileError.self) { try Model(bytes: ModelBytes(bytes)) }
    #expect(error?.code == .malformed, "\(what)")
  }

  @Test func `may not nest messages without end`() {
    var graph: [UInt8] = []
    for _ in 0..<200 {
      var attribute = ProtobufWriter()
      attribute.bytes(6, graph)
      var node = ProtobufWriter()
      node.bytes(5, attribute.bytes)
      var outer = ProtobufWriter()
      outer.bytes(1, node.bytes)
      graph = outer.bytes
    }
    var model = ProtobufWriter()
    model.varint(1, 8)
    model.bytes(7, graph)
    let error = #expect(throws: ModelFileError.self) { try Model(bytes: ModelBytes(model.bytes)) }
    #expect(error?.code == .tooLarge)
  }

  @Test func `may not ask for more weights than it holds`() {
    var writer = ModelWriter()
    writer.weight("w", [1 << 40, 1 << 40], [1])
    writer.output("w", [nil])
    let error = #expect(throws: ModelFileError.self) { try Model(bytes: ModelBytes(writer.bytes)) }
    #expect(error?.code == .malformed)
  }

  @Test func `may not ask for more memory than a run has`() throws {
    var writer = ModelWriter()
    writer.input("shape", type: 7, [nil])
    writer.node("ConstantOfShape", ["shape"], ["y"])
    writer.output("y", [nil])
    let model = try Model(bytes: ModelBytes(writer.bytes))
    for shape: [Int64] in [[1 << 40], [1 << 32, 1 << 32], [.max, 2], [-1]] {
      #expect(throws: RunError.self) { try model.run(["shape": try Tensor(shape: [shape.count], integers: shape)]) }
    }
  }
}

/// A small generator with a fixed sequence (SplitMix64).
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
