import HeadgateTensors

/// Which keys a query may attend to, and what is added to their scores.
struct AttentionMask {
  /// The mask that the model gives: bool, or numbers as double; nil when there is none.
  private var tensor: Tensor?
  /// Strides of batch, head and query, 0 where the mask is stretched; then how many keys it speaks of.
  private let strides: [Int]
  private let keyCount: Int
  private let isStretchedOverKeys: Bool
  private let validLengths: [Int]?
  /// With a causal mask, the position of the first query among the keys of each batch, or of all.
  private let causalStarts: [Int]?
  private let total: Int

  /// - Parameter padsShortMasks: keys beyond the mask's last axis are masked, as from opset 24 on.
  init(
    _ mask: Tensor?, shape: AttentionShape, validLengths: [Int]?, isCausal: Bool, pastLength: Int, padsShortMasks: Bool
  ) throws(TensorError) {
    total = shape.key.length
    self.validLengths = validLengths
    // A cache kept outside holds the queries' own keys already, at its end.
    causalStarts = isCausal ? validLengths?.map { $0 - shape.query.length } ?? [pastLength] : nil
    tensor = mask
    guard let mask else {
      (strides, keyCount, isStretchedOverKeys) = ([0, 0, 0], total, false)
      return
    }
    let target = [shape.query.batch, shape.query.heads, shape.query.length]
    guard mask.rank <= 4 else { throw TensorError(.shape, "a mask must have at most 4 axes, got shape \(mask.shape)") }
    let full = [Int](repeating: 1, count: 4 - mask.rank) + mask.shape
    let own = full.rowMajorStrides
    var strides: [Int] = []
    for axis in 0..<3 {
      guard full[axis] == target[axis] || full[axis] == 1 else {
        throw TensorError(.shape, "a mask of shape \(mask.shape) does not fit scores of shape \(target + [total])")
      }
      strides.append(full[axis] == 1 ? 0 : own[axis])
    }
    guard full[3] == total || full[3] == 1 || (padsShortMasks && full[3] < total) else {
      throw TensorError(.shape, "a mask of shape \(mask.shape) does not fit scores of shape \(target + [total])")
    }
    self.strides = strides
    isStretchedOverKeys = full[3] == 1 && total != 1 && (!padsShortMasks || mask.rank == 0)
    keyCount = isStretchedOverKeys ? total : full[3]
  }

  /// How many keys a query of a batch may attend to at most; those after them are masked.
  func visibleKeys(batch: Int, query: Int) -> Int {
    var end = keyCount
    if let validLengths { end = min(end, validLengths[batch]) }
    if let causalStarts { end = min(end, causalStarts[causalStarts.count == 1 ? 0 : batch] + query + 1) }
    return max(end, 0)
  }

  /// The mask with its elements in the type of the scores.
  func prepared<C: Real>(_ type: C.Type, _ call: OperatorCall) throws(TensorError) -> Rows<C> {
    guard let tensor else { return Rows(mask: self, numbers: nil, flags: nil) }
    if tensor.elementType == .bool { return Rows(mask: self, numbers: nil, flags: tensor) }
    return Rows(mask: self, numbers: try Casting.convert(tensor, to: C.elementType, call), flags: nil)
  }

  /// The mask, ready to be applied to rows of scores.
  struct Rows<C: Real> {
    fileprivate let mask: AttentionMask
    fileprivate let numbers: Tensor?
    fileprivate let flags: Tensor?

    var tensors: [Tensor?] { [numbers, flags] }

    /// The same without holds on their memory, see `OperatorCall.borrowed`.
    func borrowed(_ call: OperatorCall) -> Rows {
      var mask = mask
      mask.tensor = nil
      return Rows(mask: mask, numbers: numbers.map(call.borrowed), flags: flags.map(call.borrowed))
    }

    /// See `AttentionMask.visibleKeys`.
    func visibleKeys(batch: Int, query: Int) -> Int { mask.visibleKeys(batch: batch, query: query) }

    /// Whether all queries may attend to all keys but for numbers that are added, a row of them to each query's scores.
    var isPlain: Bool {
      flags == nil && mask.validLengths == nil && mask.causalStarts == nil && !mask.isStretchedOverKeys
        && mask.keyCount == mask.total
    }

    /// The numbers for a query and those after it, and how far they are apart; nil without a mask.
    func numbers(batch: Int, head: Int, query: Int) throws(TensorError) -> (start: UnsafePointer<C>, stride: Int)? {
      guard let numbers else { return nil }
      let start = batch * mask.strides[0] + head * mask.strides[1] + query * mask.strides[2]
      return (try numbers.elements(C.self).start + start, mask.strides[2])
    }

    /// Applies the mask to the scores of one query for the first `count` keys; masked ones get negative infinity.
    func apply(
      to scores: UnsafeMutablePointer<C>, count: Int, batch: Int, head: Int, query: Int
    ) throws(TensorError) {
      let start = batch * mask.strides[0] + head * mask.strides[1] + query * mask.strides[2]
      let step = mask.isStretchedOverKeys ? 0 : 1
      let end = min(count, mask.visibleKeys(batch: batch, query: query))
      if let numbers {
        let row = try numbers.elements(C.self).start + start
        // The usual case has a loop of its own, which can be vectorised.
        if step == 1 {
          for key in 0..<end { scores[key] += row[key] }
        } else {
          for key in 0..<end { scores[key] += row[0] }
        }
      } else if let flags {
        let row = try flags.elements(Bool.self).start + start
        for key in 0..<end where !row[key * step] { scores[key] = -C.infinity }
      }
      for key in end..<count { scores[key] = -C.infinity }
    }
  }
}
