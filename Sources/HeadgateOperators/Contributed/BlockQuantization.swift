import HeadgateTensors

/// Weights of 2, 4 or 8 bits with a scale for each block of a row, as language models are stored.
enum BlockQuantization {
  static let table: [OperatorDefinition] = [
    .contributed("MatMulNBits", BlockedProduct.multiply).computingInSingle(),
    .contributed("GatherBlockQuantized", gather),
  ]

  /// Rows of a table, dequantised after they are taken: the table itself never is.
  private static func gather(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let (data, indices, scales) = (try call.tensor(0), try call.tensor(1), try call.tensor(2))
    let axis = try data.shape.axis(try call.attributes.int("gather_axis") ?? 0)
    let blockAxis = try data.shape.axis(try call.attributes.int("quantize_axis") ?? 1)
    let block = try call.attributes.int("block_size") ?? 128
    guard axis != blockAxis, scales.rank == data.rank else {
      throw TensorError(.shape, "scales of shape \(scales.shape) do not fit \(data.shape), gathered along axis \(axis)")
    }
    guard block >= 16, block & (block - 1) == 0 else {
      throw TensorError(.invalidValue, "blocks of \(block) are no power of two from 16 on")
    }
    let along: [(name: String, value: AttributeValue)] = [("axis", .int(Int64(axis)))]
    var rows = try call.apply("Gather", data, indices, with: along)
    let factors = try call.apply("Gather", scales, indices, with: along)
    var zeros = try call.optionalTensor(3).map { (zeros) throws(TensorError) in
      try call.apply("Gather", zeros, indices, with: along)
    }
    if data.elementType == .uint8 {
      let bits = try call.attributes.int("bits") ?? 4
      guard blockAxis == data.rank - 1 else {
        throw TensorError(.unsupported, "packed elements must lie along the last axis, which must be that of blocks")
      }
      rows = try PackedCodes.unpacked(rows, bits: bits, last: nil, call)
      zeros = try zeros.map { (zeros) throws(TensorError) in
        try PackedCodes.unpacked(zeros, bits: bits, last: factors.shape.last, call)
      }
      // Codes without a sign have their zero in the middle, unless the model says where it is.
      if zeros == nil {
        zeros = try call.make(UInt8.self, factors.shape) { $0.update(repeating: 1 << UInt8(bits - 1)) }
      }
    }
    let place = blockAxis > axis ? blockAxis &+ indices.rank &- 1 : blockAxis
    return [
      .tensor(
        try call.apply(
          "DequantizeLinear", rows, factors, zeros,
          with: [("axis", .int(Int64(place))), ("block_size", .int(Int64(block)))]))
    ]
  }
}

/// Codes of a few bits that lie in bytes, the first in the lowest bits.
enum PackedCodes {
  /// The codes as bytes of their own, along the last axis.
  ///
  /// - Parameter last: how many there are along that axis, when the last byte is not full.
  static func unpacked(_ bytes: Tensor, bits: Int, last: Int?, _ call: OperatorCall) throws(TensorError) -> Tensor {
    guard bits == 2 || bits == 4 || bits == 8 else {
      throw TensorError(.invalidValue, "codes have 2, 4 or 8 bits, not \(bits)")
    }
    guard bits < 8 else { return bytes }
    let perByte = 8 / bits
    let width = bytes.shape.last ?? 1
    let all = width &* perByte
    let count = last ?? all
    guard count <= all, count > all - perByte else {
      throw TensorError(.shape, "\(width) bytes do not hold \(count) codes of \(bits) bits")
    }
    let source = try bytes.elements(UInt8.self)
    let mask = UInt8((1 << bits) - 1)
    return try call.make(UInt8.self, Array(bytes.shape.dropLast()) + [count]) { codes in
      guard width > 0 else { return }
      for row in 0..<source.count / width {
        for place in 0..<count {
          codes[row * count + place] = source[row * width + place / perByte] >> UInt8(place % perByte * bits) & mask
        }
      }
    }
  }
}

/// MatMulNBits: `A [..., K]` times the transpose of weights `[N, K]`, whose rows are quantised in blocks.
///
/// Always computed in single precision, which is at least what `accuracy_level` asks for; with level 4 ONNX Runtime
/// quantises A to 8 bits and is that much further off.
struct BlockedProduct {
  /// So many rows of the weights are dequantised at a time: 64 rows of 4,096 elements take a megabyte.
  private static let panel = 64

  let k: Int
  let n: Int
  let block: Int
  let bits: Int
  let blocks: Int
  let codes: Tensor
  let scales: Tensor
  /// One for each scale, as floats.
  let zeros: Tensor
  /// Which block of its row a column belongs to; nil when they follow one another.
  let groups: [Int]?

  static func multiply(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    let product = try BlockedProduct(call)
    guard let width = input.shape.last, width == product.k else {
      throw TensorError(.shape, "an input of shape \(input.shape) does not fit weights for \(product.k) columns")
    }
    var result = try product.times(input, call)
    if let bias = try call.optionalTensor(5) {
      guard bias.shape == [product.n] else {
        throw TensorError(.shape, "a bias of shape \(bias.shape) does not fit \(product.n) columns")
      }
      result = try call.apply("Add", result, bias)
    }
    return [.tensor(result)]
  }

