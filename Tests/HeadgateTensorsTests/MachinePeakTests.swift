import Testing

@testable import HeadgateTensors

@Suite struct `The peak of the machine` {
  @Test(arguments: KernelSet.all) func `is measured with every set`(_ kernels: KernelSet) throws {
    let peak = try MachinePeak(using: kernels, copiedBytes: 1 << 20)
    for rate in [peak.floatOperations, peak.doubleOperations, peak.bandwidth] { #expect(rate > 1e6 && rate < 1e15) }
  }

  /// Registers that begin with 0, 1, 2 ... are all in the result: three rounds of s / 2 + 1 make s / 8 + 7 / 4 of them.
  @Test(arguments: KernelSet.all) func `comes from products that are made`(_ kernels: KernelSet) {
    let table = kernels.table.pointee
    let sum = table.s_arithmetic(0, 0.5, 1)
    let count = ((1 + 8 * sum).squareRoot() + 1) / 2
    #expect(count >= 8 && table.s_products % Int(count) == 0)
    #expect(table.s_arithmetic(3, 0.5, 1) == sum / 8 + count * 1.75)
    #expect(table.d_arithmetic(0, 0.5, 1) == Double(sum))
    #expect(table.d_arithmetic(3, 0.5, 1) == Double(sum / 8 + count * 1.75))
    #expect(table.s_products == 2 * table.d_products)
  }
}
