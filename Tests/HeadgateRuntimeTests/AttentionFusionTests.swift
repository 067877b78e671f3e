import Glibc
import HeadgateRuntime
import HeadgateTensors
import Testing

/// Attention written out, against its formula in double precision.
@Suite struct `Attention written out` {
  private static let (batch, length, heads, size) = (3, 3, 2, 4)
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

  private static func rows(_ seed: Int, _ shape: [Int]) throws -> Tensor {
    try Tensor(shape: shape, floats: (0..<shape.reduce(1, *)).map { Float(($0 * 7 + seed * 5) % 11 - 5) / 4 })
  }

  private func inputs(_ mask: Mask) throws -> [String: Tensor] {
    let shape = [Self.batch, Self.length, Self.width]
    var inputs = [
      "q": try Self.rows(0, shape), "k": try Self.rows(1, shape), "v": try Self.rows(2, shape),
    ]
    switch mask {
    case .none: break
    case .keys, .first: inputs["mask"] = try Tensor(shape: [3, 1, 1, 3], floats: [0, 0, -1000, 0, -1, 2, 1, 0, 0])
    case .square: inputs["mask"] = try Tensor(shape: [3, 3], floats: [0, -1000, -1000, 0, 1, -1000, 0, 0.5, -2])
    }
    return inputs
  }

  /// The formula, with every input stretched to the others.
  private func expected(_ scale: Scale, _ inputs: [String: Tensor]) throws -> [Double] {
    func element(_ name: String, _ place: [Int]) throws -> Double {
      let tensor = try #require(inputs[name])
      let index = zip(tensor.shape, place).reduce(0) { $0 * $1.0 + min($1.1, $1.0 - 1) }
      return Double(try tensor.floats()[index])
    }
    func extent(_ axis: Int) -> Int { inputs.values.map { $0.shape.count == 3 ? $0.shape[axis] : 0 }.max() ?? 0 }
    let keyCount = inputs["k"]?.shape[1] ?? 0
    let mask = inputs["mask"]?.shape ?? []
    let batches = max(extent(0), mask.count == 4 ? mask[0] : 1)
    let rows = max(inputs["q"]?.shape[1] ?? 0, mask.count == 2 ? mask[0] : 1)
    var result: [Double] = []
    for batch in 0..<batches {
      for row in 0..<rows {
        for head in 0..<Self.heads {
          let weights = try (0..<keyCount).map { key in
            let product = try (0..<Self.size).reduce(0.0) {
              let column = head * Self.size + $1
              return try $0 + element("q", [batch, row, column]) * element("k", [batch, key, column])
            }
            let place = mask.count == 2 ? [row, key] : [batch, 0, 0, key]
            return exp((scale == .none ? product : product / 2) + (mask.isEmpty ? 0 : try element("mask", place)))
          }
          let total = weights.reduce(0, +)
          for index in 0..<Self.size {
            result.append(
              try (0..<keyCount).reduce(0.0) {
                try $0 + weights[$1] / total * element("v", [batch, $1, head * Self.size + index])
              })
          }
        }
      }
    }
    return result
  }

  private func run(
    _ model: ModelWriter, _ inputs: [String: Tensor]
  ) throws -> (values: [Float], operators: [String]) {
    let loaded = try Model(bytes: ModelBytes(model.bytes))
    let values = try #require(try loaded.run(inputs)["y"]?.tensor).floats()
    var benchmark = ModelBenchmark(loaded, try RowSlices(inputs, of: Self.batch))
    return (values, try benchmark.profile(for: .zero).entries.map(\.operatorName))
  }

  private func expect(_ values: [Float], _ expected: [Double]) {
    #expect(values.count == expected.count)
    // Values are of the size of 1; a sum of some products of floats is exact to 1e-6.
    for (value, expected) in zip(values, expected) { #expect(abs(Double(value) - expected) < 2e-6) }
  }

  @Test(arguments: Scale.allCases, Mask.allCases)
  func `is one operator`(_ scale: Scale, _ mask: Mask) throws {
    for target in Target.allCases {
      let inputs = try inputs(mask)
      let (values, operators) = try run(model(scale, mask, target), inputs)
      #expect(operators == ["Attention"])
      expect(values, try expected(scale, inputs))
    }
  }

  /// The products and the sum that it stands for stretch what they are given.
  @Test(
    arguments: [
      (Mask.none, [[1, 3, 8], [2, 3, 8], [2, 3, 8]], []), (.none, [[2, 3, 8], [1, 5, 8], [1, 5, 8]], []),
      (.keys, [[1, 3, 8], [1, 3, 8], [1, 3, 8]], [2, 1, 1, 3]),
      (.square, [[2, 1, 8], [2, 3, 8], [2, 3, 8]], [3, 3]),
      (.keys, [[2, 4, 8], [2, 3, 8], [1, 3, 8]], [1, 1, 1, 3]),
    ] as [(Mask, [[Int]], [Int])])
  func `stretches what it is given`(_ mask: Mask, _ shapes: [[Int]], _ maskShape: [Int]) throws {
    var inputs: [String: Tensor] = [:]
    for (index, name) in ["q", "k", "v"].enumerated() { inputs[name] = try Self.rows(index, shapes[index]) }
    if !maskShape.isEmpty { inputs["mask"] = try Self.rows(3, maskShape) }
    let loaded = try Model(bytes: ModelBytes(model(.quotient, mask, .computed).bytes))
    let values = try #require(try loaded.run(inputs)["y"]?.tensor).floats()
    expect(values, try expected(.quotient, inputs))
  }

  @Test func `is zero for a row that a mask keeps from all keys`() throws {
    var inputs = try inputs(.square)
    inputs["mask"] = try Tensor(shape: [3, 3], floats: [0, 0, 0, -.infinity, -.infinity, -.infinity, 0, 0, 0])
    let (values, _) = try run(model(.none, .square, .computed), inputs)
    for batch in 0..<Self.batch {
      let row = values[((batch * Self.length + 1) * Self.width)...].prefix(Self.width)
      #expect(row.allSatisfy { $0 == 0 })
    }
  }

  @Test func `stays as it is where a shape is that of another value, or the weights are wanted`() throws {
    let inputs = try inputs(.none)
    let (values, operators) = try run(model(.none, .none, .computed, other: "k"), inputs)
    #expect(operators.contains("Softmax"))
    expect(values, try expected(.none, inputs))
    var shown = model(.none, .none, .zeros)
    shown.output("weights", [nil, nil, nil, nil])
    #expect(try run(shown, inputs).operators.contains("Softmax"))
  }
}
