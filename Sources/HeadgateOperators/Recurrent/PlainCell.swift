import HeadgateTensors

/// RNN: `H = f(X W^T + H R^T + b)`.
struct PlainCell: RecurrentCell {
  static let gateCount = 1
  static let activations = ["Tanh"]
  static let keepsCell = false

  init(_ node: OperatorNode) {}

  func foldsBias(ofGate gate: Int) -> Bool { true }

  func advance<C: Real>(_ pass: RecurrentPass<C>, step: Int) {
    pass.multiply(pass.h, gates: 0..<1, addingInputsOf: step, into: pass.gates)
    for sequence in 0..<pass.batch {
      guard pass.position(sequence, step: step) != nil else { continue }
      let sums = pass.gates + sequence * pass.hidden
      pass.activations[0].apply(sums, count: pass.hidden, clip: pass.clip)
      (pass.h + sequence * pass.hidden).update(from: sums, count: pass.hidden)
    }
  }
}
