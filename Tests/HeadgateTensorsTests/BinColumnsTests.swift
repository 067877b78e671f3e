import Testing

@testable import HeadgateTensors

@Suite struct `Columns of bins` {
  /// Numbers that meet the edges: thresholds themselves, their neighbours, and what is no number.
  private func values<Scalar: TreeScalar>(_ thresholds: [Scalar], _ random: inout KernelRandom) -> [Scalar] {
    let edges: [Scalar] = [.nan, -.nan, .infinity, -.infinity, 0, -0.0, 1e-36, -1e-36, 1e-30, .greatestFiniteMagnitude]
    let near = thresholds.flatMap { [$0, $0.nextUp, $0.nextDown] }
    return edges + near + (0..<40).map { _ in Scalar(4 * random.number()) }
  }

  private func checkNumbers<Scalar: TreeScalar>(_: Scalar.Type, _ kernels: KernelSet) {
    var random = KernelRandom(11)
    for counts in [
      [1], [0], [255, 254, 128, 127, 64, 1, 0], Array((0..<45).reversed()), [255] + Array(repeating: 2, count: 32),
    ] {
      let columns = counts.enumerated().map { feature, count in
        BinColumns<Scalar>.Column(
          feature: counts.count - 1 - feature, kind: random.below(3) == 0 ? .numberNotZero : .number,
          missingIsTrue: random.below(2) == 0,
          thresholds: (0..<count).map { _ in random.below(20) == 0 ? 0 : Scalar(4 * random.number()) }.sorted()[...])
      }
      let bins = BinColumns(columns)
      let pool = values(columns.flatMap { $0.thresholds.prefix(60) }, &random)
      for rowCount in [1, 8, 63, 64, 65, 256] {
        let rows = (0..<rowCount * counts.count).map { _ in random.pick(pool) }
        let block = GuardedBuffer([UInt8](repeating: 9, count: counts.count * BinLimits.blockRows))
        let guarded = GuardedBuffer(rows)
        bins.fill(block.start, from: guarded.start, count: rowCount, stride: counts.count, using: kernels)
        let last = rowCount - 1
        let single = GuardedBuffer([UInt8](repeating: 9, count: bins.rowWidth))
        let lastRow = GuardedBuffer(Array(rows[last * counts.count..<rowCount * counts.count]))
        bins.fill(single.start, fromRow: lastRow.start, using: kernels)
        for (index, column) in columns.enumerated() {
          let found = (0..<rowCount).map { block.start[index * BinLimits.blockRows + $0] }
          let expected = (0..<rowCount).map { row -> UInt8 in
            let value = rows[row * counts.count + column.feature]
            let isZero = column.kind == .numberNotZero && value.magnitude <= Scalar(Float(1e-35))
            guard !value.isNaN && !isZero else { return column.missingIsTrue ? 0 : 255 }
            return UInt8(column.thresholds.count { $0 < value })
          }
          #expect(found == expected)
          #expect(single.start[index] == expected[last])
        }
      }
    }
  }

  @Test(arguments: KernelSet.all) func `count the thresholds below each number`(_ kernels: KernelSet) {
    checkNumbers(Float.self, kernels)
    checkNumbers(Double.self, kernels)
  }

  @Test(arguments: KernelSet.all) func `tell categories from one another`(_ kernels: KernelSet) {
    let kinds: [BinColumns<Float>.Kind] = [.category, .truncatedCategory]
    let number = BinColumns<Float>.Column(
      feature: 0, kind: .number, missingIsTrue: false, thresholds: [0.5, 2, 100])
    let columns =
      [number]
      + kinds.flatMap { kind in
        [false, true].map { .init(feature: 0, kind: kind, missingIsTrue: $0, thresholds: []) }
      }
    let bins = BinColumns(columns)
    // What each is as a category, cut to a whole number or not.
    let cases: [(value: Float, category: UInt8, truncated: UInt8)] = [
      (0, 0, 0), (-0.0, 0, 0), (3.9, 3, 3), (253, 253, 253), (253.5, 253, 253), (254, 255, 255), (1e9, 255, 255),
      (.infinity, 255, 255), (-.infinity, 255, 255), (-1, 255, 255), (-0.5, 255, 0),
    ]
    let rows = cases.map(\.value) + [.nan]
    var block = [UInt8](repeating: 9, count: columns.count * BinLimits.blockRows)
    bins.fill(&block, from: rows, count: rows.count, stride: 1, using: kernels)
    for (index, column) in columns.enumerated().dropFirst() {
      let found = block[index * BinLimits.blockRows..<index * BinLimits.blockRows + rows.count]
      let expected =
        cases.map { column.kind == .category ? $0.category : $0.truncated } + [column.missingIsTrue ? 254 : 255]
      #expect(Array(found) == expected)
      for (row, value) in rows.enumerated() {
        var single = [UInt8](repeating: 9, count: bins.rowWidth)
        bins.fill(&single, fromRow: [value], using: kernels)
        #expect(single[index] == expected[row])
      }
    }
  }
}
