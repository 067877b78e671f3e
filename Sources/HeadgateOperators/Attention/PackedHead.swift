import HeadgateTensors

/// Attention of floats, one head at a time: its keys and values are packed for the products, and its queries go through
/// in blocks whose scores stay in the first cache, from the product to the weighted sum.
///
/// The sum of values is divided by the sum of weights, and not each weight: values are fewer than keys.
struct PackedHead {
  /// Fewer queries than these are not worth the packing.
  static let leastQueries = 16
  /// The scores of so many queries to 128 keys fill half of the first cache.
  private static let blockLength = 48

  private let query: UnsafePointer<Float>
  private let key: UnsafePointer<Float>
  private let value: UnsafePointer<Float>
  private let shape: AttentionShape
  private let scale: Float

  init(
    query: UnsafePointer<Float>, key: UnsafePointer<Float>, value: UnsafePointer<Float>, shape: AttentionShape,
    scale: Float
  ) {
    (self.query, self.key, self.value, self.shape, self.scale) = (query, key, value, shape, scale)
  }

  /// The elements of a value.
  var size: Int { shape.value.size }

  /// The elements of scratch for one head: packed keys and values, the scores of a block and their sums.
  func scratchCount() throws(TensorError) -> Int {
    let (width, overflow) = shape.query.size.addingReportingOverflow(size)
    let (rows, overflowOfRows) = width.addingReportingOverflow(PackedHead.blockLength)
    guard !overflow, !overflowOfRows else { throw TensorError(.memoryLimit, "heads of \(width) pass any memory limit") }
    return try rows.times(shape.key.length) &+ PackedHead.blockLength
  }

  /// About how long some queries take, in nanoseconds: a product with the keys, one with the values, and the
  /// exponentials between.
  func time(queries: Int) -> Double {
    Double(queries) * Double(shape.key.length) * (Double(shape.query.size + size) / 50 + 0.5)
  }

  /// Attends from some queries of a head to all keys.
  ///
  /// SAFETY: `target` must have room for rows of `size` elements that lie `rowStride` apart, `scratch` for what
  /// `scratchCount` says.
  ///
  /// - Parameter mask: the numbers for the first of the queries, and how far those for the next one are.
  func attend(
    batch: Int, head: Int, queries: Range<Int>, mask: (start: UnsafePointer<Float>, stride: Int)?,
    into target: UnsafeMutablePointer<Float>, rowStride: Int, scratch: UnsafeMutablePointer<Float>
  ) {
    let (total, depth) = (shape.key.length, shape.query.size)
    let (keys, values) = (scratch, scratch + total * depth)
    let scores = values + total * size
    let sums = scores + PackedHead.blockLength * total
    let group = head / shape.groupSize
    MatrixProduct.pack(
      .init(key + shape.key.offset(batch: batch, head: group), columns: shape.key.rowStride, transposed: true),
      n: total,
      k: depth, into: keys)
    MatrixProduct.pack(
      .init(value + shape.value.offset(batch: batch, head: group), columns: shape.value.rowStride), n: size, k: total,
      into: values)
    let start = query + shape.query.offset(batch: batch, head: head)
    for first in stride(from: queries.lowerBound, to: queries.upperBound, by: PackedHead.blockLength) {
      let count = min(PackedHead.blockLength, queries.upperBound - first)
      let row = first - queries.lowerBound
      MatrixProduct.multiply(
        .init(start + first * shape.query.rowStride, columns: shape.query.rowStride), packed: keys, into: scores,
        m: count, n: total, k: depth, alpha: scale)
      RowKernels.weigh(
        scores, rows: count, count: total, stride: total, mask: mask.map { $0.start + row * $0.stride },
        maskStride: mask?.stride ?? 0, sums: sums)
      let result = target + row * rowStride
      MatrixProduct.multiply(
        .init(scores, columns: total), packed: values, into: result, m: count, n: size, k: total, columns: rowStride)
      RowKernels.divide(result, by: sums, rows: count, count: size, stride: rowStride)
    }
  }
}
