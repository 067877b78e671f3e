import HeadgateTensors

/// What one step of a recurrent layer does.
protocol RecurrentCell: Sendable {
  /// How many blocks of `hidden` rows the weights have.
  static var gateCount: Int { get }
  /// The activation functions of one direction by default.
  static var activations: [String] { get }
  /// Whether there is a second state beside the output.
  static var keepsCell: Bool { get }

  init(_ node: OperatorNode) throws(TensorError)

  /// The gates that a step multiplies with at a time, in order.
  static var gateParts: [Range<Int>] { get }

  /// Whether the recurrent bias of a gate is added with the input's, and not by the cell.
  func foldsBias(ofGate gate: Int) -> Bool

  /// Computes the next states of all sequences that still run.
  func advance<C: Real>(_ pass: RecurrentPass<C>, step: Int)
}

extension RecurrentCell {
  static var gateParts: [Range<Int>] { [0..<gateCount] }
}

/// One direction of a layer on its way through the steps; all matrices are row-major.
struct RecurrentPass<C: Real> {
  let batch: Int
  let hidden: Int
  /// `x W^T` and the biases: `[rows, gates * hidden]`, a row for each step of each sequence.
  let projected: UnsafeMutablePointer<C>
  /// R of this direction, transposed: `[hidden, gates * hidden]`; nil when there is another form of it.
  let recurrent: UnsafePointer<C>?
  /// The same in bfloat16, a matrix for each part of the cell's gates.
  let rounded: [RoundedMatrix]?
  /// The same in the order of the kernels.
  let packed: [PackedMatrix<Float>]?
  let parts: [Range<Int>]
  /// The length of its rows.
  let width: Int
  /// The part of B that belongs to R, `[gates * hidden]`; nil without biases.
  let recurrentBias: UnsafePointer<C>?
  /// `[3 * hidden]`; nil without peepholes.
  let peepholes: UnsafePointer<C>?
  /// The states, `[batch, hidden]` each.
  let h: UnsafeMutablePointer<C>
  let c: UnsafeMutablePointer<C>
  /// Room for `[batch, gates * hidden]`, and for `[batch, hidden]`.
  let gates: UnsafeMutablePointer<C>
  let spare: UnsafeMutablePointer<C>
  let activations: [RecurrentActivation]
  let clip: C
  let lengths: [Int]?
  let steps: Int
  let isReverse: Bool
  /// The distance between the rows of two sequences at one step, and of one sequence at two steps.
  let sequenceStride: Int
  let stepStride: Int
  let team: ThreadTeam

  /// The position that a sequence is at, or nil when it has ended.
  func position(_ sequence: Int, step: Int) -> Int? {
    let length = lengths?[sequence] ?? steps
    guard step < length else { return nil }
    return isReverse ? length - 1 - step : step
  }

  /// The projected input of a sequence at a position, for all gates.
  func input(_ sequence: Int, _ position: Int, gates: Int) -> UnsafeMutablePointer<C> {
    projected + (sequence * sequenceStride + position * stepStride) * gates * hidden
  }

  /// The same and the projected inputs at a step, for the sequences that still run.
  func multiply(
    _ left: UnsafeMutablePointer<C>, gates: Range<Int>, addingInputsOf step: Int, into target: UnsafeMutablePointer<C>
  ) {
    let (count, allGates) = (gates.count * hidden, width / max(hidden, 1))
    if let packed, let part = parts.firstIndex(of: gates), lengths == nil, let position = position(0, step: step) {
      let start = input(0, position, gates: allGates) + gates.lowerBound * hidden
      return packed[part].product(
        UnsafePointer(left), plus: .init(UnsafePointer(start), columns: sequenceStride * width), into: target, m: batch,
        team: team)
    }
    multiply(left, gates: gates, into: target)
    for sequence in 0..<batch {
      guard let position = position(sequence, step: step) else { continue }
      let start = input(sequence, position, gates: allGates) + gates.lowerBound * hidden
      let row = target + sequence * count
      for index in 0..<count { row[index] += start[index] }
    }
  }

  /// `target[batch, gates * hidden] = left[batch, hidden] R^T` for a range of the gates of R.
  func multiply(_ left: UnsafeMutablePointer<C>, gates: Range<Int>, into target: UnsafeMutablePointer<C>) {
    if let rounded, let part = parts.firstIndex(of: gates) {
      return rounded[part].product(UnsafePointer(left), into: target, m: batch, team: team)
    }
    if let packed, let part = parts.firstIndex(of: gates) {
      return packed[part].product(UnsafePointer(left), into: target, m: batch, team: team)
    }
    guard let recurrent else { return }
    MatrixProduct.product(
      .init(left, columns: hidden),
      .init(recurrent + gates.lowerBound * hidden, columns: width), into: target, m: batch, n: gates.count * hidden,
      k: hidden, alpha: C.one, accumulate: false, team: team)
  }
}

