import Glibc
import HeadgateRuntime
import HeadgateTensors
import Testing

/// The expected values are the formulas' in double precision.
@Suite struct `A graph that writes an operator out` {
  private static let rows = (0..<24).map { Float($0) * 0.5 - 6 }

  /// What one run on rows of 6 numbers gives, and the operators that made it.
  private func run(_ model: ModelWriter) throws -> (values: [Float], operators: [String]) {
    let loaded = try Model(bytes: ModelBytes(model.bytes))
    let input = try Tensor(shape: [4, 6], floats: Self.rows)
    var benchmark = ModelBenchmark(loaded, try RowSlices(["x": input], of: 4))
    let values = try #require(try loaded.run(["x": input])["y"]?.tensor).floats()
    return (values, try benchmark.profile(for: .zero).entries.map(\.operatorName))
  }

  enum GeluForm: CaseIterable {
    case halfLast, halfFirst, halfOfSum, reciprocal
  }

  private func gelu(_ form: GeluForm, half: Float = 0.5, hasOtherReader: Bool = false) -> ModelWriter {
    var model = ModelWriter()
    model.input("x", [nil, 6])
    model.weight("half", [], [half])
    model.weight("one", [1], [1])
    model.weight("root", [], [form == .reciprocal ? Float(0.5.squareRoot()) : Float(2.0.squareRoot())])
    model.node(form == .reciprocal ? "Mul" : "Div", ["x", "root"], ["scaled"])
    model.node("Erf", ["scaled"], ["erf"])
    model.node("Add", ["one", "erf"], ["sum"])
    switch form {
    case .halfLast, .reciprocal:
      model.node("Mul", ["x", "sum"], ["product"])
      model.node("Mul", ["product", "half"], ["y"])
    case .halfFirst:
      model.node("Mul", ["half", "x"], ["product"])
      model.node("Mul", ["product", "sum"], ["y"])
    case .halfOfSum:
      model.node("Mul", ["sum", "half"], ["product"])
      model.node("Mul", ["x", "product"], ["y"])
    }
    model.output("y", [nil, 6])
    if hasOtherReader { model.output("erf", [nil, 6]) }
    return model
  }

  private func expectGelu(_ values: [Float], half: Double = 0.5) {
    #expect(values.count == Self.rows.count)
    for (x, y) in zip(Self.rows, values) {
      let expected = Double(x) * half * (1 + erf(Double(x) * 0.5.squareRoot()))
      // A float of the size of the greatest term is exact to 6e-8; some operations one after the other.
      #expect(abs(Double(y) - expected) < 4e-7 * max(1, Double(abs(x))), "\(x)")
    }
  }

  @Test(arguments: GeluForm.allCases) func `has its GELU as one operator`(_ form: GeluForm) throws {
    let (values, operators) = try run(gelu(form))
    #expect(operators == ["Gelu"])
    expectGelu(values)
  }

  @Test func `keeps a GELU in double precision, and one of numbers with more axes`() throws {
    for type: Int64 in [11, 1] {
      var model = ModelWriter()
      model.input("x", type: type, [nil, 6])
      // Weights of a type of their own width, the number one with three axes where they are floats.
      for (name, number) in [("root", 2.0.squareRoot()), ("one", 1), ("half", 0.5)] {
        model.weight(name, type: type, name == "one" && type == 1 ? [1, 1, 1] : []) { tensor in
          tensor.bytes(
            9,
            type == 11
              ? withUnsafeBytes(of: number) { Array($0) } : withUnsafeBytes(of: Float(number)) { Array($0) })
        }
      }
      model.node("Div", ["x", "root"], ["scaled"])
      model.node("Erf", ["scaled"], ["erf"])
      model.node("Add", ["erf", "one"], ["sum"])
      model.node("Mul", ["x", "sum"], ["product"])
      model.node("Mul", ["product", "half"], ["y"])
      model.output("y", type: type, type == 1 ? [1, nil, 6] : [nil, 6])
      let doubles = Self.rows.map { Double($0) }
      let input = try type == 11 ? Tensor(shape: [4, 6], doubles: doubles) : Tensor(shape: [4, 6], floats: Self.rows)
      let loaded = try Model(bytes: ModelBytes(model.bytes))
      var benchmark = ModelBenchmark(loaded, try RowSlices(["x": input], of: 4))
      #expect(try benchmark.profile(for: .zero).entries.count == 5)
      #expect(try loaded.run(["x": input])["y"]?.tensor?.shape == (type == 1 ? [1, 4, 6] : [4, 6]))
    }
  }

