import HeadgateRuntime
import HeadgateTensors
import Testing

@Suite struct `A function of the model` {
  private func run(_ input: [Float], opset: Int64 = 17, _ build: (inout ModelWriter) -> Void) throws -> [Float]? {
    var writer = ModelWriter()
    writer.opset = opset
    writer.input("x", [nil])
    build(&writer)
    writer.output("y", [nil])
    let model = try Model(bytes: ModelBytes(writer.bytes))
    return try model.run(["x": try Tensor(shape: [input.count], floats: input)])["y"]?.tensor?.floats()
  }

  private func failure(_ build: (inout ModelWriter) -> Void) -> ModelFileError? {
    #expect(throws: ModelFileError.self) { try run([1], build) }
  }

  private func leak(_ writer: inout ModelWriter, defaults: [ModelWriter.Attribute] = []) {
    writer.function("Leak", ["a"], ["b"], attributes: ["slope"], defaults: defaults) { body in
      body.node("LeakyRelu", ["a"], ["b"], [.reference("alpha", of: "slope", kind: 1)])
    }
  }

  @Test func `takes attributes of the call`() throws {
    let result = try run([-2, 4]) { writer in
      leak(&writer, defaults: [.float("slope", 0.25)])
      writer.node("Leak", ["x"], ["y"], domain: "local", [.float("slope", 0.5)])
    }
    #expect(result == [-1, 4])
  }

  @Test func `takes its own default for an attribute that the call leaves out`() throws {
    let result = try run([-2, 4]) { writer in
      leak(&writer, defaults: [.float("slope", 0.25)])
      writer.node("Leak", ["x"], ["y"], domain: "local")
    }
    #expect(result == [-0.5, 4])
  }

  @Test func `leaves an attribute without any value to the operator`() throws {
    let result = try run([-100, 4]) { writer in
      leak(&writer)
      writer.node("Leak", ["x"], ["y"], domain: "local")
    }
    #expect(result == [-1, 4])
  }

  @Test func `hands attributes on to the functions it calls`() throws {
    let result = try run([-2]) { writer in
      leak(&writer)
      writer.function("Twice", ["a"], ["b"], attributes: ["s"]) { body in
        body.node("Leak", ["a"], ["c"], domain: "local", [.reference("slope", of: "s", kind: 1)])
        body.node("Leak", ["c"], ["b"], domain: "local", [.reference("slope", of: "s", kind: 1)])
      }
      writer.node("Twice", ["x"], ["y"], domain: "local", [.float("s", 0.5)])
    }
    #expect(result == [-0.5])
  }

  @Test func `is told apart from others of its name by the overload`() throws {
    let result = try run([3]) { writer in
      writer.function("Op", overload: "plus", ["a"], ["b"]) { $0.node("Add", ["a", "a"], ["b"]) }
      writer.function("Op", overload: "times", ["a"], ["b"]) { $0.node("Mul", ["a", "a"], ["b"]) }
      writer.node("Op", ["x"], ["s"], domain: "local", overload: "plus")
      writer.node("Op", ["s"], ["y"], domain: "local", overload: "times")
    }
    #expect(result == [36])
  }

  @Test func `may be called without optional inputs`() throws {
    let result = try run([-5, 5]) { writer in
      writer.function("Bound", ["a", "low", "high"], ["b"]) { $0.node("Clip", ["a", "low", "high"], ["b"]) }
      writer.weight("one", [], [1])
      writer.node("Bound", ["x", "", "one"], ["below"], domain: "local")
      writer.node("Bound", ["below", "one"], ["y"], domain: "local")
    }
    #expect(result == [1, 1])
  }

  /// Softmax of opset 12 coerces to two dimensions, so that all six are normalised together; from 13 on by row.
  @Test func `means the operators of its own imports`() throws {
    let result = try run([1, 1, 1, 1, 1, 1], opset: 13) { writer in
      writer.function("Old", ["a"], ["b"], opset: 12) { $0.node("Softmax", ["a"], ["b"], [.int("axis", 0)]) }
      writer.field(5) { tensor in
        tensor.varint(1, 2)
        tensor.varint(2, 7)
        for extent in [2, 3] as [Int64] { tensor.varint(7, extent) }
        tensor.string(8, "shape")
      }
      writer.node("Reshape", ["x", "shape"], ["m"])
      writer.node("Old", ["m"], ["s"], domain: "local")
      writer.node("Flatten", ["s"], ["y"], [.int("axis", 0)])
    }
    #expect(result?.allSatisfy { abs($0 - 1 / 6) < 1e-6 } == true)
  }

  @Test func `may hold branches, and be called in them`() throws {
    let result = try run([2]) { writer in
      writer.function("Square", ["a"], ["b"]) { $0.node("Mul", ["a", "a"], ["b"]) }
      writer.function("Choose", ["a"], ["b"]) { body in
        body.node("ReduceSum", ["a"], ["sum"], [.int("keepdims", 0)])
        body.node("Greater", ["sum", "sum"], ["isMore"])
        var yes = ModelWriter()
        yes.node("Identity", ["a"], ["o"])
        yes.output("o", [nil])
        var no = ModelWriter()
        no.node("Square", ["a"], ["o"], domain: "local")
        no.output("o", [nil])
        body.node("If", ["isMore"], ["b"], [.graph("then_branch", yes), .graph("else_branch", no)])
      }
      writer.node("Choose", ["x"], ["y"], domain: "local")
    }
    #expect(result == [4])
  }