/// Runs a layer: all inputs are multiplied with W at once, then the steps follow one another.
struct RecurrentLayer<Cell: RecurrentCell>: RealVisitor {
  let cell: Cell
  let settings: RecurrentSettings
  let inputs: RecurrentInputs
  /// The weights in bfloat16, where they are.
  let rounded: RoundedGates
  /// The same in the order of the kernels.
  let packed: PackedGates?
  let call: OperatorCall

  func visit<C: Real>(_ type: C.Type) throws(TensorError) -> [Value] {
    let (steps, batch, hidden, directions) = (inputs.steps, inputs.batch, inputs.hidden, settings.directions.count)
    let stateShape = settings.hasBatchFirst ? [batch, directions, hidden] : [directions, batch, hidden]
    let wantsAll = call.node.usedOutputs.first ?? false
    let all = settings.hasBatchFirst ? [batch, steps, directions, hidden] : [steps, directions, batch, hidden]
    let output = try call.output(C.elementType, wantsAll ? all : [0])
    let lastHidden = try call.output(C.elementType, stateShape)
    let lastCell = try call.output(C.elementType, Cell.keepsCell ? stateShape : [0])
    let work = RecurrentWork<Cell, C>(
      cell: cell, settings: settings, inputs: inputs.borrowed(call), rounded: rounded, packed: packed,
      // SAFETY: nobody else has seen the outputs yet.
      output: UnsafeMutableBufferPointer(mutating: try output.elements(type)),
      lastHidden: UnsafeMutableBufferPointer(mutating: try lastHidden.elements(type)),
      lastCell: UnsafeMutableBufferPointer(mutating: try lastCell.elements(type)), budget: call.budget)
    try call.perform(reading: inputs.tensors) { () throws(TensorError) in try work.run() }
    var values = [Value.tensor(wantsAll ? output : lastHidden), .tensor(lastHidden)]
    if Cell.keepsCell { values.append(.tensor(lastCell)) }
    return values
  }
}

/// What a layer does in a run.
private struct RecurrentWork<Cell: RecurrentCell, C: Real> {
  let cell: Cell
  let settings: RecurrentSettings
  let inputs: RecurrentInputs
  let rounded: RoundedGates
  let packed: PackedGates?
  let output: UnsafeMutableBufferPointer<C>
  let lastHidden: UnsafeMutableBufferPointer<C>
  let lastCell: UnsafeMutableBufferPointer<C>
  let budget: MemoryBudget
  private let parts = Cell.gateParts

  init(
    cell: Cell, settings: RecurrentSettings, inputs: RecurrentInputs, rounded: RoundedGates, packed: PackedGates?,
    output: UnsafeMutableBufferPointer<C>, lastHidden: UnsafeMutableBufferPointer<C>,
    lastCell: UnsafeMutableBufferPointer<C>, budget: MemoryBudget
  ) {
    (self.cell, self.settings, self.inputs) = (cell, settings, inputs)
    (self.rounded, self.packed, self.budget) = (rounded, packed, budget)
    (self.output, self.lastHidden, self.lastCell) = (output, lastHidden, lastCell)
  }

  private var directions: Int { settings.directions.count }
  private var hasForm: Bool { rounded.r != nil || packed?.r != nil }

  func run() throws(TensorError) {
    // All is written unless sequences end early.
    if inputs.lengths != nil { output.update(repeating: C.zero) }
    lastHidden.update(repeating: C.zero)
    lastCell.update(repeating: C.zero)
    guard !lastHidden.isEmpty else { return }
    for index in settings.directions.indices { try run(index) }
  }

