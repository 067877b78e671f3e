import HeadgateTensors

/// The computation of Attention, a block of queries of one head at a time: scores `[queries, keys]`,
/// softmax, weighted sum of the values. Any of the threads may compute a block.
struct ScaledDotProduct: RealVisitor {
  /// Scores of so many queries are in memory at once.
  private static let blockLength = 128

  let query: Tensor
  let key: Tensor
  let value: Tensor
  let shape: AttentionShape
  let mask: AttentionMask
  let scale: Double
  let softcap: Double
  /// When to copy the scores to an output; nil when nobody wants them.
  let scoresAfter: AttentionSettings.ScoreStage?
  /// Whether the output has the heads along an axis of their own, as the query has.
  let hasHeadAxis: Bool
  let call: OperatorCall

  func visit<C: Real>(_ type: C.Type) throws(TensorError) -> (output: Tensor, scores: Tensor?) {
    let (batch, heads, length) = (shape.query.batch, shape.query.heads, shape.query.length)
    let (total, size) = (shape.key.length, shape.value.size)
    let output =
      hasHeadAxis
      ? [batch, heads, length, size] : [batch, length, try [heads, size].elementCount()]
    guard scoresAfter != nil else {
      let answer = try call.make(type, output) { (answer) throws(TensorError) in
        if !answer.isEmpty { try compute(answer, scores: nil) }
      }
      return (answer, nil)
    }
    var scores: Tensor?
    let answer = try call.make(type, output) { (answer) throws(TensorError) in
      scores = try call.make(type, [batch, heads, length, total]) { (scores) throws(TensorError) in
        if !answer.isEmpty || !scores.isEmpty { try compute(answer, scores: scores) }
      }
    }
    return (answer, scores)
  }

  private func compute<C: Real>(
    _ answer: UnsafeMutableBufferPointer<C>, scores: UnsafeMutableBufferPointer<C>?
  ) throws(TensorError) {
    defer { withExtendedLifetime(self) {} }
    let query = try query.elements(C.self).start
    let (key, value) = (try key.elements(C.self).start, try value.elements(C.self).start)
    let rows = try mask.prepared(C.self, call)
    let (length, total, size) = (shape.query.length, shape.key.length, shape.value.size)
    let block = min(length, ScaledDotProduct.blockLength)
    let blocks = block == 0 ? 0 : (length + block - 1) / block
    if scoresAfter == nil, softcap == 0, rows.isPlain, block >= PackedHead.leastQueries, total > 0, size > 0,
      let (head, target) = packedHead(query, key, value, answer.baseAddress)
    {
      return try attend(head, into: target, rows, blocks: blocks)
    }
    let parts = shape.query.batch * shape.query.heads * blocks
    let (width, overflow) = total.addingReportingOverflow(size)
    guard !overflow else { throw TensorError(.memoryLimit, "\(total) keys pass any memory limit") }
    let room = try [block, width].elementCount()
    // A product with the keys, one with the values, and the exponentials between.
    let partTime = Double(block) * Double(total) * (Double(shape.query.size + size) / 50 + 1)
    try call.budget.withTeamScratch(C.self, count: room, parts: parts) { (scratch, team) throws(TensorError) in
      try team.tryForEach(parts, taking: Double(parts) * partTime) { (part, member) throws(TensorError) in
        let (batch, head) = (part / blocks / shape.query.heads, part / blocks % shape.query.heads)
        let first = part % blocks * block
        let count = min(block, length - first)
        let (weights, sums) = (scratch + member * room, scratch + member * room + block * total)
        let from = query + shape.query.offset(batch: batch, head: head) + first * shape.query.rowStride
        let keys = key + shape.key.offset(batch: batch, head: head / shape.groupSize)
        let values = value + shape.value.offset(batch: batch, head: head / shape.groupSize)
        // Keys that all queries of the block are kept from need no scores, if nobody asks for those.
        let width = scores == nil ? mask.visibleKeys(batch: batch, query: first + count - 1) : total
        MatrixProduct.product(
          .init(from, columns: shape.query.rowStride), .init(keys, columns: shape.key.rowStride, transposed: true),
          into: weights, m: count, n: width, k: shape.query.size, alpha: C(scale), accumulate: false)
        for row in 0..<count {
          let place = (batch * shape.query.heads + head) * length + first + row
          try weigh(
            weights + row * width, count: width, rows, batch: batch, head: head, query: first + row,
            copy: scores?.baseAddress.map { $0 + place * total })
        }
        MatrixProduct.product(
          .init(weights, columns: width), .init(values, columns: shape.value.rowStride), into: sums, m: count, n: size,
          k: width, alpha: C.one, accumulate: false)
        guard let target = answer.baseAddress else { return }
        for row in 0..<count { store(sums + row * size, target, batch: batch, head: head, query: first + row) }
      }
    }
  }

