import HeadgateTensors

/// Products of matrices of 8-bit integers, which stand for `(element - zero point) * scale`.
enum QuantizedProducts {
  static let table: [OperatorDefinition] = [
    .op("MatMulInteger", since: 10, matMulInteger), .op("QLinearMatMul", since: 10, qLinearMatMul),
  ]

  private static func matMulInteger(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let a = try QuantizedOperand(call.tensor(0), zeroPoint: call.optionalTensor(2), vector: .rows)
    let b = try QuantizedOperand(call.tensor(1), zeroPoint: call.optionalTensor(3), vector: .columns)
    return [.tensor(try product(a, b, call))]
  }

  private static func qLinearMatMul(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let a = try QuantizedOperand(call.tensor(0), zeroPoint: call.optionalTensor(2), vector: .rows)
    let b = try QuantizedOperand(call.tensor(3), zeroPoint: call.optionalTensor(5), vector: .columns)
    let sums = try product(a, b, call)
    let (scaleA, scaleB, scaleY) = (try call.tensor(1), try call.tensor(4), try call.tensor(6))
    let zeroPoint = try call.optionalTensor(7)
    guard scaleY.count == 1, zeroPoint?.count ?? 1 == 1 else {
      throw TensorError(.shape, "scale and zero point of the output must have one element each")
    }
    guard scaleA.elementType == scaleB.elementType, scaleA.elementType == scaleY.elementType else {
      throw TensorError(.elementType, "the scales have different types")
    }
    let type = zeroPoint?.elementType ?? a.tensor.elementType
    guard type == .int8 || type == .uint8 else {
      throw TensorError(.unsupported, "an output of type \(type) is not made by this version")
    }
    let requantization = Requantization(
      scalesA: try a.values(of: scaleA, "scale", call), scalesB: try b.values(of: scaleB, "scale", call),
      scaleY: scaleY, zeroPoint: zeroPoint, shapes: try ProductShapes(a.tensor, b.tensor), sums: sums, type: type,
      call: call)
    // Scales of half precision are multiplied and divided in it.
    return [
      .tensor(
        scaleA.elementType == .float16
          ? try requantization.requantized(Float16.self) : try scaleA.elementType.visit(requantization))
    ]
  }

  /// The int32 product of two operands, batches broadcast.
  static func product(
    _ a: QuantizedOperand, _ b: QuantizedOperand, _ call: OperatorCall
  ) throws(TensorError) -> Tensor {
    let shapes = try ProductShapes(a.tensor, b.tensor)
    let (m, n, k) = (shapes.m, shapes.n, shapes.k)
    let (zerosA, zerosB) = (try a.zeroPoints(call), try b.zeroPoints(call))
    return try call.make(Int32.self, shapes.output) { (output) throws(TensorError) in
      guard !output.isEmpty, let target = output.baseAddress else { return }
      let (left, right) = (try a.bytes, try b.bytes)
      try zerosA.values.withElements(Int32.self) { (rowZeros) throws(TensorError) in
        try zerosB.values.withElements(Int32.self) { (columnZeros) throws(TensorError) in
          let (rowZeros, columnZeros) = (try rowZeros.start, try columnZeros.start)
          shapes.forEachBatch { batchA, batchB, batch in
            IntegerProduct.multiply(
              .init(
                left + batchA * (m * k), isSigned: a.isSigned,
                zeroPoints: rowZeros + (zerosA.isBatched ? batchA * m : 0)),
              .init(
                right + batchB * (k * n), isSigned: b.isSigned,
                zeroPoints: columnZeros + (zerosB.isBatched ? batchB * n : 0)),
              into: target + batch * (m * n), m: m, n: n, k: k)
          }
        }
      }
    }
  }
}

/// A matrix, or a batch of them, of 8-bit integers with its zero points.
struct QuantizedOperand {
  /// Whether scales and zero points, when there are several, belong to rows or to columns.
  enum Vector {
    case rows, columns
  }

  let tensor: Tensor
  private let zeroPoint: Tensor?
  private let vector: Vector

  init(_ tensor: Tensor, zeroPoint: Tensor?, vector: Vector) throws(TensorError) {
    guard tensor.elementType == .int8 || tensor.elementType == .uint8 else {
      throw TensorError(.elementType, "takes int8 or uint8 elements, got \(tensor.elementType)")
    }
    if let zeroPoint, zeroPoint.elementType != tensor.elementType {
      throw TensorError(
        .elementType, "the zero point has type \(zeroPoint.elementType), its matrix \(tensor.elementType)")
    }
    self.tensor = tensor
    self.zeroPoint = zeroPoint
    self.vector = vector
  }

