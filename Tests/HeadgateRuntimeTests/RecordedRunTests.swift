import Foundation
import HeadgateRuntime
import HeadgateTensors
import Synchronization
import Testing

@Suite struct `A run that repeats an earlier one` {
  private func load(_ writer: ModelWriter, _ options: ModelOptions = ModelOptions()) throws -> Model {
    try Model(bytes: ModelBytes(writer.bytes), options: options)
  }

  /// The outputs as their bits.
  private func bits(_ values: [Value]) throws -> [[UInt64]] {
    try values.map { value in
      let tensor = try #require(value.tensor)
      return tensor.elementType == .double
        ? try tensor.doubles().map(\.bitPattern) : try tensor.floats().map { UInt64($0.bitPattern) }
    }
  }

  /// What a model gives in its first run, which is a plain one.
  private func plain(_ writer: ModelWriter, _ inputs: [Tensor]) throws -> [[UInt64]] {
    var outputs: [Value] = []
    try load(writer).run(inputs, into: &outputs)
    return try bits(outputs)
  }

  @Test(arguments: RecordedModel.all + RecordedModel.others, [1, nil]) func `gives the bits of a plain run`(
    _ model: RecordedModel, _ threads: Int?
  ) throws {
    let loaded = try load(model.writer, ModelOptions(maxThreads: threads))
    var outputs: [Value] = []
    for seed in 0..<6 {
      let inputs = try model.inputs(seed)
      try loaded.run(inputs, into: &outputs)
      let bits = try bits(outputs)
      #expect(try bits == plain(model.writer, inputs), "run \(seed)")
      #expect(bits.allSatisfy { !$0.isEmpty })
    }
  }

  @Test func `takes inputs of several shapes in turns`() throws {
    let model = RecordedModel.perceptron
    let loaded = try load(model.writer)
    var outputs: [Value] = []
    for round in 0..<5 {
      for rows in [1, 7, 3, 40] {
        let input = try Tensor(shape: [rows, 12], floats: RecordedModel.numbers(rows * 12, seed: round))
        try loaded.run([input], into: &outputs)
        #expect(try bits(outputs) == plain(model.writer, [input]), "round \(round), \(rows) rows")
      }
    }
  }

