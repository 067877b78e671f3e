import HeadgateTensors
import Testing

@Suite struct `A tensor` {
  @Test func `gives back its elements, by their type only`() throws {
    let tensor = try Tensor(shape: [2, 2], floats: [1, 2, 3, 4])
    #expect(try tensor.floats() == [1, 2, 3, 4])
    let error = #expect(throws: TensorError.self) { try tensor.integers() }
    #expect(error?.code == .elementType)
    #expect(try Tensor(shape: [2], strings: ["a", "häß"]).strings() == ["a", "häß"])
    #expect(try Tensor(shape: [], bools: [true]).bools() == [true])
  }

  @Test(arguments: [([2, 2], 3), ([-1], 1), ([0], 1), ([.max, 2], 1), ([1 << 40, 1 << 40], 0)] as [(Shape, Int)])
  func `refuses elements that do not fill its shape`(shape: Shape, count: Int) {
    #expect(throws: TensorError.self) { try Tensor(shape: shape, floats: [Float](repeating: 0, count: count)) }
  }

  @Test func `shares its elements with other shapes and rows of it`() throws {
    let tensor = try Tensor(shape: [3, 2], integers: [1, 2, 3, 4, 5, 6])
    #expect(try tensor.rows(1..<3).integers() == [3, 4, 5, 6])
    #expect(try tensor.rows(1..<1).shape == [0, 2])
    #expect(try tensor.rows(2..<3).reshaped(to: [2]).integers() == [5, 6])
    #expect(throws: TensorError.self) { try tensor.rows(2..<4) }
    #expect(throws: TensorError.self) { try tensor.reshaped(to: [4]) }
  }

  @Test func `frees its share of the budget`() throws {
    let budget = MemoryBudget(limit: 100)
    func make(_ count: Int) throws -> Tensor {
      try Tensor(shape: [count], of: Float.self, budget: budget) { $0.update(repeating: 0) }
    }
    do {
      let first = try make(20)
      #expect(budget.liveByteCount == first.count * 4)
      let error = #expect(throws: TensorError.self) { try make(6) }
      #expect(error?.code == .memoryLimit)
    }
    #expect(budget.liveByteCount == 0)
    #expect(throws: Never.self) { try make(25) }
  }

  @Test func `is refused, not fatal, when the sum does not fit a number`() throws {
    let budget = MemoryBudget(limit: .max)
    let first = try Tensor(shape: [1 << 16], of: UInt8.self, budget: budget) { $0.update(repeating: 0) }
    let error = #expect(throws: TensorError.self) {
      try Tensor(shape: [(1 << 48) - 1, 1 << 15], of: UInt8.self, budget: budget) { _ in }
    }
    #expect(error?.code == .memoryLimit)
    #expect(budget.liveByteCount == first.count)
  }

  @Test func `bounds the steps of all loops together`() throws {
    let budget = MemoryBudget(limit: 10 << 10)
    for _ in 0..<8 { try budget.countSteps() }
    #expect(throws: TensorError.self) { try budget.countSteps(3) }
    #expect(throws: TensorError.self) { try MemoryBudget(limit: .max, foldingUntil: .now).countSteps() }
    #expect(throws: TensorError.self) { try budget.countSteps(.max) }
  }

  /// More than any machine has addresses for.
  @Test func `is refused, not fatal, when the machine has no room that the budget would allow`() throws {
    let budget = MemoryBudget(limit: .max)
    let error = #expect(throws: TensorError.self) {
      try Tensor(shape: [1 << 50], of: UInt8.self, budget: budget) { _ in }
    }
    #expect(error?.code == .memoryLimit)
    #expect(budget.liveByteCount == 0)
  }
}
