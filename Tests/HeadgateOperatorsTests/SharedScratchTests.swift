import Testing

@testable import HeadgateOperators
@testable import HeadgateTensors

/// Runs whose memory is enough for one thread only.
@Suite struct `Scratch memory of threads` {
  private func budget(_ limit: Int) -> MemoryBudget {
    MemoryBudget(limit: limit, team: ThreadTeam(width: 4, pool: ThreadPool(processorCount: 4), leastShared: 0))
  }

  @Test func `makes no attention fail that one thread can compute`() throws {
    let (heads, keys, size) = (4, 512, 8)
    let tensor = try floats([1, heads, keys, size], (0..<heads * keys * size).map { Float($0 % 7) * 0.1 })
    // 128 queries by 512 keys of floats for a thread, and the output.
    let limit = 4 * (128 * (keys + size) + heads * keys * size) + 1024
    let tight = budget(limit)
    let inputs = [tensor, tensor, tensor]
    let answer = try run("Attention", opset: 23, inputs, budget: tight)[0].floats()
    #expect(answer == (try run("Attention", opset: 23, inputs, budget: .unlimited)[0].floats()))
    #expect(throws: TensorError.self) { try run("Attention", opset: 23, inputs, budget: budget(limit / 2)) }
    // Only the output is left of it; nobody holds that any more.
    #expect(tight.liveByteCount == 0)
  }

  @Test func `is given to each of them when there is enough`() throws {
    let roomy = budget(1 << 20)
    var members = 0
    try roomy.withTeamScratch(Float.self, count: 100, parts: 3) { scratch, team in
      members = team.width
      #expect(roomy.liveByteCount == 4 * 100 * 3)
      scratch.update(repeating: 0, count: 300)
    }
    #expect(members == 3)
    try budget(4 * 250).withTeamScratch(Float.self, count: 100, parts: 3) { _, team in members = team.width }
    #expect(members == 1)
  }
}
