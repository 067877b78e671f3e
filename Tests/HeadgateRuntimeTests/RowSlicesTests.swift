import HeadgateRuntime
import HeadgateTensors
import Testing

@Suite struct `Rows in slices` {
  private func tensor(_ shape: [Int]) throws -> Tensor {
    try Tensor(shape: shape, floats: (0..<shape.reduce(1, *)).map(Float.init))
  }

  private func floats(_ slice: [String: Value], _ name: String) throws -> [Float] {
    try #require(slice[name]?.tensor).floats()
  }

  @Test func `follow each other, leave out what fills no slice, and begin again`() throws {
    var slices = try RowSlices(["a": try tensor([5]), "b": try tensor([5, 2])], of: 2)
    #expect(slices.count == 2)
    for expected: [Float] in [[0, 1], [2, 3], [0, 1], [2, 3]] {
      let slice = try slices.next()
      #expect(try floats(slice, "a") == expected)
      #expect(try floats(slice, "b") == expected.flatMap { [2 * $0, 2 * $0 + 1] })
      #expect(slice["b"]?.tensor?.shape == [2, 2])
    }
  }

  @Test func `leave an input without rows whole`() throws {
    var slices = try RowSlices(["a": try tensor([3]), "limit": try tensor([])], of: 1, whole: ["limit"])
    for row: Float in [0, 1, 2, 0] {
      let slice = try slices.next()
      #expect(try floats(slice, "a") == [row])
      #expect(slice["limit"]?.tensor?.shape == [])
    }
  }

  @Test(
    arguments: [
      (["a": [5], "b": [4]], 1, [], "input 'a' has shape [5] and 'b' [4]: all need as many rows"),
      (["a": [5], "b": []], 1, [], "input 'a' has shape [5] and 'b' []"),
      (["a": []], 1, [], "no input has rows"),
      (["a": [5]], 1, ["a"], "no input has rows"),
      (["a": [5]], 6, [], "the inputs have 5 rows, which make no slice of 6"),
      (["a": [0]], 1, [], "the inputs have 0 rows"),
      (["a": [5]], 0, [], "no slice of 0"),
      (["a": [5]], 1, ["z"], "there is no input 'z'"),
    ] as [([String: [Int]], Int, Set<String>, String)])
  func `need as many rows in each input, and enough`(
    shapes: [String: [Int]], size: Int, whole: Set<String>, message: String
  ) throws {
    let inputs = try shapes.mapValues { try tensor($0) }
    let error = #expect(throws: RunError.self) { try RowSlices(inputs, of: size, whole: whole) }
    #expect(error?.code == .invalidInput)
    #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
  }
}
