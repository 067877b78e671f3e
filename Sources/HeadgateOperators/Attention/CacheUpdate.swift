import HeadgateTensors

/// TensorScatter: writes new keys or values into a cache of fixed length.
enum CacheUpdate {
  static func scatter(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let (cache, update) = (try call.tensor(0), try call.tensor(1))
    let axis = try cache.shape.axis(try call.attributes.int("axis") ?? -2)
    guard axis > 0 else { throw TensorError(.invalidValue, "axis 0 is the batch, not the sequence") }
    let mode = try call.attributes.string("mode") ?? "linear"
    guard mode == "linear" || mode == "circular" else {
      throw TensorError(.invalidValue, "attribute 'mode' is neither 'linear' nor 'circular'")
    }
    var expected = cache.shape
    let limit = cache.shape[axis]
    guard update.rank == cache.rank, update.elementType == cache.elementType, update.shape[axis] <= limit else {
      throw TensorError(
        .shape, "\(Value.tensor(update).summary) cannot be written into \(Value.tensor(cache).summary)")
    }
    expected[axis] = update.shape[axis]
    guard update.shape == expected else {
      throw TensorError(.shape, "an update of shape \(update.shape) does not fit a cache of shape \(cache.shape)")
    }
    let batch = cache.shape[0]
    var starts = try call.ints(2)
    if let starts, starts.count != batch {
      throw TensorError(.shape, "\(starts.count) write indices are given for a batch of \(batch)")
    }
    if mode == "circular", limit > 0 {
      starts = starts?.map { ($0 % limit + limit) % limit }
    } else {
      for start in starts ?? [] where start < 0 || start > limit - update.shape[axis] {
        throw TensorError(
          .invalidValue, "\(update.shape[axis]) rows cannot be written at \(start) of a cache of \(limit)")
      }
    }
    let writing = CacheWriting(cache: cache, update: update, axis: axis, starts: starts, call: call)
    return [.tensor(try cache.elementType.visit(writing))]
  }
}

private struct CacheWriting: MovementVisitor {
  let cache: Tensor
  let update: Tensor
  let axis: Int
  /// Where each sample of the batch begins; all at 0 when nil.
  let starts: [Int]?
  let call: OperatorCall

  func visit<T: Sendable>(_ type: T.Type) throws(TensorError) -> Tensor {
    let (old, new) = (cache.unsafeElements(type), update.unsafeElements(type))
    let (limit, length) = (cache.shape[axis], update.shape[axis])
    return try call.makeMoved(cache.elementType, type, cache.shape) { output in
      guard !output.isEmpty, let target = output.baseAddress, let from = old.baseAddress, let rows = new.baseAddress
      else { return }
      target.update(from: from, count: output.count)
      let inner = cache.shape.extent(of: axis + 1..<cache.rank)
      let perSample = cache.shape.extent(of: 1..<axis)
      for block in 0..<cache.shape[0] * perSample {
        let start = starts?[block / perSample] ?? 0
        for row in 0..<length {
          // Past the end it goes on at the front; only circular writing comes there.
          let place = (start + row) % limit
          (target + (block * limit + place) * inner).update(from: rows + (block * length + row) * inner, count: inner)
        }
      }
    }
  }
}
