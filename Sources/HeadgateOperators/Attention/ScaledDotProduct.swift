import HeadgateTensors

/// The computation of Attention, a block of queries of one head at a time: scores `[queries, keys]`,
/// softmax, weighted sum of the values. Any of the threads may compute a block.
struct ScaledDotProduct: RealVisitor {
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
    let answer = try call.output(
      C.elementType,
      hasHeadAxis ? [batch, heads, length, size] : [batch, length, try heads.times(size)])
    let scores = scoresAfter == nil ? nil : try call.output(C.elementType, [batch, heads, length, total])
    guard answer.count > 0 || scores?.count ?? 0 > 0 else { return (answer, scores) }
    let rows = try mask.prepared(type, call)
    let work = ScaledDotProductWork(
      query: try query.elements(type).start, key: try key.elements(type).start, value: try value.elements(type).start,
      shape: shape, rows: rows.borrowed(call), scale: scale, softcap: softcap, scoresAfter: scoresAfter,
      hasHeadAxis: hasHeadAxis, budget: call.budget)
    // SAFETY: nobody else has seen the outputs yet.
    let target = answer.count == 0 ? nil : UnsafeMutablePointer(mutating: try answer.elements(type).baseAddress)
    let copies = UnsafeMutablePointer(mutating: try scores?.elements(type).baseAddress)
    try call.perform(reading: [query, key, value] + rows.tensors) { () throws(TensorError) in
      try work.compute(target, scores: copies)
    }
    return (answer, scores)
  }
}

private struct ScaledDotProductWork<C: Real> {
  /// Scores of so many queries are in memory at once.
  private static var blockLength: Int { 128 }

  let query: UnsafePointer<C>
  let key: UnsafePointer<C>
  let value: UnsafePointer<C>
  let shape: AttentionShape
  let rows: AttentionMask.Rows<C>
  let scale: Double
  let softcap: Double
  let scoresAfter: AttentionSettings.ScoreStage?
  let hasHeadAxis: Bool
  let budget: MemoryBudget

  func compute(_ answer: UnsafeMutablePointer<C>?, scores: UnsafeMutablePointer<C>?) throws(TensorError) {
    let (length, total, size) = (shape.query.length, shape.key.length, shape.value.size)
    let block = min(length, Self.blockLength)
    let blocks = block == 0 ? 0 : (length + block - 1) / block
    if scoresAfter == nil, softcap == 0, rows.isPlain, block >= PackedHead.leastQueries, total > 0, size > 0,
      let (head, target) = packedHead(answer)
    {
      return try attend(head, into: target, blocks: blocks)
    }
    let parts = shape.query.batch * shape.query.heads * blocks
    let (width, overflow) = total.addingReportingOverflow(size)
    guard !overflow else { throw TensorError(.memoryLimit, "\(total) keys pass any memory limit") }
    let room = try block.times(width)
    // A product with the keys, one with the values, and the exponentials between.
    let partTime = Double(block) * Double(total) * (Double(shape.query.size + size) / 50 + 1)
    try budget.withTeamScratch(C.self, count: room, parts: parts) { (scratch, team) throws(TensorError) in
      try team.tryForEach(parts, taking: Double(parts) * partTime) { (part, member) throws(TensorError) in
        let (batch, head) = (part / blocks / shape.query.heads, part / blocks % shape.query.heads)
        let first = part % blocks * block
        let count = min(block, length - first)
        let (weights, sums) = (scratch + member * room, scratch + member * room + block * total)
        let from = query + shape.query.offset(batch: batch, head: head) + first * shape.query.rowStride
        let keys = key + shape.key.offset(batch: batch, head: head / shape.groupSize)
        let values = value + shape.value.offset(batch: batch, head: head / shape.groupSize)
        // Keys that all queries of the block are kept from need no scores, if nobody asks for those.
        let width = scores == nil ? rows.visibleKeys(batch: batch, query: first + count - 1) : total
        MatrixProduct.product(
          .init(from, columns: shape.query.rowStride), .init(keys, columns: shape.key.rowStride, transposed: true),
          into: weights, m: count, n: width, k: shape.query.size, alpha: C(scale), accumulate: false)
        for row in 0..<count {
          let place = (batch * shape.query.heads + head) * length + first + row
          try weigh(
            weights + row * width, count: width, batch: batch, head: head, query: first + row,
            copy: scores.map { $0 + place * total })
        }
        MatrixProduct.product(
          .init(weights, columns: width), .init(values, columns: shape.value.rowStride), into: sums, m: count, n: size,
          k: width, alpha: C.one, accumulate: false)
        guard let target = answer else { return }
        for row in 0..<count { store(sums + row * size, target, batch: batch, head: head, query: first + row) }
      }
    }
  }

  /// The same for floats and masks that are plain, with keys and values packed.
  private func attend(
    _ packed: PackedHead, into answer: UnsafeMutablePointer<Float>, blocks: Int
  ) throws(TensorError) {
    let (length, heads, block) = (shape.query.length, shape.query.heads, Self.blockLength)
    let parts = shape.query.batch * heads * blocks
    let room = try packed.scratchCount()
    try budget.withTeamScratch(Float.self, count: room, parts: parts) { (scratch, team) throws(TensorError) in
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
  private func packedHead(
    _ answer: UnsafeMutablePointer<C>?
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
  private func weigh(
    _ scores: UnsafeMutablePointer<C>, count: Int, batch: Int, head: Int, query: Int,
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
  private func store(
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
