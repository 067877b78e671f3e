/// Sums over two vectors of floats, several lanes at a time.
enum Vectors {
  /// The sum of products. Bound by memory: two loads for each product.
  @inline(__always)
  static func dot(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, count: Int) -> Float {
    reduce(a, b, count: count) {
      $0 * $1
    } scalar: {
      $0 * $1
    }
  }

  /// The squared Euclidean distance.
  @inline(__always)
  static func squaredDistance(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, count: Int) -> Float {
    reduce(a, b, count: count) {
      let difference = $0 - $1
      return difference * difference
    } scalar: {
      ($0 - $1) * ($0 - $1)
    }
  }

  /// The sums of products of one vector with up to four others, which begin `stride` apart.
  ///
  /// Each product is added with one rounding, in the order of the elements, as the fused instructions of
  /// ONNX Runtime do: what a polynomial kernel makes of the last bits is visible in its probabilities.
  /// A product of two floats is exact in double precision. Bound by compute: four chains side by side.
  @inline(__always)
  static func fusedDots(
    _ a: UnsafePointer<Float>, _ others: UnsafePointer<Float>, count: Int, vectors: Int, stride: Int
  ) -> SIMD4<Float> {
    // SAFETY: a lane beyond `vectors` reads the first vector again.
    let b = others
    let c = others + (vectors > 1 ? stride : 0)
    let d = others + (vectors > 2 ? 2 &* stride : 0)
    let e = others + (vectors > 3 ? 3 &* stride : 0)
    var sums = SIMD4<Float>.zero
    for index in 0..<count {
      let value = Double(a[index])
      sums[0] = Float(value * Double(b[index]) + Double(sums[0]))
      sums[1] = Float(value * Double(c[index]) + Double(sums[1]))
      sums[2] = Float(value * Double(d[index]) + Double(sums[2]))
      sums[3] = Float(value * Double(e[index]) + Double(sums[3]))
    }
    return sums
  }

  @inline(__always)
  private static func reduce(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, count: Int,
    lanes: (SIMD8<Float>, SIMD8<Float>) -> SIMD8<Float>, scalar: (Float, Float) -> Float
  ) -> Float {
    // SAFETY: every load below ends at or before `count`, and is marked unaligned.
    let rawA = UnsafeRawPointer(a)
    let rawB = UnsafeRawPointer(b)
    var sums = SIMD8<Float>.zero
    var index = 0
    while index &+ 8 <= count {
      let offset = index &* 4
      sums += lanes(
        rawA.loadUnaligned(fromByteOffset: offset, as: SIMD8<Float>.self),
        rawB.loadUnaligned(fromByteOffset: offset, as: SIMD8<Float>.self))
      index &+= 8
    }
    var total = sums.sum()
    while index < count {
      total += scalar(a[index], b[index])
      index &+= 1
    }
    return total
  }
}
