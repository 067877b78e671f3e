import HeadgateRuntime
import HeadgateTensors
import Testing

@Suite struct `A value that is only handed on` {
  @Test func `takes no step, wherever it goes`() throws {
    var model = ModelWriter()
    model.input("x", [nil])
    model.node("Identity", ["x"], ["same"])
    model.node("Identity", ["same"], ["again"])
    model.node("Add", ["again", "x"], ["sum"])
    model.node("Identity", ["sum"], ["y"])
    // The input itself is an output, and the sum two of them.
    model.output("y", [nil])
    model.output("sum", [nil])
    model.output("again", [nil])
    let loaded = try Model(bytes: ModelBytes(model.bytes))
    let input = try Tensor(shape: [2], floats: [3, -4])
    let outputs = try loaded.run(["x": input])
    #expect(try outputs["y"]?.tensor?.floats() == [6, -8])
    #expect(try outputs["sum"]?.tensor?.floats() == [6, -8])
    #expect(try outputs["again"]?.tensor?.floats() == [3, -4])
    var benchmark = ModelBenchmark(loaded, try RowSlices(["x": input], of: 2))
    #expect(try benchmark.profile(for: .zero).entries.map(\.operatorName) == ["Add"])
  }

  /// The branch reads a value of the graph around it, and gives it as it is.
  @Test(arguments: [true, false]) func `is found from a branch`(_ isTaken: Bool) throws {
    var (yes, no) = (ModelWriter(), ModelWriter())
    yes.node("Identity", ["same"], ["o"])
    yes.output("o", [nil])
    no.node("Neg", ["same"], ["o"])
    no.output("o", [nil])
    var model = ModelWriter()
    model.input("c", type: 9, [])
    model.input("x", [nil])
    model.node("Identity", ["x"], ["same"])
    model.node("If", ["c"], ["y"], [.graph("then_branch", yes), .graph("else_branch", no)])
    model.output("y", [nil])
    let outputs = try Model(bytes: ModelBytes(model.bytes)).run([
      "c": try Tensor(shape: [], bools: [isTaken]), "x": try Tensor(shape: [2], floats: [3, -4]),
    ])
    #expect(try outputs["y"]?.tensor?.floats() == (isTaken ? [3, -4] : [-3, 4]))
  }
}
