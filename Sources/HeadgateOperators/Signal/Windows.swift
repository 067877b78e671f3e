import Glibc
import HeadgateTensors

extension SignalOperators {
  /// A window of cosines: `a0 - a1 cos(t) + a2 cos(2t)`, where `t` goes once round over the window.
  static func window(_ node: OperatorNode, _ weights: [Double]) throws(TensorError) -> Kernel {
    let isPeriodic = try node.attributes.int("periodic") ?? 1 != 0
    let type = try outputType(node.attributes)
    return { (call) throws(TensorError) in
      guard let size = try integer(call, 0, "the size") else { throw TensorError(.missing, "the size is absent") }
      let values = try call.make(Double.self, [size]) { output in
        // A symmetric window ends where it began; one of a single place is undefined, 0 / 0.
        let period = Double(isPeriodic ? size : size - 1)
        for index in output.indices {
          let angle = 2 * Double.pi * Double(index) / period
          output[index] = weights[2] * Glibc.cos(2 * angle) - weights[1] * Glibc.cos(angle) + weights[0]
        }
      }
      return [.tensor(try Casting.convert(values, to: type, call))]
    }
  }

  /// Triangles on the mel scale, `[dft_length / 2 + 1, num_mel_bins]`, that turn a spectrum into mel bands.
  static func melWeightMatrix(_ call: OperatorCall) throws(TensorError) -> [Value] {
    guard let bands = try integer(call, 0, "the count of bands"), let length = try integer(call, 1, "the length"),
      let sampleRate = try integer(call, 2, "the sample rate")
    else { throw TensorError(.missing, "takes five inputs") }
    guard bands >= 0, length >= 0, length <= 1 << 48, bands <= 1 << 48, sampleRate > 0 else {
      throw TensorError(
        .invalidValue, "\(bands) bands of a spectrum of length \(length) at \(sampleRate) Hz have no meaning")
    }
    let (low, high) = (mel(try edge(call, 3)), mel(try edge(call, 4)))
    let step = (high - low) / Double(bands + 2)
    let rows = length / 2 + 1
    /// The row of the spectrum at which a triangle begins.
    func row(_ index: Int) throws(TensorError) -> Int {
      let frequency = 700 * (Double.pow(10, (Double(index) * step + low) / 2595) - 1)
      let place = (Double(length + 1) * frequency / Double(sampleRate)).rounded(.down)
      guard place >= 0, place < Double(rows) else {
        throw TensorError(.invalidValue, "\(frequency) Hz lie outside of the \(rows) frequencies at \(sampleRate) Hz")
      }
      return Int(place)
    }
    let matrix = try call.make(Double.self, [rows, bands]) { (output) throws(TensorError) in
      output.update(repeating: 0)
      for band in 0..<bands {
        let (start, center, end) = (try row(band), try row(band + 1), try row(band + 2))
        if center == start { output[center * bands + band] = 1 }
        for place in stride(from: start, through: center, by: 1) where center > start {
          output[place * bands + band] = Double(place - start) / Double(center - start)
        }
        for place in stride(from: center, to: end, by: 1) {
          output[place * bands + band] = Double(end - place) / Double(end - center)
        }
      }
    }
    return [.tensor(try Casting.convert(matrix, to: try outputType(call.attributes), call))]
  }

  private static func mel(_ frequency: Double) -> Double { 2595 * log10(1 + frequency / 700) }

  private static func edge(_ call: OperatorCall, _ index: Int) throws(TensorError) -> Double {
    let values = try Casting.convert(try call.tensor(index), to: .double, call).doubles()
    guard values.count == 1 else { throw TensorError(.shape, "input \(index) must be one number") }
    return values[0]
  }
}
