import HeadgateTensors

/// GRU, with gates z (update), r (reset) and h (candidate): `H = (1 - z) h + z H`.
struct GatedCell: RecurrentCell {
  static let gateCount = 3
  static let activations = ["Sigmoid", "Tanh"]
  static let keepsCell = false
  static let gateParts = [0..<2, 2..<3]

  /// Whether the candidate resets the product `H R^T`, and not H before it.
  private let resetsProduct: Bool

  init(_ node: OperatorNode) throws(TensorError) {
    resetsProduct = try node.attributes.flag("linear_before_reset")
  }

  func foldsBias(ofGate gate: Int) -> Bool { gate < 2 || !resetsProduct }

  func advance<C: Real>(_ pass: RecurrentPass<C>, step: Int) {
    let (batch, hidden) = (pass.batch, pass.hidden)
    let candidates = pass.gates + 2 * batch * hidden
    pass.multiply(pass.h, gates: 0..<2, addingInputsOf: step, into: pass.gates)
    if resetsProduct { pass.multiply(pass.h, gates: 2..<3, into: candidates) }
    for sequence in 0..<batch {
      guard pass.position(sequence, step: step) != nil else { continue }
      let gates = pass.gates + sequence * 2 * hidden
      pass.activations[0].apply(gates, count: 2 * hidden, clip: pass.clip)
      let (reset, state) = (gates + hidden, pass.h + sequence * hidden)
      let target = resetsProduct ? candidates : pass.spare
      let row = target + sequence * hidden
      if resetsProduct {
        if let bias = pass.recurrentBias {
          for index in 0..<hidden { row[index] += bias[2 * hidden + index] }
        }
        for index in 0..<hidden { row[index] *= reset[index] }
      } else {
        for index in 0..<hidden { row[index] = reset[index] * state[index] }
      }
    }
    if !resetsProduct { pass.multiply(pass.spare, gates: 2..<3, into: candidates) }
    for sequence in 0..<batch {
      guard let position = pass.position(sequence, step: step) else { continue }
      let input = pass.input(sequence, position, gates: 3) + 2 * hidden
      let (candidate, state) = (candidates + sequence * hidden, pass.h + sequence * hidden)
      let update = pass.gates + sequence * 2 * hidden
      for index in 0..<hidden { candidate[index] += input[index] }
      pass.activations[1].apply(candidate, count: hidden, clip: pass.clip)
      for index in 0..<hidden {
        state[index] = (1 - update[index]) * candidate[index] + update[index] * state[index]
      }
    }
  }
}
