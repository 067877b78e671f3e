import HeadgateTensors

/// Turns what the trees collected for one row into the scores a model gives out.
///
/// Follows ONNX Runtime where the standard is silent: what one score means for two classes, and which
/// single scores are transformed at all.
struct EnsembleScores: Sendable {
  let transform: PostTransform
  let baseValues: [Double]
  /// The number that sums are divided by: of the trees for an average, else 1.
  let divisor: Int

  /// Finishes a row of a regressor.
  func finishTargets<Scalar: TreeScalar, Output: TreeScalar>(
    _ scores: UnsafeMutableBufferPointer<Scalar>, seen: UnsafeBufferPointer<Bool>,
    _ output: UnsafeMutableBufferPointer<Output>
  ) {
    if divisor > 1 { for index in scores.indices { scores[index] /= Scalar(divisor) } }
    if baseValues.count == scores.count {
      for index in scores.indices { scores[index] += Scalar(baseValues[index]) }
    }
    guard scores.count > 1 else {
      output[0] = transform == .probit ? Output(PostTransform.probit(Float(scores[0]))) : Output(scores[0])
      return
    }
    clear(scores, unseen: seen)
    write(scores, output)
  }

  /// A score that no tree gave is 0, whatever its base value.
  private func clear<Scalar: TreeScalar>(
    _ scores: UnsafeMutableBufferPointer<Scalar>, unseen seen: UnsafeBufferPointer<Bool>
  ) {
    for index in scores.indices where !seen[index] { scores[index] = 0 }
  }

  /// What decides between two classes when the model has one score for both.
  struct TwoClasses: Sendable {
    /// All leaves speak for the same class.
    let hasOneScore: Bool
    let weightsArePositive: Bool
  }

  /// Finishes a row of a classifier and returns the index of its class.
  func finishClasses<Scalar: TreeScalar>(
    _ scores: UnsafeMutableBufferPointer<Scalar>, seen: UnsafeBufferPointer<Bool>, _ two: TwoClasses,
    _ output: UnsafeMutableBufferPointer<Float>
  ) -> Int {
    switch scores.count {
    case 1:
      if let base = baseValues.first { scores[0] += Scalar(base) }
      output[0] = transform == .probit ? PostTransform.probit(Float(scores[0])) : Float(scores[0])
      return 0
    case 2: return finishTwo(scores, seen: seen, two, output)
    default:
      let count = min(baseValues.count, scores.count)
      for index in 0..<count { scores[index] += Scalar(baseValues[index]) }
      var best: Int?
      for index in scores.indices where index < count || seen[index] {
        if best.map({ scores[index] > scores[$0] }) ?? true { best = index }
      }
      write(scores, output)
      return best ?? 0
    }
  }

  private func finishTwo<Scalar: TreeScalar>(
    _ scores: UnsafeMutableBufferPointer<Scalar>, seen: UnsafeBufferPointer<Bool>, _ two: TwoClasses,
    _ output: UnsafeMutableBufferPointer<Float>
  ) -> Int {
    var isSingle = !seen[1]
    if baseValues.count == 2 {
      isSingle = false
      if seen[1] {
        scores[1] = Scalar(baseValues[1]) + scores[0]
        scores[0] = -scores[1]
      } else {
        scores[1] += Scalar(baseValues[1])
        scores[0] += Scalar(baseValues[0])
      }
    } else if baseValues.count == 1 {
      scores[0] += Scalar(baseValues[0])
    }
    let deciding = seen[1] ? scores[1] : scores[0]
    if !isSingle { clear(scores, unseen: seen) }
    let isPositive = deciding > (two.hasOneScore && two.weightsArePositive ? 0.5 : 0)
    guard isSingle else {
      write(scores, output)
      return isPositive ? 1 : 0
    }
    let score = Float(scores[0])
    switch transform {
    case .probit: (output[0], output[1]) = (PostTransform.probit(score), 0)
    case .logistic: (output[0], output[1]) = (PostTransform.logistic(-score), PostTransform.logistic(score))
    case _ where two.hasOneScore && two.weightsArePositive: (output[0], output[1]) = (1 - score, score)
    default: (output[0], output[1]) = (-score, score)
    }
    return isPositive ? 1 : 0
  }

  private func write<Scalar: TreeScalar, Output: TreeScalar>(
    _ scores: UnsafeMutableBufferPointer<Scalar>, _ output: UnsafeMutableBufferPointer<Output>
  ) {
    guard transform != .none else {
      for index in scores.indices { output[index] = Output(scores[index]) }
      return
    }
    TemporaryMemory.with(Float.self, count: scores.count) { floats in
      for index in scores.indices { floats[index] = Float(scores[index]) }
      transform.apply(floats)
      for index in scores.indices { output[index] = Output(floats[index]) }
    }
  }
}