  private init(_ call: OperatorCall) throws(TensorError) {
    let attributes = call.attributes
    guard let k = try attributes.int("K"), let n = try attributes.int("N"), let block = try attributes.int("block_size")
    else { throw TensorError(.missing, "attributes 'K', 'N' and 'block_size' must be given") }
    bits = try attributes.int("bits") ?? 4
    guard [2, 4, 8].contains(bits), block >= 16, block <= 1 << 20, block & (block - 1) == 0, k > 0, n > 0 else {
      throw TensorError(.invalidValue, "\(n) x \(k) weights of \(bits) bits in blocks of \(block) cannot be")
    }
    guard try attributes.flag("weight_prepacked") == false else {
      throw TensorError(.unsupported, "weights in the layout of one device are not known to this version")
    }
    (self.k, self.n, self.block) = (k, n, block)
    blocks = (k - 1) / block + 1
    codes = try call.tensor(1)
    scales = try call.tensor(2)
    let count = try [n, blocks].elementCount()
    let bytes = try [n, blocks, block * bits / 8].elementCount()
    guard codes.elementType == .uint8, codes.count == bytes, scales.count == count else {
      throw TensorError(
        .shape,
        "\(Value.tensor(codes).summary) with scales of shape \(scales.shape) do not hold \(n) x \(k) weights of "
          + "\(bits) bits in blocks of \(block)")
    }
    zeros = try Self.zeros(try call.optionalTensor(3), n: n, blocks: blocks, bits: bits, call)
    groups = try call.ints(4)
    if let groups {
      guard groups.count >= k, groups.allSatisfy({ [blocks] group in group >= 0 && group < blocks }) else {
        throw TensorError(.invalidValue, "g_idx does not name one of \(blocks) blocks for each of \(k) columns")
      }
    }
  }

  private static func zeros(
    _ given: Tensor?, n: Int, blocks: Int, bits: Int, _ call: OperatorCall
  ) throws(TensorError) -> Tensor {
    guard let given else {
      return try call.make(Float.self, [n, blocks]) { $0.update(repeating: Float(1 << (bits - 1))) }
    }
    guard given.elementType == .uint8 else {
      guard given.count == n * blocks else {
        throw TensorError(.shape, "zero points of shape \(given.shape) do not fit \([n, blocks])")
      }
      return given
    }
    let perByte = 8 / bits
    guard given.count == n * ((blocks - 1) / perByte + 1) else {
      throw TensorError(.shape, "zero points of shape \(given.shape) do not hold \([n, blocks]) of \(bits) bits")
    }
    let rows = try given.reshaped(to: [n, given.count / n])
    return try Casting.convert(PackedCodes.unpacked(rows, bits: bits, last: blocks, call), to: .float, call)
  }

  private func times(_ input: Tensor, _ call: OperatorCall) throws(TensorError) -> Tensor {
    let x = try input.elements(Float.self)
    let rows = input.count / k
    return try call.make(Float.self, Array(input.shape.dropLast()) + [n]) { (output) throws(TensorError) in
      guard rows > 0, let x = x.baseAddress, let y = output.baseAddress else { return }
      let height = min(Self.panel, n)
      try call.budget.withZeros(Float.self, count: try [height, k].elementCount()) { (weights) throws(TensorError) in
        for first in stride(from: 0, to: n, by: height) {
          let count = min(height, n - first)
          for row in 0..<count { try dequantize(row: first + row, into: weights + row * k) }
          MatrixProduct.multiply(
            .init(x, columns: k), .init(weights, columns: k, transposed: true), into: y + first, m: rows, n: count,
            k: k, columns: n)
        }
      }
    }
  }

  /// Bound by the memory that is written.
  private func dequantize(row: Int, into target: UnsafeMutablePointer<Float>) throws(TensorError) {
    let bytes = try codes.elements(UInt8.self).start + row * blocks * block * bits / 8
    let scales = try scales.elements(Float.self).start + row * blocks
    let zeros = try zeros.elements(Float.self).start + row * blocks
    guard groups == nil else { return dequantizeGroups(bytes, scales, zeros, into: target) }
    for index in 0..<blocks {
      let start = index * block
      let part = bytes + start * bits / 8
      let (scale, zero, count) = (scales[index], zeros[index], min(block, k - start))
      let target = target + start
      switch bits {
      case 8: for place in 0..<count { target[place] = (Float(part[place]) - zero) * scale }
      case 4:
        for pair in 0..<count / 2 {
          target[2 * pair] = (Float(part[pair] & 15) - zero) * scale
          target[2 * pair + 1] = (Float(part[pair] >> 4) - zero) * scale
        }
        if count % 2 == 1 { target[count - 1] = (Float(part[count / 2] & 15) - zero) * scale }
      default:
        for place in 0..<count {
          target[place] = (Float(part[place / 4] >> UInt8(place % 4 * 2) & 3) - zero) * scale
        }
      }
    }
  }

  private func dequantizeGroups(
    _ bytes: UnsafePointer<UInt8>, _ scales: UnsafePointer<Float>, _ zeros: UnsafePointer<Float>,
    into target: UnsafeMutablePointer<Float>
  ) {
    guard let groups else { return }
    let perByte = 8 / bits
    let mask = UInt8((1 << bits) - 1)
    for column in 0..<k {
      let code = bytes[column / perByte] >> UInt8(column % perByte * bits) & mask
      target[column] = (Float(code) - zeros[groups[column]]) * scales[groups[column]]
    }
  }
}
