import Glibc
import HeadgateRuntime
import HeadgateTensors
import Testing

/// Attention written out, against its formula in double precision.
@Suite struct `Attention written out` {
  private static let (batch, length, heads, size) = (2, 3, 2, 4)
  private static let width = heads * size

  enum Scale: CaseIterable {
    case none, quotient, product
  }

  enum Mask: CaseIterable {
    case none, keys, square, first
  }

  enum Target: CaseIterable {
    case computed, zeros, open
  }

  /// - Parameter other: whose extents the queries' shape is computed from.
  private func model(_ scale: Scale, _ mask: Mask, _ target: Target, other: String = "q") -> ModelWriter {
    var model = ModelWriter()
    for name in ["q", "k", "v"] { model.input(name, [nil, nil, Int64(Self.width)]) }
    func integers(_ name: String, _ shape: [Int64], _ values: [Int64]) {
      model.weight(name, type: 7, shape) { tensor in
        tensor.bytes(9, values.flatMap { value in withUnsafeBytes(of: value.littleEndian) { Array($0) } })
      }
    }
    integers("zero", [], [0])
    integers("one", [], [1])
    integers("axis", [1], [0])
    integers("split", [2], [Int64(Self.heads), Int64(Self.size)])
    integers("joined", [1], [Int64(Self.width)])
    func shape(_ name: String, of value: String, _ behind: String) {
      let rest: [Int64] = behind == "split" ? [Int64(Self.heads), Int64(Self.size)] : [Int64(Self.width)]
      switch target {
      case .computed:
        for (index, number) in ["zero", "one"].enumerated() {
          model.node("Shape", [value], ["\(name)s\(index)"])
          model.node("Gather", ["\(name)s\(index)", number], ["\(name)g\(index)"])
          model.node("Unsqueeze", ["\(name)g\(index)", "axis"], ["\(name)u\(index)"])
        }
        model.node("Concat", ["\(name)u0", "\(name)u1", behind], [name], [.int("axis", 0)])
      case .zeros, .open:
        let first: [Int64] = target == .zeros ? [0, 0] : [-1, 0]
        integers(name, [Int64(2 + rest.count)], first + rest)
      }
    }
    for (name, order) in [("q", [0, 2, 1, 3]), ("k", [0, 2, 3, 1]), ("v", [0, 2, 1, 3])] as [(String, [Int64])] {
      shape("\(name)shape", of: name == "q" ? other : name, "split")
      model.node("Reshape", [name, "\(name)shape"], ["\(name)split"])
      model.node("Transpose", ["\(name)split"], ["\(name)heads"], [.ints("perm", order)])
    }
    model.node("MatMul", ["qheads", "kheads"], ["product"])
    var scores = "product"
    switch scale {
    case .none: break
    case .quotient:
      model.weight("divisor", [], [2])
      model.node("Div", [scores, "divisor"], ["scaled"])
      scores = "scaled"
    case .product:
      model.weight("factor", [], [0.5])
      model.node("Mul", ["factor", scores], ["scaled"])
      scores = "scaled"
    }
    if mask != .none {
      model.input("mask", mask == .square ? [nil, nil] : [nil, 1, 1, nil])
      model.node("Add", mask == .first ? ["mask", scores] : [scores, "mask"], ["masked"])
      scores = "masked"
    }
    model.node("Softmax", [scores], ["weights"], [.int("axis", -1)])
    model.node("MatMul", ["weights", "vheads"], ["sums"])
    model.node("Transpose", ["sums"], ["back"], [.ints("perm", [0, 2, 1, 3])])
    shape("yshape", of: "back", "joined")
    model.node("Reshape", ["back", "yshape"], ["y"])
    model.output("y", [nil, nil, Int64(Self.width)])
    return model
  }

  private static func rows(_ seed: Int) -> [Float] {
    (0..<batch * length * width).map { Float(($0 * 7 + seed * 5) % 11 - 5) / 4 }
  }