  @Test func `leaves the outputs alone that its caller still has`() throws {
    let model = RecordedModel.perceptron
    let loaded = try load(model.writer)
    var kept: [(tensor: Tensor, bits: [UInt32])] = []
    for seed in 0..<8 {
      var outputs: [Value] = []
      try loaded.run(model.inputs(seed), into: &outputs)
      let tensor = try #require(outputs.first?.tensor)
      kept.append((tensor, try tensor.floats().map(\.bitPattern)))
    }
    #expect(Set(kept.map(\.bits)).count == 8)
    for (tensor, bits) in kept { #expect(try tensor.floats().map(\.bitPattern) == bits) }
  }

  @Test func `goes on in several threads at once`() throws {
    let model = RecordedModel.images
    let loaded = try load(model.writer)
    let expected = try (0..<4).map { try plain(model.writer, model.inputs($0)) }
    let failures = Mutex<[String]>([])
    DispatchQueue.concurrentPerform(iterations: 4) { thread in
      do {
        var outputs: [Value] = []
        for _ in 0..<50 {
          try loaded.run(model.inputs(thread), into: &outputs)
          let found = try bits(outputs)
          if found != expected[thread] { failures.withLock { $0.append("thread \(thread) has another answer") } }
        }
      } catch {
        failures.withLock { $0.append("\(error)") }
      }
    }
    #expect(failures.withLock { $0 }.isEmpty)
  }

  /// How many elements NonZero finds is no matter of shapes.
  @Test func `is done anew when a result has another shape`() throws {
    var model = ModelWriter()
    model.input("x", [nil])
    model.node("NonZero", ["x"], ["places"])
    model.node("Transpose", ["places"], ["columns"], [.ints("perm", [1, 0])])
    model.node("GatherND", ["x", "columns"], ["found"])
    model.node("Neg", ["found"], ["y"])
    model.output("y", [nil])
    let loaded = try load(model)
    var outputs: [Value] = []
    for numbers in [[1, 0, 2, 0], [0, 3, 0, 4], [5, 0, 0, 6], [7, 8, 9, 0], [1, 0, 2, 0]] as [[Float]] {
      try loaded.run([Tensor(shape: [4], floats: numbers)], into: &outputs)
      #expect(try outputs[0].tensor?.floats() == numbers.filter { $0 != 0 }.map { -$0 })
    }
  }

  /// Where a slice begins is read before anything is computed, so that it must not be taken for the same each time.
  @Test func `reads anew what says where others are found`() throws {
    var model = ModelWriter()
    model.input("x", [4])
    model.input("start", type: 7, [1])
    model.input("end", type: 7, [1])
    model.node("Slice", ["x", "start", "end"], ["s"])
    model.node("Neg", ["s"], ["y"])
    model.output("y", [nil])
    let loaded = try load(model)
    let x = try Tensor(shape: [4], floats: [1, 2, 3, 4])
    var outputs: [Value] = []
    for start in [0, 1, 2, 0, 2, 1] as [Int64] {
      let bounds = try [start, start + 2].map { try Tensor(shape: [1], integers: [$0]) }
      try loaded.run([x] + bounds, into: &outputs)
      #expect(try outputs[0].tensor?.floats() == [Float(-start - 1), Float(-start - 2)])
    }
  }

  @Test func `reads anew within which bounds numbers are kept`() throws {
    var model = ModelWriter()
    model.input("x", [3])
    model.input("least", [])
    model.node("Clip", ["x", "least"], ["y"])
    model.output("y", [3])
    let loaded = try load(model)
    let x = try Tensor(shape: [3], floats: [1, 2, 3])
    var outputs: [Value] = []
    for least in [0, 2, 1, 5, 2] as [Float] {
      try loaded.run([x, Tensor(shape: [], floats: [least])], into: &outputs)
      #expect(try outputs[0].tensor?.floats() == [1, 2, 3].map { max($0, least) })
    }
  }

  /// The count decides no shape that is known before.
  @Test func `goes round a loop as often as it is told`() throws {
    var body = ModelWriter()
    body.input("i", type: 7, [])
    body.input("c", type: 9, [])
    body.input("v", [2])
    body.node("Identity", ["c"], ["c2"])
    body.node("Identity", ["v"], ["v2"])
    body.node("Identity", ["v"], ["scan"])
    body.output("c2", type: 9, [])
    for name in ["v2", "scan"] { body.output(name, [2]) }
    var model = ModelWriter()
    model.input("m", type: 7, [])
    model.input("x", [2])
    model.node("Loop", ["m", "", "x"], ["last", "y"], [.graph("body", body)])
    model.output("y", [nil, 2])
    let loaded = try load(model)
    let x = try Tensor(shape: [2], floats: [3, 4])
    var outputs: [Value] = []
    for count in [3, 3, 3, 5, 2, 3] as [Int64] {
      try loaded.run([Tensor(shape: [], integers: [count]), x], into: &outputs)
      #expect(outputs[0].tensor?.shape == [Int(count), 2])
      #expect(try outputs[0].tensor?.floats() == (0..<count).flatMap { _ in [3, 4] as [Float] })
    }
  }

  @Test func `takes the branch that its condition says`() throws {
    var (yes, no) = (ModelWriter(), ModelWriter())
    yes.node("Neg", ["a"], ["o"])
    yes.output("o", [nil])
    no.node("Exp", ["a"], ["o"])
    no.output("o", [nil])
    var model = ModelWriter()
    model.input("c", type: 9, [])
    model.input("x", [nil])
    model.node("Abs", ["x"], ["a"])
    model.node("If", ["c"], ["y"], [.graph("then_branch", yes), .graph("else_branch", no)])
    model.output("y", [nil])
    let loaded = try load(model)
    var outputs: [Value] = []
    for (run, isTaken) in [true, true, true, false, true, false].enumerated() {
      let condition = try Tensor(shape: [], bools: [isTaken])
      try loaded.run([condition, Tensor(shape: [1], floats: [Float(run) - 9])], into: &outputs)
      let found = try #require(try outputs[0].tensor?.floats().first)
      #expect(isTaken ? found == Float(run) - 9 : abs(found - exp(9 - Float(run))) < 1e-3 * found)
    }
  }

  @Test func `goes on after one that failed`() throws {
    let model = RecordedModel.attention
    let loaded = try load(model.writer)
    var outputs: [Value] = []
    let outside = try Tensor(shape: [2, 6], integers: [Int64](repeating: 11, count: 12))
    for seed in 0..<6 {
      let inputs = try model.inputs(seed)
      try loaded.run(inputs, into: &outputs)
      #expect(try bits(outputs) == plain(model.writer, inputs))
      let error = #expect(throws: RunError.self) { try loaded.run([outside], into: &outputs) }
      #expect(error?.code == .nodeFailed && error?.message.contains("index 11 is outside") == true)
      #expect(outputs.isEmpty)
    }
  }

  @Test func `keeps within what a run may take`() throws {
    let model = RecordedModel.images
    let enough = try load(model.writer, ModelOptions(maxRunBytes: 1 << 20))
    let tooLittle = try load(model.writer, ModelOptions(maxRunBytes: 1 << 12))
    var outputs: [Value] = []
    for seed in 0..<4 {
      try enough.run(model.inputs(seed), into: &outputs)
      #expect(try bits(outputs) == plain(model.writer, model.inputs(seed)))
      let error = #expect(throws: RunError.self) { try tooLittle.run(model.inputs(seed), into: &outputs) }
      #expect(error?.code == .memoryLimit)
    }
  }

  @Test func `says what is wrong with its inputs`() throws {
    let model = RecordedModel.arithmetic
    let loaded = try load(model.writer)
    var outputs: [Value] = []
    let inputs = try model.inputs(0)
    var error = #expect(throws: RunError.self) { try loaded.run([inputs[0]], into: &outputs) }
    #expect(error?.message.contains("1 inputs are given, and the model has 'x'") == true)
    error = #expect(throws: RunError.self) { try loaded.run([inputs[0], inputs[0]], into: &outputs) }
    #expect(error?.message.contains("input 'z' must be") == true)
  }
}
