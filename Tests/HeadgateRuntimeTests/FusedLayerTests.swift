import HeadgateRuntime
import HeadgateTensors
import Testing

/// Layers with what comes after them, against their formulas on small integers, which are exact.
@Suite struct `A layer with what comes after it` {
  private static let width = 5
  private static let x = (0..<12).map { Float($0 % 7 - 3) }
  private static let weights = (0..<20).map { Float($0 % 5 - 2) }
  private static let bias = (0..<width).map { Float($0 - 2) }

  private func run(_ model: ModelWriter, _ inputs: [String: Tensor]) throws -> (values: [Float], operators: [String]) {
    let loaded = try Model(bytes: ModelBytes(model.bytes))
    var benchmark = ModelBenchmark(loaded, try RowSlices(inputs, of: inputs["x"]?.shape[0] ?? 1))
    let values = try #require(try loaded.run(inputs)["y"]?.tensor).floats()
    return (values, try benchmark.profile(for: .zero).entries.map(\.operatorName))
  }

  enum Activation: CaseIterable {
    case none, relu, clip, upperClip, crossedClip

    func add(to model: inout ModelWriter, from name: String, to output: String) {
      switch self {
      case .none: break
      case .relu: model.node("Relu", [name], [output])
      case .clip:
        model.weight("low", [], [-1])
        model.weight("high", [], [2])
        model.node("Clip", [name, "low", "high"], [output])
      case .upperClip:
        model.weight("high", [], [2])
        model.node("Clip", [name, "", "high"], [output])
      case .crossedClip:
        model.weight("low", [], [2])
        model.weight("high", [], [-1])
        model.node("Clip", [name, "low", "high"], [output])
      }
    }

    func apply(_ value: Float) -> Float {
      switch self {
      case .none: value
      case .relu: max(value, 0)
      case .clip: min(max(value, -1), 2)
      case .upperClip: min(value, 2)
      case .crossedClip: -1
      }
    }
  }

  enum DenseForm: CaseIterable {
    case product, productWithBias, biasFirst, gemm, gemmTransposed
  }

  private func dense(_ form: DenseForm, _ activation: Activation, output: String = "y") -> ModelWriter {
    var model = ModelWriter()
    model.input("x", [nil, 4])
    let transposed = (0..<20).map { Self.weights[$0 % 4 * Self.width + $0 / 4] }
    model.weight("w", form == .gemmTransposed ? [5, 4] : [4, 5], form == .gemmTransposed ? transposed : Self.weights)
    model.weight("b", [Int64(Self.width)], Self.bias)
    let name = activation == .none ? output : "sum"
    switch form {
    case .product: model.node("MatMul", ["x", "w"], [name])
    case .productWithBias, .biasFirst:
      model.node("MatMul", ["x", "w"], ["product"])
      model.node("Add", form == .biasFirst ? ["b", "product"] : ["product", "b"], [name])
    case .gemm: model.node("Gemm", ["x", "w", "b"], [name])
    case .gemmTransposed: model.node("Gemm", ["x", "w", "b"], [name], [.int("transB", 1)])
    }
    activation.add(to: &model, from: name, to: "y")
    if output == "y" { model.output("y", [nil, Int64(Self.width)]) }
    return model
  }

  @Test(arguments: DenseForm.allCases, Activation.allCases)
  func `is one product`(_ form: DenseForm, _ activation: Activation) throws {
    let input = try Tensor(shape: [3, 4], floats: Self.x)
    let (values, operators) = try run(dense(form, activation), ["x": input])
    #expect(operators == [form == .product && activation == .none ? "MatMul" : "Dense"])
    let expected = (0..<3 * Self.width).map { index in
      let (row, column) = (index / Self.width, index % Self.width)
      let start = form == .product ? 0 : Self.bias[column]
      return activation.apply(
        (0..<4).reduce(start) { $0 + Self.x[row * 4 + $1] * Self.weights[$1 * Self.width + column] })
    }
    #expect(values == expected)
  }

  enum GeluForm: CaseIterable {
    case named, written
  }