  var isSigned: Bool { tensor.elementType == .int8 }

  /// The address of the elements; valid only while the tensor lives.
  var bytes: UnsafeRawPointer {
    get throws(TensorError) {
      guard let start = tensor.unsafeBytes.baseAddress else { throw TensorError(.shape, "the matrix is empty") }
      return start
    }
  }

  /// How many rows, or columns, a matrix has.
  private var length: Int {
    switch vector {
    case .rows: tensor.rank == 1 ? 1 : tensor.shape[tensor.rank - 2]
    case .columns: tensor.rank == 1 ? 1 : tensor.shape[tensor.rank - 1]
    }
  }

  /// One value for each row or column of one matrix, or with `isBatched` of all matrices.
  struct Values {
    let values: Tensor
    let isBatched: Bool
  }

  func zeroPoints(_ call: OperatorCall) throws(TensorError) -> Values {
    guard let zeroPoint else {
      return Values(values: try call.make(Int32.self, [length]) { $0.update(repeating: 0) }, isBatched: false)
    }
    return try values(of: Casting.convert(zeroPoint, to: .int32, call), "zero point", call)
  }

  /// Scales or zero points: one for all, a vector for all matrices, or a vector for each matrix.
  func values(of tensor: Tensor, _ name: String, _ call: OperatorCall) throws(TensorError) -> Values {
    if tensor.count == 1 {
      let one = try tensor.reshaped(to: [1])
      return Values(values: try one.expanded(to: [length], call), isBatched: false)
    }
    var batched = self.tensor.shape
    if batched.count >= 2 { batched[batched.count - (vector == .rows ? 1 : 2)] = 1 }
    if tensor.shape == batched, batched.count >= 2 { return Values(values: tensor, isBatched: true) }
    guard tensor.shape == [length] else {
      throw TensorError(
        .shape,
        "a \(name) of shape \(tensor.shape) fits neither the \(vector) nor the whole of shape \(self.tensor.shape)")
    }
    return Values(values: tensor, isBatched: false)
  }
}

/// Scales sums of products to the output's 8-bit integers: rounded to nearest, ties to even, and saturated.
private struct Requantization: RealVisitor {
  let scalesA: QuantizedOperand.Values
  let scalesB: QuantizedOperand.Values
  let scaleY: Tensor
  let zeroPoint: Tensor?
  let shapes: ProductShapes
  let sums: Tensor
  let type: ElementType
  let call: OperatorCall

  func visit<Scale: Real>(_ scale: Scale.Type) throws(TensorError) -> Tensor { try requantized(scale) }

  func requantized<Scale: Number & BinaryFloatingPoint>(_ scale: Scale.Type) throws(TensorError) -> Tensor {
    type == .int8 ? try requantized(scale, Int8.self) : try requantized(scale, UInt8.self)
  }

  private func requantized<Scale: Number & BinaryFloatingPoint, Element: Number & FixedWidthInteger>(
    _: Scale.Type, _: Element.Type
  ) throws(TensorError) -> Tensor {
    defer { withExtendedLifetime(self) {} }
    let sums = try sums.elements(Int32.self)
    let (rows, columns) = (try scalesA.values.elements(Scale.self), try scalesB.values.elements(Scale.self))
    let divisor = try scaleY.elements(Scale.self)[0]
    let zero = try zeroPoint.map { (tensor) throws(TensorError) in try tensor.elements(Element.self)[0].asDouble } ?? 0
    let (low, high) = (Element.min.asDouble, Element.max.asDouble)
    let (m, n) = (shapes.m, shapes.n)
    return try call.make(Element.self, shapes.output) { output in
      guard !output.isEmpty else { return }
      shapes.forEachBatch { batchA, batchB, batch in
        let (rowStart, columnStart) = (scalesA.isBatched ? batchA * m : 0, scalesB.isBatched ? batchB * n : 0)
        for row in 0..<m {
          for column in 0..<n {
            let index = (batch * m + row) * n + column
            let factor = rows[rowStart + row] * columns[columnStart + column] / divisor
            let value = (sums[index].asDouble * factor.asDouble).rounded(.toNearestOrEven) + zero
            output[index] = Element(nearest: value < low ? low : value > high ? high : value)
          }
        }
      }
    }
  }
}
