import HeadgateTensors

/// Operators on images whose channels come last, `[batch, rows, columns, channels]`, as kernels like them best: of a place
/// all channels are neighbours, so that no place of a small plane, and no stride, wastes lanes of vectors.
///
/// ONNX has no such operators. Plans put them in the place of its own, and move channels where others read or make a
/// value. They mean what ONNX's of the same names mean, but for the order of the axes.
package enum ChannelsLast {
  /// The domain of all of them.
  package static let domain = "ai.headgate.nhwc"

  /// From `[batch, channels, rows, columns]`.
  package static let reordering = OperatorDefinition.op("FromNCHW", domain: domain, since: 1) {
    (call) throws(TensorError) in
    let input = try call.tensor(0)
    let shape = try image(input.shape)
    let (channels, places) = (shape[1], shape[2] &* shape[3])
    return [
      .tensor(
        try move(input, to: [shape[0], shape[2], shape[3], channels], call) {
          ChannelsOrder.moveLast($0, channels: channels, places: places, into: $1)
        })
    ]
  }

  /// Back to `[batch, channels, rows, columns]`.
  package static let restoring = OperatorDefinition.op("ToNCHW", domain: domain, since: 1) {
    (call) throws(TensorError) in
    let input = try call.tensor(0)
    let shape = try image(input.shape)
    let (channels, places) = (shape[3], shape[1] &* shape[2])
    return [
      .tensor(
        try move(input, to: [shape[0], channels, shape[1], shape[2]], call) {
          ChannelsOrder.moveFirst($0, channels: channels, places: places, into: $1)
        })
    ]
  }

  /// The greatest in each window; attributes are those of ONNX's MaxPool, which gives no places here.
  package static let maximum = OperatorDefinition.prepared("MaxPool", domain: domain, since: 1) {
    (node) throws(TensorError) in
    let window = try Window(node.attributes)
    let kernel = try window.requiredKernel()
    return { (call) throws(TensorError) in
      let input = try call.tensor(0)
      let shape = try image(input.shape)
      let sliding = try window.sliding(over: Array(shape[1...2]), kernel: kernel)
      let x = try input.elements(Float.self)
      let (form, team) = (sliding.image, call.team)
      let output = try call.produce(Float.self, [shape[0]] + sliding.outputShape + [shape[3]], reading: input) {
        output in
        guard let x = x.baseAddress, let y = output.baseAddress, !output.isEmpty, let form else {
          return output.update(repeating: -.infinity)
        }
        for index in 0..<shape[0] {
          form.findMaxima(
            of: x + index * sliding.inputCount * shape[3], channels: shape[3],
            into: y + index * sliding.outputCount * shape[3], team: team)
        }
      }
      return [.tensor(output)]
    }
  }

  /// The mean of each channel, `[batch, channels, 1, 1]`: that lies in memory as if the channels came last.
  package static let average = OperatorDefinition.op("GlobalAveragePool", domain: domain, since: 1) {
    (call) throws(TensorError) in
    let input = try call.tensor(0)
    let shape = try image(input.shape)
    let (channels, places) = (shape[3], shape[1] &* shape[2])
    let x = try input.elements(Float.self)
    let budget = call.budget
    let means = try call.produce(Float.self, [shape[0], channels, 1, 1], reading: input) {
      (output) throws(TensorError) in
      guard let y = output.baseAddress, !output.isEmpty else { return }
      try budget.withScratch(Double.self, count: channels) { sums in
        for index in 0..<shape[0] {
          sums.update(repeating: 0, count: channels)
          if let x = x.baseAddress {
            // In double, for a plane may have many elements.
            for place in 0..<places { add(x + (index * places + place) * channels, to: sums, count: channels) }
          }
          for channel in 0..<channels { y[index * channels + channel] = Float(sums[channel] / Double(places)) }
        }
      }
    }
    return [.tensor(means)]
  }

  private static func add(_ x: UnsafePointer<Float>, to sums: UnsafeMutablePointer<Double>, count: Int) {
    for channel in 0..<count { sums[channel] += Double(x[channel]) }
  }

  private static func move(
    _ input: Tensor, to shape: Shape, _ call: OperatorCall,
    _ body: @escaping (UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
  ) throws(TensorError) -> Tensor {
    let x = try input.elements(Float.self)
    return try call.produce(Float.self, shape, reading: input) { output in
      guard let x = x.baseAddress, let y = output.baseAddress, !output.isEmpty else { return }
      let count = output.count / shape[0]
      for index in 0..<shape[0] { body(x + index * count, y + index * count) }
    }
  }

  /// The shape of a value that a plan takes for an image.
  private static func image(_ shape: Shape) throws(TensorError) -> Shape {
    guard shape.count == 4 else { throw TensorError(.shape, "a value of shape \(shape) is no image") }
    return shape
  }
}

extension SlidingWindow {
  /// The window in the form of the kernels for images; nil when it has another number of axes.
  var image: ImageWindow? {
    guard axes.count == 2 else { return nil }
    return ImageWindow(rows: PlaneWindow.Axis(axes[0]), columns: PlaneWindow.Axis(axes[1]))
  }
}
