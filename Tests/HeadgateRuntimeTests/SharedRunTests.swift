import HeadgateRuntime
import HeadgateTensors
import Testing

/// Work that is long enough to be shared where a processor is idle.
@Suite struct `A run that threads share` {
  private func numbers(_ count: Int) -> [Float] { (0..<count).map { Float($0 % 97) * 0.01 - 0.4 } }

  @Test func `gives the bits that one thread gives`() throws {
    var writer = ModelWriter()
    writer.input("x", [4, 16, 48, 48])
    writer.weight("w", [32, 16, 3, 3], numbers(32 * 16 * 9))
    writer.node("Conv", ["x", "w"], ["c"], [.ints("pads", [1, 1, 1, 1])])
    writer.node("MaxPool", ["c"], ["p"], [.ints("kernel_shape", [2, 2]), .ints("strides", [2, 2])])
    writer.node("Tanh", ["p"], ["t"])
    writer.node("Flatten", ["t"], ["f"])
    writer.weight("m", [32 * 24 * 24, 64], numbers(32 * 24 * 24 * 64))
    writer.node("MatMul", ["f", "m"], ["y"])
    writer.output("y", [nil, nil])
    let input = try Tensor(shape: [4, 16, 48, 48], floats: numbers(4 * 16 * 48 * 48))
    func answer(_ threads: Int?) throws -> [Float] {
      let model = try Model(bytes: ModelBytes(writer.bytes), options: ModelOptions(maxThreads: threads))
      return try #require(try model.run(["x": input])["y"]?.tensor).floats()
    }
    let alone = try answer(1).map(\.bitPattern)
    #expect(alone.count == 4 * 64)
    for _ in 0..<5 { #expect(try answer(nil).map(\.bitPattern) == alone) }
  }
}
