import HeadgateTensors

/// Convolution of 8-bit integers, exact in 32 bits (which wrap around).
enum IntegerConvolution {
  /// ConvInteger: the sums themselves.
  static func toInt32(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let terms = try IntegerTerms(
      input: try call.tensor(0), zero: try call.optionalTensor(2), weights: try call.tensor(1),
      weightZero: try call.optionalTensor(3), call: call)
    return [.tensor(try terms.sums())]
  }

  /// QLinearConv: the sums, with a bias in their scale, brought to the output's scale and zero point.
  static func quantized(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let terms = try IntegerTerms(
      input: try call.tensor(0), zero: try call.tensor(2), weights: try call.tensor(3), weightZero: try call.tensor(5),
      call: call)
    let features = terms.layout.groups * terms.layout.features
    let inputScale = try scales(call, 1, count: 1)[0]
    let outputScale = try scales(call, 6, count: 1)[0]
    let weightScales = try scales(call, 4, count: features)
    let outputZero = try call.tensor(7)
    guard outputZero.elementType == .uint8 || outputZero.elementType == .int8 else {
      throw TensorError(.elementType, "the output's zero point is of type \(outputZero.elementType), not int8 or uint8")
    }
    let bias = try call.optionalTensor(8)
    try ConvolutionLayout.check(bias: bias, channels: features)
    let requantization = Requantization(
      sums: try terms.sums(), bias: bias, factors: weightScales.map { inputScale * $0 / outputScale },
      zero: outputZero, features: features, call: call)
    return [.tensor(try outputZero.elementType.visit(requantization))]
  }

  /// One scale, or one for each of `count` output channels.
  private static func scales(_ call: OperatorCall, _ index: Int, count: Int) throws(TensorError) -> [Float] {
    let tensor = try call.tensor(index)
    let values = try tensor.floats()
    guard values.count == count || values.count == 1 else {
      throw TensorError(.shape, "scales of shape \(tensor.shape) do not fit \(count) channels")
    }
    return values
  }
}

/// The input and the kernel of a convolution of 8-bit integers, less their zero points: padding is then 0.
private struct IntegerTerms {
  let input: Tensor
  let zero: Tensor?
  let weights: Tensor
  let weightZero: Tensor?
  let layout: ConvolutionLayout
  let call: OperatorCall

  init(
    input: Tensor, zero: Tensor?, weights: Tensor, weightZero: Tensor?, call: OperatorCall
  ) throws(TensorError) {
    for (tensor, zero) in [(input, zero), (weights, weightZero)] {
      guard tensor.elementType == .uint8 || tensor.elementType == .int8 else {
        throw TensorError(.elementType, "takes int8 or uint8 elements, got \(tensor.elementType)")
      }
      if let zero { try tensor.check(sameTypeAs: zero) }
    }
    if let zero, zero.count != 1 {
      throw TensorError(.shape, "the input's zero point has shape \(zero.shape) and is not one number")
    }
    if let weightZero, weightZero.count != 1, weightZero.shape != [weights.shape.first ?? 0] {
      throw TensorError(
        .shape, "zero points of shape \(weightZero.shape) do not fit weights of shape \(weights.shape)")
    }
    self.input = input
    self.zero = zero
    self.weights = weights
    self.weightZero = weightZero
    self.call = call
    layout = try ConvolutionLayout(
      input: input.shape, weights: weights.shape, groups: try call.attributes.int("group") ?? 1,
      window: try Window(call.attributes))
  }

  func sums() throws(TensorError) -> Tensor {
    let x = try input.elementType.visit(Shifting<Float>(tensor: input, zero: zero, call: call))
    let w = try weights.elementType.visit(Shifting<Float>(tensor: weights, zero: weightZero, call: call))
    return try x.withElements(Float.self) { (x) throws(TensorError) in
      try w.withElements(Float.self) { (w) throws(TensorError) in
        try call.make(Int32.self, layout.outputShape) { (output) throws(TensorError) in
          guard let x = x.baseAddress, let w = w.baseAddress, let y = output.baseAddress, !output.isEmpty else {
            return
          }
          NumberRows.clear(y, count: output.count)
          try addProducts(x, w, y)
        }
      }
    }
  }