  @Test(arguments: [DenseForm.productWithBias, .gemm, .gemmTransposed], GeluForm.allCases)
  func `ends with a GELU, to the bits of one by itself`(_ form: DenseForm, _ gelu: GeluForm) throws {
    var models = [dense(form, .none, output: "sum"), dense(form, .none, output: "sum")]
    // What something else reads stays a step of its own.
    models[1].output("sum", [nil, Int64(Self.width)])
    for index in models.indices {
      models[index].opset = 20
      switch gelu {
      case .named: models[index].node("Gelu", ["sum"], ["y"])
      case .written:
        models[index].weight("root", [], [Float(2.0.squareRoot())])
        models[index].weight("one", [], [1])
        models[index].weight("half", [], [0.5])
        models[index].node("Div", ["sum", "root"], ["scaled"])
        models[index].node("Erf", ["scaled"], ["erf"])
        models[index].node("Add", ["erf", "one"], ["whole"])
        models[index].node("Mul", ["sum", "whole"], ["product2"])
        models[index].node("Mul", ["product2", "half"], ["y"])
      }
      models[index].output("y", [nil, Int64(Self.width)])
    }
    let input = try Tensor(shape: [3, 4], floats: Self.x.map { $0 / 8 })
    let (fused, operators) = try run(models[0], ["x": input])
    #expect(operators == ["Dense"])
    let (separate, steps) = try run(models[1], ["x": input])
    #expect(steps == ["Dense", "Gelu"])
    #expect(fused.map(\.bitPattern) == separate.map(\.bitPattern))
  }

  @Test(arguments: [DenseForm.productWithBias, .gemm], [[Int64](arrayLiteral: 3, 5), [1, 5], [3, 1], [2, 3, 5]])
  func `ends with a sum, whatever the shapes`(_ form: DenseForm, _ shape: [Int64]) throws {
    for isFirst in [false, true] {
      var model = dense(form, .none, output: "sum")
      model.input("z", shape.map { _ in nil })
      model.node("Add", isFirst ? ["z", "sum"] : ["sum", "z"], ["y"])
      model.output("y", shape.count == 3 ? [nil, nil, nil] : [nil, nil])
      let extents = shape.map { Int($0) }
      let z = (0..<extents.reduce(1, *)).map { Float($0 % 6) / 4 }
      let loaded = try Model(bytes: ModelBytes(model.bytes))
      let inputs = ["x": try Tensor(shape: [3, 4], floats: Self.x), "z": try Tensor(shape: extents, floats: z)]
      let answer = try #require(try loaded.run(inputs)["y"]?.tensor)
      #expect(answer.shape == (extents.count == 3 ? extents : [3, 5]))
      let expected = (0..<answer.count).map { index in
        let (row, column) = (index / 5 % 3, index % 5)
        let product = (0..<4).reduce(Self.bias[column]) { $0 + Self.x[row * 4 + $1] * Self.weights[$1 * 5 + column] }
        let place = extents.count == 3 ? index : row % extents[0] * extents[1] + column % extents[1]
        return product + z[place]
      }
      #expect(try answer.floats() == expected)
    }
  }

  @Test func `takes matrices with more axes`() throws {
    var model = ModelWriter()
    model.input("x", [nil, 2, 4])
    model.weight("w", [4, 5], Self.weights)
    model.weight("b", [5], Self.bias)
    model.node("MatMul", ["x", "w"], ["product"])
    model.node("Add", ["product", "b"], ["y"])
    model.output("y", [nil, 2, 5])
    let values = Self.x + [0, 1, 2, 3]
    let (deep, operators) = try run(model, ["x": try Tensor(shape: [2, 2, 4], floats: values)])
    let (flat, _) = try run(dense(.gemm, .none), ["x": try Tensor(shape: [4, 4], floats: values)])
    #expect(operators == ["Dense"])
    #expect(deep == flat)
  }

  @Test func `keeps a bias that is no row, and a sum that something else reads`() throws {
    var model = ModelWriter()
    model.input("x", [nil, 4])
    model.weight("w", [4, 5], Self.weights)
    model.weight("b", [3, 1], [1, 2, 3])
    model.node("MatMul", ["x", "w"], ["product"])
    model.node("Add", ["product", "b"], ["sum"])
    model.node("Relu", ["sum"], ["y"])
    model.output("y", [nil, 5])
    let input = try Tensor(shape: [3, 4], floats: Self.x)
    #expect(try run(model, ["x": input]).operators == ["MatMul", "Add", "Relu"])
    var shown = dense(.productWithBias, .relu)
    shown.output("sum", [nil, 5])
    #expect(try run(shown, ["x": input]).operators == ["Dense", "Relu"])
  }

