import HeadgateRuntime
import HeadgateTensors
import Testing

@Suite struct `Values other than tensors` {
  private func floats(_ values: [Float]) throws -> Value { .tensor(try Tensor(shape: [values.count], floats: values)) }

  private func model(_ build: (inout ModelWriter) -> Void) throws -> Model {
    var writer = ModelWriter()
    writer.opset = 18
    build(&writer)
    return try Model(bytes: ModelBytes(writer.bytes))
  }

  @Test func `are declared in general form`() throws {
    let model = try model { writer in
      writer.container(11, "s", [9, 4])
      writer.node("OptionalHasElement", ["s"], ["has"])
      writer.output("has", type: 9, [])
    }
    let tensor = ValueType.tensor(.float, shape: nil)
    #expect(model.inputs == [ValueInfo(name: "s", type: .optional(.sequence(tensor)))])
    #expect(model.inputs[0].kind == .optional)
    #expect(model.inputs[0].elementType == .float)
    #expect(model.inputs[0].summary == "optional sequence of float[...]")
  }

  @Test func `may be absent, given or left out where they are optional`() throws {
    let model = try model { writer in
      writer.container(11, "s", [9, 4])
      writer.node("OptionalHasElement", ["s"], ["has"])
      writer.node("Identity", ["s"], ["same"])
      writer.output("has", type: 9, [])
      writer.container(12, "same", [9, 4])
    }
    for inputs in [[:], ["s": Value.absent]] {
      let outputs = try model.run(values: inputs)
      #expect(try outputs["has"]?.tensor?.bools() == [false])
      guard case .absent? = outputs["same"] else { Issue.record("not absent"); continue }
    }
    let outputs = try model.run(values: ["s": .sequence([try floats([1]), try floats([2, 3])])])
    #expect(try outputs["has"]?.tensor?.bools() == [true])
    guard case .sequence(let elements)? = outputs["same"] else {
      Issue.record("no sequence")
      return
    }
    #expect(try elements.map { try $0.tensor?.floats() } == [[1], [2, 3]])
  }

  @Test func `are refused when they hold another type`() throws {
    let model = try model { writer in
      writer.container(11, "s", [4])
      writer.node("SequenceLength", ["s"], ["n"])
      writer.output("n", type: 7, [])
    }
    let integers = try Tensor(shape: [1], integers: [1])
    let error = #expect(throws: RunError.self) { try model.run(values: ["s": .sequence([.tensor(integers)])]) }
    #expect(error?.message == "input 's' must be sequence of float[...], got sequence of 1")
    #expect(throws: RunError.self) { try model.run(values: ["s": .absent]) }
    #expect(throws: RunError.self) { try model.run(["s": integers]) }
  }

  /// The branch gives nothing, a sum, nothing: the outputs after an absent one keep their places.
  @Test func `keep their places when some are absent`() throws {
    let model = try model { writer in
      writer.input("c", type: 9, [])
      writer.input("x", [nil])
      var branch = ModelWriter()
      branch.node("Optional", [], ["none"])
      branch.node("Add", ["x", "x"], ["sum"])
      branch.node("Optional", ["sum"], ["some"])
      for name in ["none", "some"] { branch.container(12, name, [9]) }
      branch.output("sum", [nil])
      writer.node("If", ["c"], ["a", "b", "y"], [.graph("then_branch", branch), .graph("else_branch", branch)])
      writer.node("OptionalHasElement", ["a"], ["hasA"])
      writer.node("OptionalHasElement", ["b"], ["hasB"])
      for name in ["hasA", "hasB"] { writer.output(name, type: 9, []) }
      writer.output("y", [nil])
    }
    let outputs = try model.run(
      values: ["c": .tensor(try Tensor(shape: [], bools: [true])), "x": try floats([4])])
    #expect(try outputs["hasA"]?.tensor?.bools() == [false])
    #expect(try outputs["hasB"]?.tensor?.bools() == [true])
    #expect(try outputs["y"]?.tensor?.floats() == [8])
  }