  /// A sum of up to 256 products of numbers of 9 bits is exact in a float, so that the fast product serves for integers
  /// as well, some taps at a time.
  private func addProducts(
    _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Int32>
  ) throws(TensorError) {
    let (depth, features, positions) = (layout.depth, layout.features, layout.window.outputCount)
    let map = try PatchMap(layout.window, channels: layout.channels, call.budget)
    let slides = layout.isDepthwise && depth <= 256
    let kernels = slides ? [] : try packed(w)
    let copyCount = map.copyCount &* layout.channels
    let count = copyCount &+ features &* positions
    try call.budget.withScratch(Float.self, count: count) { (scratch) throws(TensorError) in
      let sums = scratch + copyCount
      for block in 0..<layout.images * layout.groups {
        let group = block % layout.groups
        let input = x + block * layout.channels * layout.window.inputCount
        let target = y + block * features * positions
        map.withPatches(of: input, channels: layout.channels, scratch: scratch) { patches in
          if slides {
            for feature in 0..<features {
              Float.slide(
                w + (group * features + feature) * depth, taps: depth, over: patches, lines: map.lineCount, offset: 0,
                Bounds(), into: sums + feature * positions, .current)
            }
            for index in 0..<features * positions { target[index] = Int32(sums[index]) }
          }
          for (first, kernel) in kernels.isEmpty ? [] : kernels[group] {
            kernel.multiply(patches.dropping(first), into: sums, n: positions)
            for index in 0..<features * positions { target[index] &+= Int32(sums[index]) }
          }
        }
      }
    }
  }

  /// The kernel of each group in parts of up to 256 taps, each with the number of its first tap.
  private func packed(_ w: UnsafePointer<Float>) throws(TensorError) -> [[(first: Int, kernel: PackedLeft<Float>)]] {
    let (depth, features) = (layout.depth, layout.features)
    var groups: [[(first: Int, kernel: PackedLeft<Float>)]] = []
    for group in 0..<layout.groups {
      var parts: [(first: Int, kernel: PackedLeft<Float>)] = []
      for first in stride(from: 0, to: depth, by: 256) {
        let taps = MatrixProduct.Operand(w + (group * features * depth + first), columns: depth)
        parts.append((first, try PackedLeft(taps, m: features, k: min(256, depth - first), budget: call.budget)))
      }
      groups.append(parts)
    }
    return groups
  }
}

/// The elements less a zero point for all, or one for each row of the first axis.
private struct Shifting<Result: Number>: NumberVisitor {
  let tensor: Tensor
  let zero: Tensor?
  let call: OperatorCall

  func visit<T: Number>(_ type: T.Type) throws(TensorError) -> Tensor {
    let x = try tensor.elements(type)
    let zeros = try zero?.array(of: type) ?? [T.zero]
    let length = zeros.isEmpty ? 0 : x.count / zeros.count
    return try call.make(Result.self, tensor.shape) { output in
      for (row, zero) in zeros.enumerated() {
        let origin = zero.asInt64
        for index in row * length..<(row + 1) * length {
          output[index] = Result(wrapping: x[index].asInt64 &- origin)
        }
      }
    }
  }
}

private struct Requantization: NumberVisitor {
  let sums: Tensor
  let bias: Tensor?
  /// One, or one for each output channel.
  let factors: [Float]
  let zero: Tensor
  let features: Int
  let call: OperatorCall

  func visit<T: Number>(_ type: T.Type) throws(TensorError) -> Tensor {
    let x = try sums.elements(Int32.self)
    let offsets = try bias?.elements(Int32.self)
    guard let origin = try zero.array(of: type).first, zero.count == 1 else {
      throw TensorError(.shape, "the output's zero point has shape \(zero.shape) and is not one number")
    }
    let shift = Float(origin.asDouble)
    let (low, high) = (Float(T.lowest.asDouble) - shift, Float(T.highest.asDouble) - shift)
    return try call.make(type, sums.shape) { output in
      guard features > 0, !x.isEmpty else { return }
      let plane = sums.shape.extent(of: 2..<sums.rank)
      for row in 0..<x.count / plane {
        let feature = row % features
        let offset = offsets?[feature] ?? 0
        let factor = factors[factors.count == 1 ? 0 : feature]
        for index in row * plane..<(row + 1) * plane {
          let value = Float(x[index] &+ offset) * factor
          // NaN comes only of senseless scales, and gives the zero point.
          let rounded = value.isNaN ? 0 : min(max(value, low), high).rounded(.toNearestOrEven)
          output[index] = T(nearest: Double(rounded + shift))
        }
      }
    }
  }
}
