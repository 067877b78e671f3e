import HeadgateTensors

/// RotaryEmbedding: turns pairs of elements of each head by angles that depend on the position.
enum RotaryEmbedding {
  static func rotate(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    let layout = try HeadLayout(
      input, heads: try call.attributes.int("num_heads").flatMap { $0 == 0 ? nil : $0 }, "input")
    var width = try call.attributes.int("rotary_embedding_dim") ?? 0
    if width == 0 { width = layout.size }
    guard width >= 0, width <= layout.size, width % 2 == 0 else {
      throw TensorError(.invalidValue, "\(width) elements of heads of \(layout.size) cannot be rotated in pairs")
    }
    let rotation = Rotation(
      input: input, layout: layout, width: width, isInterleaved: try call.attributes.flag("interleaved"),
      cosines: try call.tensor(1), sines: try call.tensor(2), positions: try call.optionalTensor(3), call: call)
    return [.tensor(try input.elementType.visit(rotation))]
  }
}

private struct Rotation: RealVisitor {
  let input: Tensor
  let layout: HeadLayout
  let width: Int
  let isInterleaved: Bool
  let cosines: Tensor
  let sines: Tensor
  let positions: Tensor?
  let call: OperatorCall

  func visit<T: Real>(_ type: T.Type) throws(TensorError) -> Tensor {
    let (cosines, sines) = (try cosines.elements(type), try sines.elements(type))
    let angles = try angleRows()
    return try call.make(type, input.shape) { (output) throws(TensorError) in
      guard !output.isEmpty, let target = output.baseAddress else { return }
      target.update(from: try input.elements(type).start, count: output.count)
      guard width > 0 else { return }
      let half = width / 2
      for batch in 0..<layout.batch {
        for step in 0..<layout.length {
          let angle = try angles(batch, step) * half
          for head in 0..<layout.heads {
            let row = target + layout.offset(batch: batch, head: head) + step * layout.rowStride
            for pair in 0..<half {
              let (first, second) = isInterleaved ? (2 * pair, 2 * pair + 1) : (pair, pair + half)
              let (cosine, sine) = (cosines[angle + pair], sines[angle + pair])
              let (x, y) = (row[first], row[second])
              row[first] = cosine * x - sine * y
              row[second] = sine * x + cosine * y
            }
          }
        }
      }
    }
  }

  /// A function that tells which row of the caches has the angles of a step.
  private func angleRows() throws(TensorError) -> (_ batch: Int, _ step: Int) throws(TensorError) -> Int {
    let steps = [layout.batch, layout.length]
    guard cosines.shape == sines.shape, cosines.shape.last == width / 2 else {
      throw TensorError(
        .shape, "cosines \(cosines.shape) and sines \(sines.shape) do not hold \(width / 2) angles a position")
    }
    guard let positions else {
      guard cosines.rank == 3, Array(cosines.shape[..<2]) == steps || Array(cosines.shape[..<2]) == [1, layout.length]
      else {
        throw TensorError(.shape, "without positions the angles must have shape \(steps + [width / 2])")
      }
      let batchStride = cosines.shape[0] == layout.batch ? layout.length : 0
      return { batch, step in batch * batchStride + step }
    }
    guard cosines.rank == 2, positions.shape == steps || positions.shape == [1, layout.length] else {
      throw TensorError(
        .shape, "positions of shape \(positions.shape) and angles of shape \(cosines.shape) do not fit \(steps)")
    }
    let values = try positions.ints()
    let batchStride = positions.shape[0] == layout.batch ? layout.length : 0
    let count = cosines.shape[0]
    return { (batch, step) throws(TensorError) in
      let position = values[batch * batchStride + step]
      guard position >= 0, position < count else {
        throw TensorError(.invalidValue, "position \(position) is outside of the \(count) that have angles")
      }
      return position
    }
  }
}
