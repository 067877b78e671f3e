/// Sums over two vectors of floats, eight lanes at a time.
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