  /// Runs one direction and writes its part of the outputs.
  private func run(_ direction: Int) throws(TensorError) {
    let type = C.self
    let (batch, hidden, steps) = (inputs.batch, inputs.hidden, inputs.steps)
    let width = try hidden.times(Cell.gateCount)
    let rows = try steps.times(batch)
    let projectedCount = try rows.times(width)
    let states = try batch.times(hidden)
    let gateCount = try batch.times(width)
    guard let all = output.baseAddress, let ends = lastHidden.baseAddress, let cellEnds = lastCell.baseAddress else {
      return
    }
    try budget.withScratch(type, count: projectedCount) { (projected) throws(TensorError) in
      try project(direction, into: projected, rows: rows, width: width)
      try budget.withZeros(type, count: 3 * states + gateCount) { (scratch) throws(TensorError) in
        let (h, c, spare, gates) = (scratch, scratch + states, scratch + 2 * states, scratch + 3 * states)
        try begin(inputs.initialHidden, direction, h)
        try begin(inputs.initialCell, direction, c)
        let pass = RecurrentPass<C>(
          batch: batch, hidden: hidden, projected: projected,
          recurrent: hasForm ? nil : try inputs.r.elements(type).start + direction * width * hidden,
          rounded: rounded.r?[direction], packed: packed?.r?[direction], parts: parts, width: width,
          recurrentBias: try part(inputs.bias, direction).map { $0 + width },
          peepholes: try part(inputs.peepholes, direction), h: h, c: c, gates: gates, spare: spare,
          activations: settings.directions[direction].activations, clip: C(settings.clip), lengths: inputs.lengths,
          steps: steps,
          isReverse: settings.directions[direction].isReverse, sequenceStride: settings.hasBatchFirst ? steps : 1,
          stepStride: settings.hasBatchFirst ? 1 : batch, team: budget.team)
        for step in 0..<(inputs.lengths?.max() ?? steps) {
          cell.advance(pass, step: step)
          guard output.count > 0 else { continue }
          for sequence in 0..<batch {
            guard let position = pass.position(sequence, step: step) else { continue }
            let place =
              settings.hasBatchFirst
              ? (sequence * steps + position) * directions + direction
              : (position * directions + direction) * batch + sequence
            (all + place * hidden).update(from: h + sequence * hidden, count: hidden)
          }
        }
        for sequence in 0..<batch where inputs.lengths?[sequence] ?? steps > 0 {
          let place = statePlace(sequence, direction)
          (ends + place * hidden).update(from: h + sequence * hidden, count: hidden)
          if Cell.keepsCell { (cellEnds + place * hidden).update(from: c + sequence * hidden, count: hidden) }
        }
      }
    }
  }

  /// `x W^T` for all steps of all sequences, and the biases that do not depend on the state.
  private func project(
    _ direction: Int, into projected: UnsafeMutablePointer<C>, rows: Int, width: Int
  ) throws(TensorError) {
    let size = inputs.x.shape[2]
    guard rows > 0, width > 0 else { return }
    guard let bias: UnsafePointer<C> = try part(inputs.bias, direction) else {
      return try project(direction, plus: nil, into: projected, rows: rows, width: width, size: size)
    }
    try budget.withZeros(C.self, count: width) { (sums) throws(TensorError) in
      for gate in 0..<Cell.gateCount {
        for index in gate * inputs.hidden..<(gate + 1) * inputs.hidden {
          sums[index] = cell.foldsBias(ofGate: gate) ? bias[index] + bias[width + index] : bias[index]
        }
      }
      try project(direction, plus: sums, into: projected, rows: rows, width: width, size: size)
    }
  }

  private func project(
    _ direction: Int, plus offsets: UnsafeMutablePointer<C>?, into projected: UnsafeMutablePointer<C>, rows: Int,
    width: Int, size: Int
  ) throws(TensorError) {
    let x = try inputs.x.elements(C.self).start
    if let w = packed?.w?[direction][0] {
      return w.product(
        x, offsets: offsets.map { UnsafePointer($0) }, into: projected, m: rows, team: budget.team)
    }
    if let w = rounded.w?[direction][0] {
      w.product(x, into: projected, m: rows, team: budget.team)
    } else {
      MatrixProduct.product(
        .init(x, columns: size),
        .init(try inputs.w.elements(C.self).start + direction * width * size, columns: size, transposed: true),
        into: projected, m: rows, n: width, k: size, alpha: C.one, accumulate: false, team: budget.team)
    }
    guard let offsets else { return }
    for row in 0..<rows {
      let target = projected + row * width
      for index in 0..<width { target[index] += offsets[index] }
    }
  }

  /// The rows of a parameter that belong to one direction.
  private func part(_ tensor: Tensor?, _ direction: Int) throws(TensorError) -> UnsafePointer<C>? {
    guard let tensor else { return nil }
    return try tensor.elements(C.self).start + direction * tensor.shape[1]
  }

  /// Copies an initial state; without one the state stays zero.
  private func begin(
    _ initial: Tensor?, _ direction: Int, _ state: UnsafeMutablePointer<C>
  ) throws(TensorError) {
    guard let values = try initial?.elements(C.self).start else { return }
    for sequence in 0..<inputs.batch {
      (state + sequence * inputs.hidden).update(
        from: values + statePlace(sequence, direction) * inputs.hidden, count: inputs.hidden)
    }
  }

  private func statePlace(_ sequence: Int, _ direction: Int) -> Int {
    settings.hasBatchFirst ? sequence * directions + direction : direction * inputs.batch + sequence
  }
}
