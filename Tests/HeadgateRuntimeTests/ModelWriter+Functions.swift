extension ModelWriter {
  /// Adds a function whose nodes are those of another writer. Attributes with a value are defaults.
  mutating func function(
    _ name: String, domain: String = "local", overload: String = "", _ inputs: [String], _ outputs: [String],
    attributes: [String] = [], defaults: [Attribute] = [], opset: Int64 = 17, _ build: (inout ModelWriter) -> Void
  ) {
    var body = ModelWriter()
    build(&body)
    var function = ProtobufWriter()
    function.string(1, name)
    for input in inputs { function.string(4, input) }
    for output in outputs { function.string(5, output) }
    for attribute in attributes { function.string(6, attribute) }
    for node in body.nodes { function.bytes(7, node) }
    for (domain, version) in [("", opset), ("local", 1)] {
      function.message(9) { set in
        set.string(1, domain)
        set.varint(2, version)
      }
    }
    function.string(10, domain)
    for attribute in defaults { function.message(11) { Self.write(attribute, to: &$0) } }
    function.string(13, overload)
    functions.append(function)
  }

  /// Adds a sparse weight of floats; the indices have the given shape.
  mutating func sparseWeight(
    _ name: String, _ shape: [Int64], _ values: [Float], at indices: [Int64], _ places: [Int64]
  ) {
    field(15) { $0 = Self.sparse(name, shape, values, at: indices, places) }
  }

  static func sparse(
    _ name: String, _ shape: [Int64], _ values: [Float], at indices: [Int64], _ places: [Int64]
  ) -> ProtobufWriter {
    var sparse = ProtobufWriter()
    sparse.message(1) { tensor in
      tensor.varint(1, Int64(values.count))
      tensor.varint(2, 1)
      tensor.string(8, name)
      tensor.bytes(9, values.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } })
    }
    sparse.message(2) { tensor in
      for extent in places { tensor.varint(1, extent) }
      tensor.varint(2, 7)
      for index in indices { tensor.varint(7, index) }
    }
    for extent in shape { sparse.varint(3, extent) }
    return sparse
  }

  /// A float tensor of an open rank, inside of `outer` containers: 4 for a sequence, 9 for an optional.
  mutating func container(_ field: Int, _ name: String, _ outer: [Int]) {
    self.field(field) { info in
      info.string(1, name)
      info.message(2) { Self.type(&$0, outer) }
    }
  }

  private static func type(_ writer: inout ProtobufWriter, _ outer: [Int]) {
    guard let first = outer.first else { return writer.message(1) { $0.varint(1, 1) } }
    writer.message(first) { container in container.message(1) { type(&$0, Array(outer.dropFirst())) } }
  }
}

extension ModelWriter {
  /// Functions that call each other, a loop that carries a sequence, a branch that gives an optional, and a
  /// sparse weight: `x[N, 4]` in, `y` out.
  static var composite: ModelWriter {
    var model = ModelWriter()
    model.opset = 18
    model.input("x", [nil, 4])
    model.sparseWeight("w", [4], [2, -1], at: [0, 3], [2])
    model.function("Leak", ["a"], ["b"], attributes: ["slope"], defaults: [.float("slope", 0.25)]) { body in
      body.node("LeakyRelu", ["a"], ["b"], [.reference("alpha", of: "slope", kind: 1)])
    }
    model.function("Twice", ["a", "bound"], ["b"], attributes: ["s"]) { body in
      body.node("Leak", ["a"], ["c"], domain: "local", [.reference("slope", of: "s", kind: 1)])
      body.node("Leak", ["c"], ["d"], domain: "local")
      body.node("Clip", ["d", "bound"], ["b"])
    }
    model.node("Add", ["x", "w"], ["sum"])
    model.node("Twice", ["sum"], ["h"], domain: "local", [.float("s", 0.5)])
    var body = ModelWriter()
    body.input("i", type: 7, [])
    body.input("c", type: 9, [])
    body.container(11, "s", [4])
    body.node("Twice", ["h"], ["part"], domain: "local")
    body.node("SequenceInsert", ["s", "part", "i"], ["t"])
    body.node("Identity", ["c"], ["d"])
    body.output("d", type: 9, [])
    body.container(12, "t", [4])
    model.node("Constant", [], ["n"], [.int("value_int", 3)])
    model.node("SequenceEmpty", [], ["empty"])
    model.node("Loop", ["n", "", "empty"], ["all"], [.graph("body", body)])
    model.node("ConcatFromSequence", ["all"], ["joined"], [.int("axis", 0)])
    model.node("Optional", ["joined"], ["maybe"])
    model.node("OptionalHasElement", ["maybe"], ["has"])
    var yes = ModelWriter()
    yes.node("OptionalGetElement", ["maybe"], ["o"])
    yes.output("o", [nil, 4])
    var no = ModelWriter()
    no.node("Identity", ["x"], ["o"])
    no.output("o", [nil, 4])
    model.node("If", ["has"], ["y"], [.graph("then_branch", yes), .graph("else_branch", no)])
    model.output("y", [nil, 4])
    return model
  }
}