  @Test func `sees no names of the caller`() {
    let error = failure { writer in
      writer.function("Peek", ["a"], ["b"]) { $0.node("Add", ["a", "x"], ["b"], name: "sum") }
      writer.node("Peek", ["x"], ["y"], name: "call", domain: "local")
    }
    #expect(error?.message == "node Add 'call/sum': input 'x' is given by no node, weight or input")
  }

  @Test func `may not call itself, however indirectly`() {
    let error = failure { writer in
      writer.function("A", ["a"], ["b"]) { $0.node("B", ["a"], ["b"], domain: "local") }
      writer.function("B", ["a"], ["b"]) { $0.node("A", ["a"], ["b"], domain: "local") }
      writer.node("A", ["x"], ["y"], domain: "local")
    }
    #expect(error?.code == .invalidGraph)
    #expect(error?.message == "a function calls itself: local.A -> local.B -> local.A")
  }

  @Test func `may not stand for nodes without end`() {
    let error = failure { writer in
      writer.function("F0", ["a"], ["b"]) { $0.node("Neg", ["a"], ["b"]) }
      for level in 1...20 {
        writer.function("F\(level)", ["a"], ["b"]) { body in
          for call in 0..<10 {
            body.node(
              "F\(level - 1)", [call == 0 ? "a" : "t\(call)"], [call == 9 ? "b" : "t\(call + 1)"], domain: "local")
          }
        }
      }
      writer.node("F20", ["x"], ["y"], domain: "local")
    }
    #expect(error?.code == .tooLarge)
  }

  /// The inner ones are called first, so that their sizes are known when the outer ones are looked at.
  @Test func `may not call others too deep`() {
    let error = failure { writer in
      writer.function("F0", ["a"], ["b"]) { $0.node("Neg", ["a"], ["b"]) }
      for level in 1...100 {
        writer.function("F\(level)", ["a"], ["b"]) { $0.node("F\(level - 1)", ["a"], ["b"], domain: "local") }
      }
      for level in 0...100 { writer.node("F\(level)", ["x"], [level == 100 ? "y" : "t\(level)"], domain: "local") }
    }
    #expect(error?.code == .tooLarge)
  }

  @Test func `may call others as deep as any exporter does`() throws {
    let result = try run([1]) { writer in
      writer.function("F1", ["a"], ["b"]) { $0.node("Neg", ["a"], ["b"]) }
      for level in 2...32 {
        writer.function("F\(level)", ["a"], ["b"]) { $0.node("F\(level - 1)", ["a"], ["b"], domain: "local") }
      }
      writer.node("F32", ["x"], ["y"], domain: "local")
    }
    #expect(result == [-1])
  }

  /// Expected values: numpy.
  @Test func `works along with loops, branches and sparse weights`() throws {
    let model = try Model(bytes: ModelBytes(ModelWriter.composite.bytes))
    let outputs = try model.run(["x": try Tensor(shape: [1, 4], floats: [-4, 1, 2, -3])])
    #expect(outputs["y"]?.tensor?.shape == [3, 4])
    // -2 and -4 are scaled by 0.5 and 0.25 in the first call, by 0.25 twice in the second, which gives no attribute.
    let row: [Float] = [-2 * 0.125 * 0.0625, 1, 2, -4 * 0.125 * 0.0625]
    for (actual, expected) in zip(try outputs["y"]?.tensor?.floats() ?? [], row + row + row) {
      #expect(abs(actual - expected) < 1e-8)
    }
  }

  @Test func `is refused when it is defined twice, or called with too many inputs`() {
    func negate(_ writer: inout ModelWriter) {
      writer.function("F", ["a"], ["b"]) { $0.node("Neg", ["a"], ["b"]) }
    }
    let twice = failure { writer in
      negate(&writer)
      negate(&writer)
      writer.node("F", ["x"], ["y"], domain: "local")
    }
    #expect(twice?.message == "the function 'local.F' is defined a second time")
    let surplus = failure { writer in
      negate(&writer)
      writer.node("F", ["x", "x"], ["y"], domain: "local")
    }
    #expect(surplus?.code == .invalidGraph)
  }

  @Test func `is looked into, not reported as an operator`() throws {
    var writer = ModelWriter()
    writer.input("x", [nil])
    writer.function("F", ["a"], ["b"], opset: 9) { body in
      body.node("Neg", ["a"], ["c"])
      body.node("Frobnicate", ["c"], ["b"])
    }
    writer.function("Unused", ["a"], ["b"]) { $0.node("Grind", ["a"], ["b"]) }
    writer.node("F", ["x"], ["y"], domain: "local")
    writer.output("y", [nil])
    let inspection = try ModelInspection.inspect(ModelBytes(writer.bytes))
    #expect(inspection.operators.map(\.name) == ["Frobnicate", "Neg"])
    #expect(inspection.operators.map(\.opset) == [9, 9])
    #expect(inspection.operators.map(\.isSupported) == [false, true])
  }
}
