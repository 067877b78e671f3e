import HeadgateTensors

/// What a DFT reads and writes: which axis, how many numbers, which shape comes out.
struct SpectrumLayout {
  let output: Shape
  let axis: Int
  /// The length of the transform.
  let length: Int
  /// The numbers of the input that the transform reads; zeros follow them.
  let read: Int
  let isInverse: Bool
  let isOneSided: Bool

  /// - Throws: `TensorError.shape` and `.invalidValue` for what has no spectrum.
  init(
    input: Shape, axis: Int, length: Int?, isInverse: Bool, isOneSided: Bool
  ) throws(TensorError) {
    guard let components = input.last, input.count >= 2, components == 1 || components == 2 else {
      throw TensorError(.shape, "takes a signal [..., 1 or 2], got shape \(input)")
    }
    let resolved = try input.axis(axis)
    guard resolved < input.count - 1 else {
      throw TensorError(.invalidValue, "axis \(axis) of shape \(input) holds the parts of complex numbers")
    }
    guard !isOneSided || isInverse || components == 1 else {
      throw TensorError(.invalidValue, "the spectrum of a complex signal has no one-sided form")
    }
    let extent = input[resolved]
    let wanted = length ?? (isOneSided && isInverse ? 2 * (extent - 1) : extent)
    guard wanted > 0 else { throw TensorError(.invalidValue, "a transform of length \(wanted) has no meaning") }
    self.axis = resolved
    self.length = wanted
    self.isInverse = isInverse
    self.isOneSided = isOneSided
    let kept = isOneSided ? wanted / 2 + 1 : wanted
    read = min(extent, isInverse ? kept : wanted)
    var output = input
    output[resolved] = isInverse ? wanted : kept
    output[input.count - 1] = isInverse && isOneSided ? 1 : 2
    self.output = output
  }
}

/// The DFT of every line along an axis.
struct Transforming: RealVisitor {
  let input: Tensor
  let layout: SpectrumLayout
  let call: OperatorCall

  func visit<T: Real>(_ type: T.Type) throws(TensorError) -> Tensor {
    let x = try input.elements(type)
    let components = input.shape[input.rank - 1]
    let inner = input.shape.extent(of: layout.axis + 1..<input.rank - 1)
    let outer = input.shape.extent(of: 0..<layout.axis)
    let (extent, written) = (input.shape[layout.axis], layout.output[layout.axis])
    let width = layout.output[layout.output.count - 1]
    return try call.make(type, layout.output) { (output) throws(TensorError) in
      guard !output.isEmpty else { return }
      let transform = try FourierTransform(length: layout.length, budget: call.budget)
      defer { withExtendedLifetime(transform) {} }
      for block in 0..<outer {
        for column in 0..<inner {
          for index in 0..<layout.read {
            let place = ((block * extent + index) * inner + column) * components
            transform.real[index] = Double(x[place])
            transform.imaginary[index] = components == 2 ? Double(x[place + 1]) : 0
          }
          for index in layout.read..<layout.length {
            (transform.real[index], transform.imaginary[index]) = (0, 0)
          }
          if layout.isInverse && layout.isOneSided { mirror(transform) }
          transform.run(inverse: layout.isInverse)
          for index in 0..<written {
            let place = ((block * written + index) * inner + column) * width
            output[place] = T(transform.real[index])
            if width == 2 { output[place + 1] = T(transform.imaginary[index]) }
          }
        }
      }
    }
  }

  /// Completes the half of a spectrum to that of a real signal.
  private func mirror(_ transform: FourierTransform) {
    let length = transform.length
    // A real signal has real sums; what else stands there has no meaning.
    transform.imaginary[0] = 0
    if length.isMultiple(of: 2) { transform.imaginary[length / 2] = 0 }
    for index in stride(from: 1, to: (length + 1) / 2, by: 1) {
      transform.real[length - index] = transform.real[index]
      transform.imaginary[length - index] = -transform.imaginary[index]
    }
  }
}

/// The spectra of overlapping frames of `[batch, length, 1 or 2]`.
struct Framing: RealVisitor {
  let signal: Tensor
  let window: Tensor?
  let length: Int
  let step: Int
  /// The frames of one signal.
  let count: Int
  let frequencies: Int
  let call: OperatorCall

  func visit<T: Real>(_ type: T.Type) throws(TensorError) -> Tensor {
    let x = try signal.elements(type)
    let weights = try window?.elements(type)
    let (batch, extent, components) = (signal.shape[0], signal.shape[1], signal.shape[2])
    return try call.make(type, [batch, count, frequencies, 2]) { (output) throws(TensorError) in
      guard !output.isEmpty else { return }
      let transform = try FourierTransform(length: length, budget: call.budget)
      defer { withExtendedLifetime(transform) {} }
      // A window that is shorter than the frame leaves zeros behind it.
      let read = min(length, weights?.count ?? length)
      var target = 0
      for row in 0..<batch {
        for frame in 0..<count {
          for index in 0..<read {
            let place = (row * extent + frame * step + index) * components
            let weight = weights.map { Double($0[index]) } ?? 1
            transform.real[index] = Double(x[place]) * weight
            transform.imaginary[index] = components == 2 ? Double(x[place + 1]) * weight : 0
          }
          for index in read..<length { (transform.real[index], transform.imaginary[index]) = (0, 0) }
          transform.run(inverse: false)
          for index in 0..<frequencies {
            output[target] = T(transform.real[index])
            output[target + 1] = T(transform.imaginary[index])
            target += 2
          }
        }
      }
    }
  }
}
