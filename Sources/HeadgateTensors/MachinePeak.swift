import Glibc
import HeadgateKernels

/// What one core of this machine can do at most, measured: what the speed of kernels is compared with.
package struct MachinePeak: Sendable, Hashable {
  /// Additions and multiplications of floats in a second, a product that is added to a sum counted as two.
  package let floatOperations: Double
  /// The same for doubles.
  package let doubleOperations: Double
  /// Bytes read and bytes written in a second while memory is copied that no cache can hold.
  package let bandwidth: Double

  /// Measures for about a tenth of a second, and takes the best of several rounds.
  ///
  /// - Parameter copiedBytes: how much is copied in a round; twice as much memory is needed meanwhile.
  /// - Throws: `TensorError.memoryLimit` when the machine has no such memory.
  package init(using kernels: KernelSet = .current, copiedBytes: Int = 1 << 26) throws(TensorError) {
    let table = kernels.table.pointee
    floatOperations = Self.best(of: 20, work: 2 * Double(table.s_products) * Double(Self.rounds)) {
      // Sums that stay small: no rounding changes how long a product takes.
      _ = table.s_arithmetic(Self.rounds, 0.5, 1)
    }
    doubleOperations = Self.best(of: 20, work: 2 * Double(table.d_products) * Double(Self.rounds)) {
      _ = table.d_arithmetic(Self.rounds, 0.5, 1)
    }
    let budget = MemoryBudget(limit: .max)
    let source = try Storage(.uint8, count: copiedBytes, budget: budget)
    let target = try Storage(.uint8, count: copiedBytes, budget: budget)
    // Pages exist from the first write on.
    memset(source.base, 1, copiedBytes)
    bandwidth = Self.best(of: 5, work: 2 * Double(copiedBytes)) { memcpy(target.base, source.base, copiedBytes) }
  }

  private static let rounds = 20_000

  private static func best(of count: Int, work: Double, _ body: () -> Void) -> Double {
    var best = 0.0
    for _ in 0..<count {
      let began = ClockReading.thread
      body()
      best = max(best, work / Double(max(ClockReading.thread - began, 1)) * 1e9)
    }
    return best
  }
}
