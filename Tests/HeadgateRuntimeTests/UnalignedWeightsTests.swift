import Foundation
import HeadgateRuntime
import HeadgateTensors
import Testing

/// Nothing in a file says where the bytes of a weight begin.
@Suite struct `Weights that are not aligned in their file` {
  private static func numbers(_ count: Int, _ seed: UInt64) -> [Float] {
    var state = seed
    // Few bits, so that sums of their products are exact in any order.
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float(Int64(bitPattern: state) >> 58)
    }
  }

  private static func product(_ a: [Float], _ b: [Float], _ m: Int, _ n: Int, _ k: Int) -> [Float] {
    (0..<m * n).map { index in (0..<k).reduce(0) { $0 + a[index / n * k + $1] * b[$1 * n + index % n] } }
  }

  /// Matrices are only multiplied with, or gathered from as well, or only gathered from; the bias is read as it is.
  @Test(arguments: 0..<4) func `give the same results wherever they lie`(_ padding: Int) throws {
    let pad = String(repeating: "_", count: padding)
    var writer = ModelWriter()
    writer.input("x", [2, 19])
    writer.input("i", type: 7, [1])
    for (name, rows, columns) in [("w\(pad)", 19, 70), ("tied\(pad)", 70, 33), ("turned\(pad)", 21, 33)] {
      writer.weight(name, [Int64(rows), Int64(columns)], Self.numbers(rows * columns, UInt64(rows)))
    }
    writer.weight("bias\(pad)", [70], Self.numbers(70, 5))
    writer.weight("table\(pad)", [2, 5, 3], Self.numbers(30, 7))
    writer.node("Gather", ["table\(pad)", "i"], ["cells"], [.int("axis", 1)])
    writer.node("MatMul", ["x", "w\(pad)"], ["p"])
    writer.node("Add", ["p", "bias\(pad)"], ["q"])
    writer.node("MatMul", ["q", "tied\(pad)"], ["r"])
    writer.node("Gemm", ["r", "turned\(pad)"], ["y"], [.int("transB", 1)])
    writer.node("Gather", ["tied\(pad)", "i"], ["row"])
    writer.output("y", [2, 21])
    writer.output("row", [1, 33])
    writer.output("cells", [2, 1, 3])
    let x = Self.numbers(38, 9)
    let inputs = ["x": try Tensor(shape: [2, 19], floats: x), "i": try Tensor(shape: [1], integers: [3])]
    let outputs = try withFile(writer.bytes) { try Model(path: $0).run(inputs) }
    let (w, tied, turned) = (Self.numbers(19 * 70, 19), Self.numbers(70 * 33, 70), Self.numbers(21 * 33, 21))
    let bias = Self.numbers(70, 5)
    let hidden = Self.product(x, w, 2, 70, 19).enumerated().map { $0.element + bias[$0.offset % 70] }
    let columns = (0..<33).flatMap { row in (0..<21).map { column -> Float in turned[column * 33 + row] } }
    let expected = Self.product(Self.product(hidden, tied, 2, 33, 70), columns, 2, 21, 33)
    #expect(try outputs["y"]?.tensor?.floats() == expected)
    let table = Self.numbers(30, 7)
    #expect(try outputs["cells"]?.tensor?.floats() == Array(table[9..<12] + table[24..<27]))
    #expect(try outputs["row"]?.tensor?.floats() == Array(tied[99..<132]))
  }

  /// In a process of its own, whose memory no other test changes. The first weight is gathered from, where it lies in
  /// the file, the second is multiplied with and so is packed; 16 MiB each.
  @Test func `are in memory once`() async {
    await #expect(processExitsWith: .success) {
      for padding in 0..<4 {
        let (rows, columns) = (4096, 1024)
        let values = [Float](repeating: 0, count: rows * columns).indices.map { Float($0 % 251) }
        let table = "table" + String(repeating: "_", count: padding)
        var writer = ModelWriter()
        writer.input("i", type: 7, [1])
        writer.weight(table, [Int64(rows), Int64(columns)], values)
        writer.weight("matrix", [Int64(columns), Int64(rows)], values)
        writer.node("Gather", [table, "i"], ["row"])
        writer.node("MatMul", ["row", "matrix"], ["y"])
        writer.output("y", [1, Int64(rows)])
        let bytes = writer.bytes
        try withFile(bytes) { path in
          let before = try residentByteCount()
          let model = try Model(path: path)
          let grown = try residentByteCount() - before
          // With what else a process takes for its first model.
          #expect(grown < rows * columns * 4 + (8 << 20))
          let outputs = try model.run(["i": Tensor(shape: [1], integers: [7])])
          let y = try #require(outputs["y"]?.tensor).floats()
          let row = values[7 * columns..<8 * columns]
          let sum = row.enumerated().reduce(0.0) { $0 + Double($1.element) * Double(values[$1.offset * rows + 5]) }
          #expect(abs(Double(y[5]) - sum) <= 1e-5 * sum)
        }
      }
    }
  }
}

/// A file with a model, which is gone when the body returns.
private func withFile<Result>(_ bytes: [UInt8], _ body: (String) throws -> Result) throws -> Result {
  let url = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString + ".onnx")
  try Data(bytes).write(to: url)
  defer { try? FileManager.default.removeItem(at: url) }
  return try body(url.path)
}

private func residentByteCount() throws -> Int {
  let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
  return try #require(Int(pages[1])) * Int(sysconf(Int32(_SC_PAGESIZE)))
}
