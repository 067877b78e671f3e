import Glibc
import HeadgateTensors

/// Work on a row of numbers of any type, of which one side is dense and the other lies every `stride`
/// elements. Rows of floats go to the kernels.
///
/// SAFETY: the pointers must reach that far, and the two sides must not overlap.
enum NumberRows {
  static func fill<T: Number>(_ y: UnsafeMutablePointer<T>, count: Int, with value: T) {
    if let y = floats(y), let value = value as? Float { return RowKernels.fill(y, count: count, with: value) }
    for index in 0..<count { y[index] = value }
  }

  /// Sets all bits to zero, which is the number zero in every type.
  static func clear<T: Number>(_ y: UnsafeMutablePointer<T>, count: Int) {
    memset(y, 0, count &* MemoryLayout<T>.stride)
  }

  /// `y[i] += factor * x[i * stride]`
  static func add<T: Number>(
    _ x: UnsafePointer<T>, stride: Int, times factor: T, to y: UnsafeMutablePointer<T>, count: Int
  ) {
    if let x = floats(x), let y = floats(y), let factor = factor as? Float {
      return RowKernels.add(x, stride: stride, times: factor, to: y, count: count)
    }
    if stride == 1 {
      for index in 0..<count { y[index] = T.add(y[index], T.multiply(factor, x[index])) }
    } else {
      for index in 0..<count { y[index] = T.add(y[index], T.multiply(factor, x[index &* stride])) }
    }
  }

  /// `y[i] += factors[0] * x[i * stride] + factors[1] * x[i * stride + gap] + ...`: to the bit what one `add` for each
  /// tap gives.
  static func add<T: Number>(
    taps: Int, _ factors: UnsafePointer<T>, _ x: UnsafePointer<T>, gap: Int, stride: Int,
    to y: UnsafeMutablePointer<T>, count: Int
  ) {
    if let factors = floats(factors), let x = floats(x), let y = floats(y) {
      return RowKernels.add(taps: taps, factors, x, gap: gap, stride: stride, to: y, count: count)
    }
    for tap in 0..<taps { add(x + tap &* gap, stride: stride, times: factors[tap], to: y, count: count) }
  }

  /// `y[i]` becomes the greater of itself and `x[i * stride]`; NaN when either is.
  static func maximize<T: Number>(
    _ y: UnsafeMutablePointer<T>, with x: UnsafePointer<T>, stride: Int, count: Int
  ) {
    for index in 0..<count { y[index] = T.maximum(x[index &* stride], y[index]) }
  }

  /// `y[i * stride] += x[i]`
  static func scatter<T: Number>(
    _ x: UnsafePointer<T>, to y: UnsafeMutablePointer<T>, stride: Int, count: Int
  ) {
    if let x = floats(x), let y = floats(y) { return RowKernels.scatter(x, to: y, stride: stride, count: count) }
    for index in 0..<count { y[index &* stride] = T.add(y[index &* stride], x[index]) }
  }

  /// `y[i] = x[i] * factor + offset`
  static func scale<T: Number>(
    _ x: UnsafePointer<T>, by factor: T, plus offset: T, into y: UnsafeMutablePointer<T>, count: Int
  ) {
    if let x = floats(x), let y = floats(y), let factor = factor as? Float, let offset = offset as? Float {
      return RowKernels.scale(x, by: factor, plus: offset, into: y, count: count)
    }
    for index in 0..<count { y[index] = T.add(T.multiply(x[index], factor), offset) }
  }

  /// The mean and the variance about it (divided by the count), in double.
  static func moments<T: Real>(_ x: UnsafePointer<T>, count: Int) -> (mean: Double, variance: Double) {
    let mean = sum(x, count: count) / Double(count)
    return (mean, squares(x, count: count, around: mean) / Double(count))
  }

  static func sum<T: Real>(_ x: UnsafePointer<T>, count: Int) -> Double {
    if let x = floats(x) { return RowKernels.sum(x, count: count) }
    var total = 0.0
    for index in 0..<count { total += Double(x[index]) }
    return total
  }

  /// The sum of the squares of the distances from `origin`.
  static func squares<T: Real>(_ x: UnsafePointer<T>, count: Int, around origin: Double) -> Double {
    if let x = floats(x) { return RowKernels.squares(x, count: count, around: origin) }
    var total = 0.0
    for index in 0..<count {
      let distance = Double(x[index]) - origin
      total += distance * distance
    }
    return total
  }

  /// `y[i] = (x[i] - origin) * factor + offset`, in double and rounded once.
  static func center<T: Real>(
    _ x: UnsafePointer<T>, at origin: Double, times factor: Double, plus offset: Double,
    into y: UnsafeMutablePointer<T>, count: Int
  ) {
    if let x = floats(x), let y = floats(y) {
      return RowKernels.center(x, at: origin, times: factor, plus: offset, into: y, count: count)
    }
    for index in 0..<count { y[index] = T((Double(x[index]) - origin) * factor + offset) }
  }

  /// `y[i] = y[i] * factors[i] + offsets[i]`, or without offsets.
  static func multiply<T: Real>(
    _ y: UnsafeMutablePointer<T>, by factors: UnsafePointer<T>, plus offsets: UnsafePointer<T>?, count: Int
  ) {
    if let y = floats(y), let factors = floats(factors) {
      return RowKernels.multiply(y, by: factors, plus: offsets.flatMap { floats($0) }, count: count)
    }
    for index in 0..<count { y[index] = y[index] * factors[index] + (offsets?[index] ?? 0) }
  }

  // SAFETY of both: the type is compared before the memory is read as it.
  @inline(__always)
  private static func floats<T>(_ x: UnsafePointer<T>) -> UnsafePointer<Float>? {
    T.self == Float.self ? UnsafeRawPointer(x).assumingMemoryBound(to: Float.self) : nil
  }

  @inline(__always)
  private static func floats<T>(_ y: UnsafeMutablePointer<T>) -> UnsafeMutablePointer<Float>? {
    T.self == Float.self ? UnsafeMutableRawPointer(y).assumingMemoryBound(to: Float.self) : nil
  }
}
