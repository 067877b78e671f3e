import HeadgateTensors

extension ForestDescription {
  /// A node's test, brought to `feature <= threshold` where that is possible.
  struct Comparison<Scalar: TreeScalar> {
    let mode: Mode
    let feature: Int
    let threshold: Scalar
    let missingIsTrue: Bool
    let whenTrue: Int
    let whenFalse: Int

    init(_ node: Node) {
      var mode = node.mode
      var threshold = Scalar(node.threshold)
      // x >= t is the opposite of x < t, except that both are false for NaN.
      let isTurned = (mode == .greater || mode == .greaterOrEqual) && !threshold.isNaN
      if isTurned { mode = mode == .greater ? .lessOrEqual : .less }
      // x < t is x <= the number before t; nothing is less than minus infinity, nor than NaN.
      if mode == .less {
        threshold = threshold == -.infinity ? .nan : threshold.nextDown
        mode = .lessOrEqual
      }
      self.mode = mode
      feature = node.feature
      self.threshold = threshold
      missingIsTrue = node.missingIsTrue != isTurned
      (whenTrue, whenFalse) = isTurned ? (node.falseChild, node.trueChild) : (node.trueChild, node.falseChild)
    }
  }
}
