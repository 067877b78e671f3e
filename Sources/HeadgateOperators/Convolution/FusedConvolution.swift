import HeadgateTensors

/// A convolution with what comes after it: `Y = bounded(conv(X, W) + B + Z)`.
///
/// ONNX has no such operator. Plans put it in the place of Conv, Add and an activation. Sums begin with Z and are bounded
/// while they are in the first cache.
package enum FusedConvolution {
  /// Inputs and attributes are Conv's, then Z, which is stretched as Add does it. The attributes `least` and `greatest`
  /// bound the output; NaN stays NaN.
  package static let definition = OperatorDefinition.prepared("Conv", domain: "ai.headgate", since: 1, prepare)

  private static func prepare(_ node: OperatorNode) throws(TensorError) -> Kernel {
    let convolution = try PreparedConvolution(node)
    let bounds = try Bounds(node.attributes)
    return { (call) throws(TensorError) in
      let summand = try call.optionalTensor(3)
      let shape = try convolution.layout(call).outputShape
      if summand == nil || summand?.shape == shape {
        return [.tensor(try convolution.run(call, adding: summand, bounds: bounds))]
      }
      let sum = try call.apply("Add", try convolution.run(call), summand)
      return [
        .tensor(
          try call.apply(
            "Clip", sum, try call.scalar(bounds.least, like: sum), try call.scalar(bounds.greatest, like: sum)))
      ]
    }
  }
}

extension Bounds<Float> {
  /// The bounds that a fused operator keeps within.
  init(_ attributes: Attributes) throws(TensorError) {
    self.init(
      least: try attributes.float("least") ?? -.infinity, greatest: try attributes.float("greatest") ?? .infinity)
  }

  /// The attributes that say so.
  package var attributes: [(name: String, value: AttributeValue)] {
    [("least", .float(least)), ("greatest", .float(greatest))]
  }
}