  @Test(arguments: [[ModelWriter.Attribute.float("alpha", 2)], [.float("beta", 0.5)], [.int("transA", 1)]])
  func `keeps a product that is scaled or turned`(_ attributes: [ModelWriter.Attribute]) throws {
    var model = ModelWriter()
    model.input("x", [nil, 4])
    model.weight("w", [4, 5], Self.weights)
    model.weight("b", [5], Self.bias)
    model.node("Gemm", ["x", "w", "b"], ["sum"], attributes)
    model.node("Relu", ["sum"], ["y"])
    model.output("y", [nil, 5])
    let (values, operators) = try run(model, ["x": try Tensor(shape: [4, 4], floats: Self.x + [1, 2, 3, -3])])
    #expect(operators == ["Gemm", "Relu"])
    let x = Self.x + [1, 2, 3, -3]
    var (alpha, beta, isTurned): (Float, Float, Bool) = (1, 1, false)
    if case .float("alpha", let value) = attributes[0] { alpha = value }
    if case .float("beta", let value) = attributes[0] { beta = value }
    if case .int = attributes[0] { isTurned = true }
    let expected = (0..<20).map { index in
      let (row, column) = (index / 5, index % 5)
      let sum = (0..<4).reduce(Float(0)) { sum, depth in
        sum + x[isTurned ? depth * 4 + row : row * 4 + depth] * Self.weights[depth * 5 + column]
      }
      return max(0, alpha * sum + beta * Self.bias[column])
    }
    #expect(values == expected)
  }

  @Test func `hands on what is no number`() throws {
    let input = try Tensor(shape: [3, 4], floats: [.nan] + Self.x.dropFirst())
    let (values, operators) = try run(dense(.gemm, .clip), ["x": input])
    #expect(operators == ["Dense"])
    #expect(values.prefix(5).count { $0.isNaN } == 5 && values.dropFirst(5).count { $0.isNaN } == 0)
  }

  /// Each channel with a kernel of its own.
  @Test(arguments: [Activation.relu, .crossedClip])
  func `is one convolution by channel`(_ activation: Activation) throws {
    var model = ModelWriter()
    model.input("x", [nil, 3, 4])
    model.weight("w", [3, 1, 2], [1, 2, -1, 1, 0, 3])
    model.weight("b", [3], [0, 1, -5])
    model.node("Conv", ["x", "w", "b"], ["sum"], [.int("group", 3)])
    activation.add(to: &model, from: "sum", to: "y")
    model.output("y", [nil, 3, 3])
    let (values, operators) = try run(model, ["x": try Tensor(shape: [1, 3, 4], floats: Self.x)])
    #expect(operators == ["Conv"])
    let (kernel, bias): ([Float], [Float]) = ([1, 2, -1, 1, 0, 3], [0, 1, -5])
    let expected = (0..<9).map { index in
      let (channel, column) = (index / 3, index % 3)
      let (first, second) = (Self.x[channel * 4 + column], Self.x[channel * 4 + column + 1])
      return activation.apply(bias[channel] + kernel[channel * 2] * first + kernel[channel * 2 + 1] * second)
    }
    #expect(values == expected)
  }

  /// Small integers stay exact in the transforms, which halve them twice at most.
  @Test(arguments: [(1, 1), (2, 5), (7, 7), (8, 33), (13, 70)], [0, 1])
  func `of 3 x 3 taps and many channels is exact in tiles`(_ extents: (Int, Int), _ pad: Int) throws {
    let (channels, features) = (16, 17)
    let (height, width) = (extents.0 + 2 - 2 * pad, extents.1 + 2 - 2 * pad)
    guard height > 0, width > 0 else { return }
    var model = ModelWriter()
    model.input("x", [nil, Int64(channels), Int64(height), Int64(width)])
    let kernel = (0..<features * channels * 9).map { [-2, -1, 1, 2, 3][($0 * 7 + $0 / 5) % 5] as Float }
    let bias = (0..<features).map { Float($0 % 3) }
    model.weight("w", [Int64(features), Int64(channels), 3, 3], kernel)
    model.weight("b", [Int64(features)], bias)
    let pads: ModelWriter.Attribute = .ints("pads", [Int64](repeating: Int64(pad), count: 4))
    model.node("Conv", ["x", "w", "b"], ["convolved"], [pads])
    model.node("Add", ["convolved", "z"], ["sum"])
    model.node("Relu", ["sum"], ["y"])
    model.input("z", [nil, Int64(features), Int64(extents.0), Int64(extents.1)])
    model.output("y", [nil, Int64(features), Int64(extents.0), Int64(extents.1)])
    let image = (0..<2 * channels * height * width).map { Float(($0 * 5 + $0 / 7) % 7 - 3) }
    let other = (0..<2 * features * extents.0 * extents.1).map { Float($0 % 4 - 1) }
    let (values, operators) = try run(
      model,
      [
        "x": try Tensor(shape: [2, channels, height, width], floats: image),
        "z": try Tensor(shape: [2, features, extents.0, extents.1], floats: other),
      ])
    // Channels may be moved behind the places before, and back.
    #expect(operators.filter { !["FromNCHW", "ToNCHW"].contains($0) } == ["Conv"])
    let expected = other.indices.map { index -> Float in
      let (column, row) = (index % extents.1, index / extents.1 % extents.0)
      let (feature, batch) = (index / (extents.0 * extents.1) % features, index / (extents.0 * extents.1 * features))
      var sum = bias[feature] + other[index]
      for channel in 0..<channels {
        for tap in 0..<9 {
          let (y, x) = (row + tap / 3 - pad, column + tap % 3 - pad)
          guard (0..<height).contains(y), (0..<width).contains(x) else { continue }
          sum +=
            kernel[(feature * channels + channel) * 9 + tap]
            * image[((batch * channels + channel) * height + y) * width + x]
        }
      }
      return max(0, sum)
    }
    #expect(values == expected)
  }