  /// The same for floats and masks that are plain, with keys and values packed.
  private func attend<C: Real>(
    _ packed: PackedHead, into answer: UnsafeMutablePointer<Float>, _ rows: AttentionMask.Rows<C>, blocks: Int
  ) throws(TensorError) {
    let (length, heads, block) = (shape.query.length, shape.query.heads, ScaledDotProduct.blockLength)
    let parts = shape.query.batch * heads * blocks
    let room = try packed.scratchCount()
    try call.budget.withTeamScratch(Float.self, count: room, parts: parts) { (scratch, team) throws(TensorError) in
      let time = packed.time(queries: min(length, block))
      try team.tryForEach(parts, taking: Double(parts) * time) { (part, member) throws(TensorError) in
        let (batch, head) = (part / blocks / heads, part / blocks % heads)
        let first = part % blocks * block
        let numbers = try rows.numbers(batch: batch, head: head, query: first)
        packed.attend(
          batch: batch, head: head, queries: first..<min(first + block, length),
          // SAFETY: C is Float here.
          mask: numbers.map { (UnsafeRawPointer($0.start).assumingMemoryBound(to: Float.self), $0.stride) },
          into: answer + place(batch: batch, head: head, query: first),
          rowStride: hasHeadAxis ? packed.size : heads * packed.size, scratch: scratch + member * room)
      }
    }
  }

  /// The operands as floats, where they are.
  private func packedHead<C: Real>(
    _ query: UnsafePointer<C>, _ key: UnsafePointer<C>, _ value: UnsafePointer<C>, _ answer: UnsafeMutablePointer<C>?
  ) -> (PackedHead, UnsafeMutablePointer<Float>)? {
    guard C.self == Float.self, let answer else { return nil }
    // SAFETY: C is Float here.
    func floats(_ pointer: UnsafePointer<C>) -> UnsafePointer<Float> {
      UnsafeRawPointer(pointer).assumingMemoryBound(to: Float.self)
    }
    let head = PackedHead(
      query: floats(query), key: floats(key), value: floats(value), shape: shape, scale: Float(scale))
    return (head, UnsafeMutableRawPointer(answer).assumingMemoryBound(to: Float.self))
  }

  /// Where the result of a query begins in the output.
  private func place(batch: Int, head: Int, query: Int) -> Int {
    let (heads, length, size) = (shape.query.heads, shape.query.length, shape.value.size)
    return (hasHeadAxis ? (batch * heads + head) * length + query : (batch * length + query) * heads + head) * size
  }

  /// Turns the scores of one query into weights.
  private func weigh<C: Real>(
    _ scores: UnsafeMutablePointer<C>, count: Int, _ rows: AttentionMask.Rows<C>, batch: Int, head: Int, query: Int,
    copy: UnsafeMutablePointer<C>?
  ) throws(TensorError) {
    if scoresAfter == .product { copy?.update(from: scores, count: count) }
    if softcap > 0 {
      let cap = C(softcap)
      for key in 0..<count { scores[key] /= cap }
      HyperbolicTangent().apply(UnsafePointer(scores), into: scores, count: count)
      for key in 0..<count { scores[key] *= cap }
    }
    if scoresAfter == .softcap { copy?.update(from: scores, count: count) }
    try rows.apply(to: scores, count: count, batch: batch, head: head, query: query)
    if scoresAfter == .mask { copy?.update(from: scores, count: count) }
    Softmax.normalize(scores, count: count)
    if scoresAfter == .softmax { copy?.update(from: scores, count: count) }
  }

  /// Puts the result of one query where it belongs in the output.
  private func store<C>(
    _ row: UnsafeMutablePointer<C>, _ answer: UnsafeMutablePointer<C>, batch: Int, head: Int, query: Int
  ) {
    (answer + place(batch: batch, head: head, query: query)).update(from: row, count: shape.value.size)
  }
}

extension Softmax {
  /// Softmax of a row in place. A row all of whose scores are negative infinity becomes zero: no key may be
  /// attended to.
  static func normalize<C: Real>(_ row: UnsafeMutablePointer<C>, count: Int) {
    guard count > 0 else { return }
    if C.self == Float.self {
      // SAFETY: C is Float here.
      let row = UnsafeMutableRawPointer(row).assumingMemoryBound(to: Float.self)
      let greatest = RowKernels.greatest(row, count: count)
      if greatest == -.infinity, (0..<count).allSatisfy({ !row[$0].isNaN }) {
        return row.update(repeating: 0, count: count)
      }
      return RowKernels.softmax(row, greatest: greatest, into: row, count: count)
    }
    var greatest = row[0]
    for index in 1..<max(count, 1) { greatest = C.maximum(greatest, row[index]) }
    guard greatest != -C.infinity else { return row.update(repeating: 0, count: count) }
    var total: C = 0
    for index in 0..<count {
      let value = C.exp(row[index] - greatest)
      row[index] = value
      total += value
    }
    for index in 0..<count { row[index] /= total }
  }
}