  /// The counter goes into a sequence that the loop carries, which begins as nothing.
  @Test func `are carried by loops`() throws {
    let model = try model { writer in
      writer.input("n", type: 7, [])
      var body = ModelWriter()
      body.input("i", type: 7, [])
      body.input("c", type: 9, [])
      body.container(11, "s", [4])
      body.node("Cast", ["i"], ["f"], [.int("to", 1)])
      body.node("SequenceInsert", ["s", "f"], ["t"])
      body.node("Identity", ["c"], ["d"])
      body.output("d", type: 9, [])
      body.container(12, "t", [4])
      writer.node("SequenceEmpty", [], ["empty"])
      writer.node("Loop", ["n", "", "empty"], ["all"], [.graph("body", body)])
      writer.node("ConcatFromSequence", ["all"], ["y"], [.int("axis", 0), .int("new_axis", 1)])
      writer.output("y", [nil])
    }
    let outputs = try model.run(["n": try Tensor(shape: [], integers: [4])])
    #expect(try outputs["y"]?.tensor?.floats() == [0, 1, 2, 3])
    let error = #expect(throws: RunError.self) { try model.run(["n": try Tensor(shape: [], integers: [0])]) }
    #expect(error?.message == "node ConcatFromSequence: an empty sequence cannot be joined")
  }

  @Test func `are refused as elements of an optional that has none`() throws {
    let model = try model { writer in
      writer.container(11, "x", [9])
      writer.node("OptionalGetElement", ["x"], ["y"])
      writer.output("y", [nil])
    }
    let error = #expect(throws: RunError.self) { try model.run(values: [:]) }
    #expect(error?.message == "node OptionalGetElement: the optional has no value")
    #expect(try model.run(values: ["x": try floats([1])])["y"]?.tensor?.floats() == [1])
  }
}

@Suite struct `Sparse weights` {
  private func values(_ build: (inout ModelWriter) -> Void, maxRunBytes: Int = 1 << 20) throws -> [Float]? {
    var writer = ModelWriter()
    build(&writer)
    writer.output("y", [nil, nil])
    let options = ModelOptions(maxRunBytes: maxRunBytes)
    return try Model(bytes: ModelBytes(writer.bytes), options: options).run([:])["y"]?.tensor?.floats()
  }

  @Test(arguments: [([1, 5], [2]), ([0, 1, 1, 2], [2, 2])] as [([Int64], [Int64])])
  func `are read by places and by coordinates`(indices: [Int64], shape: [Int64]) throws {
    let weights = try values { writer in
      writer.sparseWeight("w", [2, 3], [7, 9], at: indices, shape)
      writer.node("Identity", ["w"], ["y"])
    }
    #expect(weights == [0, 7, 0, 0, 0, 9])
  }

  @Test func `are read as constants`() throws {
    let weights = try values { writer in
      let sparse = ModelWriter.sparse("", [2, 2], [3], at: [2], [1])
      writer.node("Constant", [], ["y"], [.message("sparse_value", field: 22, sparse, kind: 11)])
    }
    #expect(weights == [0, 0, 3, 0])
  }

  @Test(
    arguments: [
      ("beyond the shape", [2, 3], [6], [1], .malformed), ("before it", [2, 3], [-1], [1], .malformed),
      ("beyond an axis", [2, 3], [0, 3], [1, 2], .malformed), ("with too few places", [2, 3], [], [0], .malformed),
      ("of another rank", [2, 3], [0, 0, 0], [1, 3], .malformed),
      ("larger than the limit", [1 << 20, 1 << 20], [1], [1], .tooLarge),
      ("of a shape that overflows", [1 << 40, 1 << 40], [1], [1], .tooLarge),
    ] as [(String, [Int64], [Int64], [Int64], ModelFileError.Code)])
  func `are refused`(what: String, shape: [Int64], indices: [Int64], places: [Int64], code: ModelFileError.Code) {
    let error = #expect(throws: ModelFileError.self) {
      try values { writer in
        writer.sparseWeight("w", shape, [7], at: indices, places)
        writer.node("Identity", ["w"], ["y"])
      }
    }
    #expect(error?.code == code, "\(what)")
  }
}
