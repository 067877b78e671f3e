import HeadgateTensors

/// The layer of most networks: `Y = bounded(A B + bias)`, `gelu(A B + bias)` or `A B + bias + summand`, with a constant
/// matrix B.
///
/// ONNX has no such operator. Plans put it in the place of MatMul or Gemm with what comes after, so that the product is
/// finished while it is still in the registers' reach, and not read and written once more for each step. It gives the
/// bits that the steps would give.
package enum Dense {
  /// Inputs are A `[..., m, k]` of floats, B `[k, n]`, or `[n, k]` with the attribute `transB`, and maybe a bias `[n]` and
  /// a summand. The attributes `least` and `greatest` bound the output `[..., m, n]`; NaN stays NaN. The attribute `gelu`
  /// asks for ONNX's Gelu of it. A summand that is not of the product's shape is stretched, or stretches the output, as
  /// Add does; there must be no bounds and no Gelu then.
  package static let definition = OperatorDefinition.prepared("Dense", domain: "ai.headgate", since: 1, prepare)

  private static func prepare(_ node: OperatorNode) throws(TensorError) -> Kernel {
    let isTransposed = try node.attributes.flag("transB")
    let bounds = try Bounds(node.attributes)
    let hasGelu = try node.attributes.flag("gelu")
    let rounded = try RoundedProducts.right(of: node, transposed: isTransposed)
    let packed = rounded == nil ? try PackedRight.of(node, transposed: isTransposed)?.floats : nil
    return { (call) throws(TensorError) in
      let (a, b, bias) = (try call.tensor(0), try call.tensor(1), try call.optionalTensor(2))
      var layer = try Layer(a: a, b: b, bias: bias, isTransposed: isTransposed, hasGelu: hasGelu)
      guard let summand = try call.optionalTensor(3) else {
        return [.tensor(try layer.run(packed, rounded, bounds, call))]
      }
      if summand.shape == layer.outputShape {
        layer.summand = summand
        return [.tensor(try layer.run(packed, rounded, bounds, call))]
      }
      return [.tensor(try call.apply("Add", layer.run(packed, rounded, bounds, call), summand))]
    }
  }

  private struct Layer {
    let a: Tensor
    let b: Tensor
    let bias: Tensor?
    let isTransposed: Bool
    let hasGelu: Bool
    let (m, n, k): (Int, Int, Int)
    /// What is added, of the output's shape.
    var summand: Tensor?

    var outputShape: Shape { Array(a.shape.dropLast()) + [n] }

    init(a: Tensor, b: Tensor, bias: Tensor?, isTransposed: Bool, hasGelu: Bool) throws(TensorError) {
      guard b.rank == 2, let width = a.shape.last, width == b.shape[isTransposed ? 1 : 0] else {
        throw TensorError(
          .shape, "cannot multiply shapes \(a.shape) and \(b.shape)\(isTransposed ? " transposed" : "")")
      }
      (k, n) = (width, b.shape[isTransposed ? 0 : 1])
      guard bias == nil || bias?.shape == [n] else {
        throw TensorError(.shape, "a bias of shape \(bias?.shape ?? []) does not fit \(n) columns")
      }
      m = a.shape.extent(of: 0..<a.rank - 1)
      (self.a, self.b, self.bias, self.isTransposed, self.hasGelu) = (a, b, bias, isTransposed, hasGelu)
    }

    func run(
      _ packed: PackedMatrix<Float>?, _ rounded: RoundedMatrix?, _ bounds: Bounds<Float>, _ call: OperatorCall
    ) throws(TensorError) -> Tensor {
      let x = try a.elements(Float.self)
      let offsets = try bias?.elements(Float.self)
      let (m, n, k, isTransposed, team) = (m, n, k, isTransposed, call.team)
      let summands = try summand?.elements(Float.self).baseAddress.map { MatrixProduct.Operand($0, columns: n) }
      let finish = Finish(columnOffsets: offsets?.baseAddress, bounds: bounds, summands: summands, hasGelu: hasGelu)
      let w = rounded == nil && packed == nil ? try b.elements(Float.self) : nil
      return try call.produce(Float.self, outputShape, reading: a, w == nil ? nil : b, bias, summand) {
        (output) throws(TensorError) in
        guard let target = output.baseAddress, !output.isEmpty else { return }
        let left = MatrixProduct.Operand(try x.start, columns: k)
        if let rounded { return rounded.multiply(left, into: target, m: m, finish: finish, team: team) }
        if let packed { return packed.multiply(left, into: target, m: m, finish: finish, team: team) }
        guard let w = try w?.start else { return }
        MatrixProduct.multiply(
          left, .init(w, columns: isTransposed ? k : n, transposed: isTransposed), into: target, m: m, n: n, k: k,
          finish: finish, team: team)
      }
    }
  }
}