  /// A tap that is zero sees nothing, not even a number so great that others vanish beside it.
  @Test func `of 3 x 3 taps gives what a kernel picks out as it is`() throws {
    var model = ModelWriter()
    model.input("x", [nil, 16, 6, 6])
    let kernel = (0..<16 * 16 * 9).map { Float($0 / 9 / 16 == $0 / 9 % 16 && $0 % 9 == 4 ? 1 : 0) }
    model.weight("w", [16, 16, 3, 3], kernel)
    model.node("Conv", ["x", "w"], ["y"], [.ints("pads", [1, 1, 1, 1])])
    model.output("y", [nil, 16, 6, 6])
    var image = (0..<16 * 36).map { Float($0) * 0.37 }
    image[20] = 1e30
    #expect(try run(model, ["x": try Tensor(shape: [1, 16, 6, 6], floats: image)]).values == image)
  }

  enum Summand: CaseIterable {
    case none, whole, row
  }

  @Test(arguments: Summand.allCases, Activation.allCases)
  func `is one convolution`(_ summand: Summand, _ activation: Activation) throws {
    let (channels, side) = (2, 3)
    var model = ModelWriter()
    model.input("x", [nil, Int64(channels), 3, 3])
    model.input("z", summand == .row ? [nil, 2, 1, 3] : [nil, 2, 3, 3])
    let kernel = (0..<2 * channels * 9).map { Float($0 % 5 - 2) }
    model.weight("w", [2, Int64(channels), 3, 3], kernel)
    model.weight("b", [2], [1, -2])
    let name = activation == .none ? "y" : "sum"
    model.node("Conv", ["x", "w", "b"], [summand == .none ? name : "convolved"], [.ints("pads", [1, 1, 1, 1])])
    if summand != .none { model.node("Add", ["z", "convolved"], [name]) }
    activation.add(to: &model, from: name, to: "y")
    model.output("y", [nil, 2, 3, 3])
    let image = (0..<channels * 9).map { Float($0 % 7 - 3) }
    let other = (0..<(summand == .row ? 6 : 18)).map { Float($0 % 4 - 1) }
    let (values, operators) = try run(
      model,
      [
        "x": try Tensor(shape: [1, channels, 3, 3], floats: image),
        "z": try Tensor(shape: summand == .row ? [1, 2, 1, 3] : [1, 2, 3, 3], floats: other),
      ])
    #expect(operators == ["Conv"])
    let expected = (0..<18).map { index -> Float in
      let (feature, row, column) = (index / 9, index / side % side, index % side)
      var sum: Float = feature == 0 ? 1 : -2
      for channel in 0..<channels {
        for tap in 0..<9 {
          let (y, x) = (row + tap / 3 - 1, column + tap % 3 - 1)
          guard (0..<side).contains(y), (0..<side).contains(x) else { continue }
          sum += kernel[(feature * channels + channel) * 9 + tap] * image[channel * 9 + y * side + x]
        }
      }
      switch summand {
      case .none: break
      case .whole: sum += other[index]
      case .row: sum += other[feature * 3 + column]
      }
      return activation.apply(sum)
    }
    #expect(values == expected)
  }
}
