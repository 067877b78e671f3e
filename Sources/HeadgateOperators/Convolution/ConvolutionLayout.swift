import HeadgateTensors

/// How the channels of a convolution's input, kernel and output belong together.
struct ConvolutionLayout: Sendable {
  let images: Int
  let groups: Int
  /// Channels of the input in a group.
  let channels: Int
  /// Channels of the output in a group.
  let features: Int
  let window: SlidingWindow

  /// - Parameters:
  ///   - input: `[images, groups * channels, ...]`.
  ///   - weights: `[groups * features, channels, ...]`.
  init(input: Shape, weights: Shape, groups: Int, window: Window) throws(TensorError) {
    try ConvolutionLayout.check(input, weights, groups)
    guard weights[1].multipliedReportingOverflow(by: groups) == (input[1], false), weights[0] % groups == 0 else {
      throw TensorError(
        .shape, "weights of shape \(weights) in \(groups) groups do not fit an input of shape \(input)")
    }
    self.images = input[0]
    self.groups = groups
    self.channels = weights[1]
    self.features = weights[0] / groups
    self.window = try window.sliding(over: Array(input.dropFirst(2)), kernel: try window.kernel(of: weights))
  }

  /// The layout of a transposed convolution, seen as the convolution that leads from its output to its input.
  ///
  /// - Parameters:
  ///   - input: `[images, groups * features, ...]`.
  ///   - weights: `[groups * features, channels, ...]`; the output has `groups * channels` channels.
  init(
    transposed input: Shape, weights: Shape, groups: Int, window: Window, outputPadding: [Int]?, wanted: [Int]?
  ) throws(TensorError) {
    try ConvolutionLayout.check(input, weights, groups)
    guard input[1] == weights[0], weights[0] % groups == 0, !weights[1].multipliedReportingOverflow(by: groups).overflow
    else {
      throw TensorError(
        .shape, "weights of shape \(weights) in \(groups) groups do not fit an input of shape \(input)")
    }
    self.images = input[0]
    self.groups = groups
    self.channels = weights[1]
    self.features = weights[0] / groups
    self.window = try window.transposed(
      over: Array(input.dropFirst(2)), kernel: try window.kernel(of: weights), outputPadding: outputPadding,
      wanted: wanted)
  }

  /// `[images, groups * features, ...]`
  var outputShape: Shape { [images, groups * features] + window.outputShape }
  /// `[images, groups * channels, ...]`
  var inputShape: Shape { [images, groups * channels] + window.axes.map(\.input) }
  /// The rows of the matrix that a group's kernel is multiplied with.
  var depth: Int { channels &* window.tapCount }

  /// - Throws: `TensorError.shape` when a bias has not one element for each of `channels`.
  static func check(bias: Tensor?, channels: Int) throws(TensorError) {
    guard let bias, bias.shape != [channels] else { return }
    throw TensorError(.shape, "a bias of shape \(bias.shape) does not fit \(channels) output channels")
  }

  private static func check(_ input: Shape, _ weights: Shape, _ groups: Int) throws(TensorError) {
    guard input.count > 2, weights.count == input.count else {
      throw TensorError(
        .shape,
        "an input of shape \(input) and weights of shape \(weights) cannot be convolved: both need batch or "
          + "features, channels and as many axes more")
    }
    guard groups > 0 else { throw TensorError(.invalidValue, "the channels cannot make \(groups) groups") }
  }
}
