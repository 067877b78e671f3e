import HeadgateKernels

/// Conversions between floats and the two formats of 16 bits, a buffer at a time: bound by memory.
///
/// Rounding is to nearest, ties to even. NaN stays NaN and keeps its sign. Sources and results have the same count.
package enum HalfConversion {
  package static func widen(
    _ source: UnsafeBufferPointer<Float16>, into output: UnsafeMutableBufferPointer<Float>,
    using kernels: KernelSet = .current
  ) {
    guard let (x, y) = starts(source, output) else { return }
    kernels.table.pointee.half_to_float(source.count, bits(x), y)
  }

  package static func narrow(
    _ source: UnsafeBufferPointer<Float>, into output: UnsafeMutableBufferPointer<Float16>,
    using kernels: KernelSet = .current
  ) {
    guard let (x, y) = starts(source, output) else { return }
    kernels.table.pointee.float_to_half(source.count, x, bits(y))
  }

  package static func widen(
    _ source: UnsafeBufferPointer<BFloat16>, into output: UnsafeMutableBufferPointer<Float>,
    using kernels: KernelSet = .current
  ) {
    guard let (x, y) = starts(source, output) else { return }
    kernels.table.pointee.bfloat16_to_float(source.count, bits(x), y)
  }

  package static func narrow(
    _ source: UnsafeBufferPointer<Float>, into output: UnsafeMutableBufferPointer<BFloat16>,
    using kernels: KernelSet = .current
  ) {
    guard let (x, y) = starts(source, output) else { return }
    kernels.table.pointee.float_to_bfloat16(source.count, x, bits(y))
  }

  private static func starts<A, B>(
    _ source: UnsafeBufferPointer<A>, _ output: UnsafeMutableBufferPointer<B>
  ) -> (UnsafePointer<A>, UnsafeMutablePointer<B>)? {
    precondition(output.count >= source.count, "the buffer for the results is too short")
    guard let x = source.baseAddress, let y = output.baseAddress else { return nil }
    return (x, y)
  }

  // SAFETY: both formats are their bits in memory, two bytes of the same alignment, and C reads and writes them so.
  private static func bits<A>(_ numbers: UnsafePointer<A>) -> UnsafePointer<UInt16> {
    UnsafeRawPointer(numbers).assumingMemoryBound(to: UInt16.self)
  }

  private static func bits<A>(_ numbers: UnsafeMutablePointer<A>) -> UnsafeMutablePointer<UInt16> {
    UnsafeMutableRawPointer(numbers).assumingMemoryBound(to: UInt16.self)
  }
}
