import HeadgateKernels

extension ThreadTeam {
  /// Calls `body` with each share of a product, which any of the threads may compute.
  func share(_ nanoseconds: Double, _ body: (hg_share) -> Void) {
    let count = partCount(taking: nanoseconds)
    guard count > 1 else { return body(hg_share(index: 0, count: 1)) }
    forEach(count, taking: nanoseconds) { part, _ in body(hg_share(index: part, count: count)) }
  }
}

/// About how long a product takes on one thread, in nanoseconds: with AVX-512 some 50 multiplications of floats a
/// nanosecond, or the reading of the right side from memory when there are few rows.
func productTime<Element>(_ type: Element.Type, m: Int, n: Int, k: Int) -> Double {
  let multiplications: Double =
    switch KernelSet.current.name {
    case .avx512: 50
    case .avx2: 25
    case .reference: 4
    }
  let width = Double(MemoryLayout<Element>.size)
  return Double(n) * Double(k) * width * max(Double(m) / 4 / multiplications, 0.08)
}
