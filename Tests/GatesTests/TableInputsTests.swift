import Foundation
import Gates
import HeadgateRuntime
import Testing

@Suite struct `A table for a run by hand` {
  private static let matrix = ValueInfo(name: "features", kind: .tensor, elementType: .float, shape: [nil, 2])

  private func tensors(
    _ csv: String, _ inputs: [ValueInfo], features: [String]? = nil, named: [String] = [], missing: [String] = [""]
  ) throws -> [String: Tensor] {
    let path = NSTemporaryDirectory() + "table-\(UUID().uuidString).csv"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try csv.write(toFile: path, atomically: true, encoding: .utf8)
    return try TableInputs(csv: path, for: inputs, features: features, named: named, missing: missing).tensors
  }

  @Test func `fills one input of several columns`() throws {
    let all = try tensors("a,b\n1,2\n3,4\n", [Self.matrix])
    #expect(try all["features"]?.floats() == [1, 2, 3, 4])
    let chosen = try tensors("b,x,a\n2,9,1\n", [Self.matrix], features: ["a", "b"])
    #expect(try chosen["features"]?.floats() == [1, 2])
    // The model's own names count where the table has them, and its columns in order where not.
    let named = try tensors("b,x,a\n2,9,1\n", [Self.matrix], named: ["a", "b"])
    #expect(try named["features"]?.floats() == [1, 2])
    let unnamed = try tensors("p,q\n2,1\n", [Self.matrix], named: ["a", "b"])
    #expect(try unnamed["features"]?.floats() == [2, 1])
  }

  @Test func `fills inputs by name, with NaN and the empty text for what is missing`() throws {
    let inputs = [
      ValueInfo(name: "a", kind: .tensor, elementType: .float, shape: [nil, 1]),
      ValueInfo(name: "t", kind: .tensor, elementType: .string, shape: [nil]),
    ]
    let tensors = try tensors("t,a\n,1\nNA,\n", inputs, missing: ["", "NA"])
    #expect(try tensors["t"]?.strings() == ["", ""])
    #expect(tensors["a"]?.shape == [2, 1])
    #expect(try tensors["a"]?.floats()[1].isNaN == true)
  }

  @Test(arguments: [
    ("a,b,c\n1,2,3\n", "--features"), ("a,b\n1,x\n", "--missing"), ("a,b\n", "no rows"), ("a,a\n1,2\n", "a"),
  ])
  func `is refused with what to do`(csv: String, word: String) {
    let error = #expect(throws: TableInputs.Failure.self) { try tensors(csv, [Self.matrix]) }
    #expect(error?.message.contains(word) == true, "\(error?.message ?? "")")
  }

  private static let column = ValueInfo(name: "a", kind: .tensor, elementType: .float, shape: [nil, 1])

  // Whoever runs a model by hand has no spec.
  @Test(
    arguments: [
      ("a,b,c\n1,2,3\n", [matrix], nil, "list its columns in order under --features"),
      ("a,b\n1,2\n", [matrix], ["a"], "--features lists 1 columns"),
      ("a,b\n1,2\n", [column, matrix], ["a", "b"], "--features is for a model with one [rows, columns] input"),
      ("b,c\n1,2\n", [column], nil, "list --features"), ("a\nx\n", [column], nil, "pass it as --missing"),
    ] as [(String, [ValueInfo], [String]?, String)])
  func `is refused in the words of options, not of a spec`(
    csv: String, inputs: [ValueInfo], features: [String]?, words: String
  ) {
    let error = #expect(throws: TableInputs.Failure.self) { try tensors(csv, inputs, features: features) }
    let message = error?.message ?? ""
    #expect(message.contains(words), "\(message)")
    #expect(!message.contains("serving.") && !message.contains("missing values"), "\(message)")
  }
}
