import HeadgateTensors

/// NonMaxSuppression: keeps the best of boxes that overlap.
enum Boxes {
  static let table: [OperatorDefinition] = [.op("NonMaxSuppression", since: 10, nonMaxSuppression)]

  /// `boxes [batch, count, 4]` and `scores [batch, classes, count]` give rows `(batch, class, box)`, int64 `[n, 3]`.
  private static func nonMaxSuppression(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let boxes = try Casting.convert(try call.tensor(0), to: .float, call)
    let scores = try Casting.convert(try call.tensor(1), to: .float, call)
    guard boxes.rank == 3, scores.rank == 3, boxes.shape[2] == 4, boxes.shape[0] == scores.shape[0],
      boxes.shape[1] == scores.shape[2]
    else { throw TensorError(.shape, "scores of shape \(scores.shape) do not fit boxes of shape \(boxes.shape)") }
    let limit = max(try call.ints(2)?.first ?? 0, 0)
    let overlap = try scalar(3, call) ?? 0
    let threshold = try scalar(4, call)
    let isCentered = try call.attributes.flag("center_point_box")
    let (count, classes) = (boxes.shape[1], scores.shape[1])
    // Shapes without boxes may still have any number of classes.
    guard limit > 0, scores.count > 0 else { return [.tensor(try call.make(Int64.self, [0, 3]) { _ in })] }
    let allCorners = try boxes.withElements(Float.self) { elements in
      (0..<elements.count / 4).map { Box(elements, $0 * 4, isCentered: isCentered) }
    }
    var rows: [Int64] = []
    try scores.withElements(Float.self) { scores in
      for batch in 0..<boxes.shape[0] {
        for category in 0..<classes {
          let start = (batch * classes + category) * count
          let corners = batch * count
          var candidates = Array(0..<count)
          if let threshold { candidates = candidates.filter { scores[start + $0] > threshold } }
          candidates.sort { isBetter(scores[start + $0], $0, scores[start + $1], $1) }
          var kept: [Int] = []
          for box in candidates {
            if kept.count == limit { break }
            let corner = allCorners[corners + box]
            if kept.contains(where: { corner.overlap(allCorners[corners + $0]) > overlap }) { continue }
            kept.append(box)
            rows += [Int64(batch), Int64(category), Int64(box)]
          }
        }
      }
    }
    return [.tensor(try call.make(Int64.self, [rows.count / 3, 3]) { _ = $0.update(from: rows) })]
  }

  /// Higher scores first, NaN last, ties by the lower index.
  private static func isBetter(_ score: Float, _ index: Int, _ other: Float, _ otherIndex: Int) -> Bool {
    if score.isNaN || other.isNaN { return score.isNaN == other.isNaN ? index < otherIndex : other.isNaN }
    return score == other ? index < otherIndex : score > other
  }

  private static func scalar(_ index: Int, _ call: OperatorCall) throws(TensorError) -> Float? {
    guard let tensor = try call.optionalTensor(index) else { return nil }
    return try Casting.convert(tensor, to: .float, call).floats().first
  }

  /// The ends of a box along both axes.
  private struct Box {
    let (left, right): (Float, Float)
    let (top, bottom): (Float, Float)

    init(_ values: UnsafeBufferPointer<Float>, _ start: Int, isCentered: Bool) {
      let (a, b, c, d) = (values[start], values[start + 1], values[start + 2], values[start + 3])
      if isCentered {
        (left, right) = (a - c / 2, a + c / 2)
        (top, bottom) = (b - d / 2, b + d / 2)
      } else {
        // Any two opposite corners.
        (left, right) = (min(b, d), max(b, d))
        (top, bottom) = (min(a, c), max(a, c))
      }
    }

    /// Intersection over union; 0 when either is empty.
    func overlap(_ other: Box) -> Float {
      let width = min(right, other.right) - max(left, other.left)
      let height = min(bottom, other.bottom) - max(top, other.top)
      guard width > 0, height > 0 else { return 0 }
      let area = (right - left) * (bottom - top)
      let otherArea = (other.right - other.left) * (other.bottom - other.top)
      let common = width * height
      let union = area + otherArea - common
      return area > 0 && otherArea > 0 && union > 0 && common > 0 ? common / union : 0
    }
  }
}
