import HeadgateTensors

/// LSTM, with gates i (input), o (output), f (forget) and c (cell): `C = f C + i c`, `H = o h(C)`.
struct MemoryCell: RecurrentCell {
  static let gateCount = 4
  static let activations = ["Sigmoid", "Tanh", "Tanh"]
  static let keepsCell = true

  /// Whether the forget gate is what the input gate leaves.
  private let couplesGates: Bool
  /// Whether the state is rounded to 256 levels before it is multiplied.
  private let roundsState: Bool

  init(_ node: OperatorNode) throws(TensorError) {
    couplesGates = try node.attributes.flag("input_forget")
    roundsState = node.operatorName == DynamicQuantization.lstmName
  }

  func foldsBias(ofGate gate: Int) -> Bool { true }

  func advance<C: Real>(_ pass: RecurrentPass<C>, step: Int) {
    let hidden = pass.hidden
    var state = pass.h
    if roundsState {
      state = pass.spare
      state.update(from: pass.h, count: pass.batch * hidden)
      DynamicQuantization.round(state, count: pass.batch * hidden)
    }
    pass.multiply(state, gates: 0..<4, addingInputsOf: step, into: pass.gates)
    for sequence in 0..<pass.batch {
      guard pass.position(sequence, step: step) != nil else { continue }
      let input = pass.gates + sequence * 4 * hidden
      let (output, forget, cell) = (input + hidden, input + 2 * hidden, input + 3 * hidden)
      let (c, h, spare) = (pass.c + sequence * hidden, pass.h + sequence * hidden, pass.spare + sequence * hidden)
      if isPlain(pass), RowKernels.advanceMemory(of: input, c, h, count: hidden) { continue }
      if let peepholes = pass.peepholes {
        for index in 0..<hidden {
          input[index] += peepholes[index] * c[index]
          forget[index] += peepholes[2 * hidden + index] * c[index]
        }
      }
      pass.activations[0].apply(input, count: hidden, clip: pass.clip)
      pass.activations[1].apply(cell, count: hidden, clip: pass.clip)
      if couplesGates {
        for index in 0..<hidden { forget[index] = 1 - input[index] }
      } else {
        pass.activations[0].apply(forget, count: hidden, clip: pass.clip)
      }
      for index in 0..<hidden { c[index] = forget[index] * c[index] + input[index] * cell[index] }
      if let peepholes = pass.peepholes {
        for index in 0..<hidden { output[index] += peepholes[hidden + index] * c[index] }
      }
      pass.activations[0].apply(output, count: hidden, clip: pass.clip)
      spare.update(from: c, count: hidden)
      // The state itself is no sum of products; as in ONNX Runtime the clip does not concern it.
      pass.activations[2].apply(spare, count: hidden, clip: C.infinity)
      for index in 0..<hidden { h[index] = output[index] * spare[index] }
    }
  }

  /// Whether a step is what a kernel does at once: the activations are the usual ones, and nothing else happens.
  private func isPlain<C: Real>(_ pass: RecurrentPass<C>) -> Bool {
    guard !couplesGates, pass.peepholes == nil, pass.clip == C.infinity,
      case .sigmoid = pass.activations[0], case .tanh = pass.activations[1], case .tanh = pass.activations[2]
    else { return false }
    return true
  }
}

extension RowKernels {
  /// The same for floats; false, and nothing is done, for other types.
  fileprivate static func advanceMemory<C: Real>(
    of gates: UnsafeMutablePointer<C>, _ c: UnsafeMutablePointer<C>, _ h: UnsafeMutablePointer<C>, count: Int
  ) -> Bool {
    guard C.self == Float.self else { return false }
    // SAFETY: C is Float here.
    func floats(_ pointer: UnsafeMutablePointer<C>) -> UnsafeMutablePointer<Float> {
      UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: Float.self)
    }
    advanceMemory(gates: floats(gates), cell: floats(c), state: floats(h), count: count)
    return true
  }
}