  private func inputs(_ mask: Mask) throws -> [String: Tensor] {
    let shape = [Self.batch, Self.length, Self.width]
    var inputs = [
      "q": try Tensor(shape: shape, floats: Self.rows(0)), "k": try Tensor(shape: shape, floats: Self.rows(1)),
      "v": try Tensor(shape: shape, floats: Self.rows(2)),
    ]
    switch mask {
    case .none: break
    case .keys, .first: inputs["mask"] = try Tensor(shape: [2, 1, 1, 3], floats: [0, 0, -1000, 0, -1, 2])
    case .square: inputs["mask"] = try Tensor(shape: [3, 3], floats: [0, -1000, -1000, 0, 1, -1000, 0, 0.5, -2])
    }
    return inputs
  }

  private func expected(_ scale: Scale, _ mask: Mask) throws -> [Double] {
    let (q, k, v) = (Self.rows(0), Self.rows(1), Self.rows(2))
    let masks = try inputs(mask)["mask"]?.floats()
    var result: [Double] = []
    for batch in 0..<Self.batch {
      for row in 0..<Self.length {
        for head in 0..<Self.heads {
          func at(_ values: [Float], _ row: Int, _ index: Int) -> Double {
            Double(values[(batch * Self.length + row) * Self.width + head * Self.size + index])
          }
          let weights = (0..<Self.length).map { key in
            let product = (0..<Self.size).reduce(0.0) { $0 + at(q, row, $1) * at(k, key, $1) }
            let added = masks.map { Double(mask == .square ? $0[row * 3 + key] : $0[batch * 3 + key]) } ?? 0
            return exp((scale == .none ? product : product / 2) + added)
          }
          let total = weights.reduce(0, +)
          for index in 0..<Self.size {
            result.append((0..<Self.length).reduce(0.0) { $0 + weights[$1] / total * at(v, $1, index) })
          }
        }
      }
    }
    return result
  }

  private func run(_ model: ModelWriter, _ mask: Mask) throws -> (values: [Float], operators: [String]) {
    let loaded = try Model(bytes: ModelBytes(model.bytes))
    let inputs = try inputs(mask)
    let values = try #require(try loaded.run(inputs)["y"]?.tensor).floats()
    var benchmark = ModelBenchmark(loaded, try RowSlices(inputs, of: Self.batch))
    return (values, try benchmark.profile(for: .zero).entries.map(\.operatorName))
  }

  private func expectAttention(_ values: [Float], _ scale: Scale, _ mask: Mask) throws {
    let expected = try expected(scale, mask)
    #expect(values.count == expected.count)
    // Values are of the size of 1; a sum of some products of floats is exact to 1e-6.
    for (value, expected) in zip(values, expected) { #expect(abs(Double(value) - expected) < 2e-6) }
  }

  @Test(arguments: Scale.allCases, [Mask.none, .keys, .first])
  func `is one operator`(_ scale: Scale, _ mask: Mask) throws {
    for target in Target.allCases {
      let (values, operators) = try run(model(scale, mask, target), mask)
      #expect(operators == ["Attention"])
      try expectAttention(values, scale, mask)
    }
  }

  @Test func `takes a mask for rows and keys`() throws {
    let model = model(.quotient, .square, .computed)
    let values = try #require(
      try Model(bytes: ModelBytes(model.bytes)).run(try inputs(.square))["y"]?.tensor
    ).floats()
    try expectAttention(values, .quotient, .square)
  }

  @Test func `stays as it is where a shape is that of another value, or the weights are wanted`() throws {
    let (values, operators) = try run(model(.none, .none, .computed, other: "k"), .none)
    #expect(operators.contains("Softmax"))
    try expectAttention(values, .none, .none)
    var shown = model(.none, .none, .zeros)
    shown.output("weights", [nil, nil, nil, nil])
    #expect(try run(shown, .none).operators.contains("Softmax"))
  }
}
