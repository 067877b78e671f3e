import Testing

@testable import HeadgateTensors

@Suite struct `Bins of features` {
  /// Numbers that meet the edges: thresholds themselves, their neighbours, and what is no number.
  private func values<Scalar: TreeScalar>(_ thresholds: [Scalar], _ random: inout KernelRandom) -> [Scalar] {
    let edges: [Scalar] = [.nan, -.nan, .infinity, -.infinity, 0, -0.0, 1e-36, -1e-36, 1e-30, .greatestFiniteMagnitude]
    let near = thresholds.flatMap { [$0, $0.nextUp, $0.nextDown] }
    return edges + near + (0..<40).map { _ in Scalar(4 * random.number()) }
  }

  private func checkNumbers<Scalar: TreeScalar>(_: Scalar.Type, _ kernels: KernelSet) throws {
    var random = KernelRandom(11)
    typealias Bins = FeatureBins<Scalar>
    for counts in [[1], [0, 3, 255], [256, 7], [700, 1, 2], Array(0..<45)] {
      var sources: [Bins.Source: [Scalar]] = [:]
      for (feature, count) in counts.enumerated() {
        let kind: Bins.Source.Kind = random.below(3) == 0 ? .numberNotZero : .number
        sources[Bins.Source(feature: feature, kind: kind, missingIsTrue: random.below(2) == 0)] = (0..<count).map { _ in
          random.below(20) == 0 ? 0 : Scalar(4 * random.number())
        }
      }
      let bins = try #require(Bins(sources))
      let pool = values(sources.values.flatMap { $0.prefix(40) }, &random)
      for rowCount in [1, 63, 64, 65, 256] {
        let rows = (0..<rowCount * counts.count).map { _ in random.pick(pool) }
        let block = GuardedBuffer([UInt8](repeating: 9, count: bins.count * Bins.blockRows))
        let guarded = GuardedBuffer(rows)
        bins.fill(block.start, from: guarded.start, count: rowCount, stride: counts.count, using: kernels)
        let last = rowCount - 1
        let single = GuardedBuffer([UInt8](repeating: 9, count: bins.rowWidth))
        bins.fill(single.start, fromRow: guarded.start + last * counts.count, using: kernels)
        for (source, thresholds) in sources {
          for threshold in thresholds.prefix(300) {
            let place = try #require(bins.place(of: threshold, in: source))
            let column = Int(place.column)
            for row in 0..<rowCount {
              let value = rows[row * counts.count + source.feature]
              let isZero = source.kind == .numberNotZero && value.magnitude <= Scalar(Float(1e-35))
              let expected = value.isNaN || isZero ? source.missingIsTrue : value <= threshold
              #expect((block.start[column * Bins.blockRows + row] <= place.bin) == expected)
            }
            #expect(single.start[column] == block.start[column * Bins.blockRows + last])
          }
        }
      }
    }
  }

  @Test(arguments: KernelSet.all) func `decide every comparison with a threshold`(_ kernels: KernelSet) throws {
    try checkNumbers(Float.self, kernels)
    try checkNumbers(Double.self, kernels)
  }

  @Test(arguments: KernelSet.all) func `of categories are the categories`(_ kernels: KernelSet) throws {
    typealias Bins = FeatureBins<Float>
    let kinds: [Bins.Source.Kind] = [.category, .truncatedCategory]
    let sources = kinds.flatMap { kind in
      [false, true].map { Bins.Source(feature: 0, kind: kind, missingIsTrue: $0) }
    }
    let number = Bins.Source(feature: 0, kind: .number, missingIsTrue: false)
    var thresholds = Dictionary(uniqueKeysWithValues: sources.map { ($0, [Float]()) })
    thresholds[number] = [0.5, 2, 100]
    let bins = try #require(Bins(thresholds))
    // What each is as a category, cut to a whole number or not.
    let cases: [(value: Float, category: UInt8, truncated: UInt8)] = [
      (0, 0, 0), (-0.0, 0, 0), (3.9, 3, 3), (253, 253, 253), (253.5, 253, 253), (254, 255, 255), (1e9, 255, 255),
      (.infinity, 255, 255), (-.infinity, 255, 255), (-1, 255, 255), (-0.5, 255, 0),
    ]
    let rows = cases.map(\.value) + [.nan]
    var block = [UInt8](repeating: 9, count: bins.count * Bins.blockRows)
    bins.fill(&block, from: rows, count: rows.count, stride: 1, using: kernels)
    for source in sources {
      let column = Int(try #require(bins.column(of: source))) * Bins.blockRows
      for (row, expected) in cases.enumerated() {
        #expect(block[column + row] == (source.kind == .category ? expected.category : expected.truncated))
      }
      #expect(block[column + cases.count] == (source.missingIsTrue ? 254 : 255))
      var single = [UInt8](repeating: 9, count: bins.rowWidth)
      for (row, value) in rows.enumerated() {
        bins.fill(&single, fromRow: [value], using: kernels)
        #expect(single[column / Bins.blockRows] == block[column + row])
      }
    }
  }

  @Test func `need no more columns than tests can name`() {
    let sources = (0..<70_000).map { FeatureBins<Float>.Source(feature: $0, kind: .number, missingIsTrue: false) }
    #expect(FeatureBins(Dictionary(uniqueKeysWithValues: sources.map { ($0, [Float(1)]) })) == nil)
  }
}