  @Test func `keeps what is no GELU as it is`() throws {
    let (values, operators) = try run(gelu(.halfLast, half: 0.25))
    #expect(operators == ["Div", "Erf", "Add", "Mul", "Mul"])
    expectGelu(values, half: 0.25)
  }

  @Test func `keeps what something else reads`() throws {
    let (values, operators) = try run(gelu(.halfLast, hasOtherReader: true))
    #expect(operators == ["Div", "Erf", "Add", "Mul", "Mul"])
    expectGelu(values)
  }

  enum NormalizationForm: CaseIterable {
    case power, product, twice, axesAsInput
  }

  /// - Parameter hidden: what the attribute says beside the input.
  private func normalization(
    _ form: NormalizationForm, width: Int = 6, axis: Int64 = -1, hidden: Int64? = nil, power: Float = 2
  ) -> ModelWriter {
    var model = ModelWriter()
    model.input("x", [nil, 6])
    model.weight("scale", [Int64(width)], (0..<width).map { 1 + Float($0) * 0.25 })
    model.weight("bias", [Int64(width)], (0..<width).map { Float($0) - 2 })
    model.weight("epsilon", [], [1e-3])
    model.weight("two", [], [power])
    var (axes, attributes): ([String], [ModelWriter.Attribute]) = ([], [.ints("axes", [axis])])
    if form == .axesAsInput {
      model.opset = 18
      model.weight("axes", type: 7, [1]) { tensor in
        tensor.bytes(9, withUnsafeBytes(of: axis.littleEndian) { Array($0) })
      }
      (axes, attributes) = (["axes"], hidden.map { [.ints("axes", [$0])] } ?? [])
    }
    model.node("ReduceMean", ["x"] + axes, ["mean"], attributes)
    model.node("Sub", ["x", "mean"], ["difference"])
    if form == .twice { model.node("Sub", ["x", "mean"], ["again"]) }
    let base = form == .twice ? "again" : "difference"
    if form == .product {
      model.node("Mul", [base, base], ["square"])
    } else {
      model.node("Pow", [base, "two"], ["square"])
    }
    model.node("ReduceMean", ["square"] + axes, ["variance"], attributes)
    model.node("Add", ["variance", "epsilon"], ["sum"])
    model.node("Sqrt", ["sum"], ["deviation"])
    model.node("Div", ["difference", "deviation"], ["quotient"])
    model.node("Mul", ["scale", "quotient"], ["product"])
    model.node("Add", ["product", "bias"], ["y"])
    model.output("y", [nil, 6])
    return model
  }

  @Test(arguments: NormalizationForm.allCases) func `has its layer normalisation as one operator`(
    _ form: NormalizationForm
  ) throws {
    let (values, operators) = try run(normalization(form))
    #expect(operators == ["LayerNormalization"])
    for row in 0..<4 {
      let x = Self.rows[row * 6..<row * 6 + 6].map { Double($0) }
      let mean = x.reduce(0, +) / 6
      let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 6
      for column in 0..<6 {
        let factor = 1 + Double(column) * 0.25
        let expected = (x[column] - mean) / (variance + Double(Float(1e-3))).squareRoot() * factor + Double(column) - 2
        // Of numbers up to 5 a float is exact to 3e-7.
        #expect(abs(Double(values[row * 6 + column]) - expected) < 1e-6)
      }
    }
  }

  @Test func `keeps a normalisation over another axis, and one whose scale is stretched`() throws {
    #expect(try run(normalization(.power, axis: 0)).operators.count == 9)
    #expect(try run(normalization(.power, width: 1)).operators.count == 9)
  }

  /// An attribute hides an input.
  @Test func `keeps a normalisation whose means are over the axes of an attribute`() throws {
    #expect(try run(normalization(.axesAsInput, hidden: 0)).operators.count == 9)
  }

  @Test(arguments: [Float(2).nextUp, 3]) func `keeps a mean of other powers`(power: Float) throws {
    #expect(try run(normalization(.power, power: power)).operators.count == 9)
  }
}
