import HeadgateTensors

/// Recurrent layers: RNN, GRU and LSTM.
enum RecurrentOperators {
  static let table: [OperatorDefinition] = [
    .prepared("RNN", since: 1, layer(PlainCell.self)), .prepared("GRU", since: 1, layer(GatedCell.self)),
    .prepared("LSTM", since: 1, layer(MemoryCell.self)),
  ].computingInSingle

  /// What makes the kernel of a layer of such cells.
  static func layer<Cell: RecurrentCell>(
    _: Cell.Type
  ) -> @Sendable (OperatorNode) throws(TensorError) -> Kernel {
    { (node) throws(TensorError) in
      let settings = try RecurrentSettings(node, activations: Cell.activations)
      let cell = try Cell(node)
      let rounded = try RoundedGates(node, gates: Cell.gateCount, parts: Cell.gateParts)
      let packed = rounded.w == nil ? try PackedGates(node, gates: Cell.gateCount, parts: Cell.gateParts) : nil
      let hasForm = rounded.r != nil || packed?.r != nil
      let recurrence = hasForm ? nil : try transposedRecurrence(of: node)
      return { (call) throws(TensorError) in
        let inputs = try RecurrentInputs(
          recurrence: recurrence, hasForm: hasForm, settings, gates: Cell.gateCount, keepsCell: Cell.keepsCell, call)
        let layer = RecurrentLayer(
          cell: cell, settings: settings, inputs: inputs, rounded: rounded, packed: packed, call: call)
        return try inputs.x.elementType.visit(layer)
      }
    }
  }

  /// Constant weights R `[directions, gates * hidden, hidden]` with the last axes swapped: each step multiplies with
  /// them, and reads them fastest when their rows are those of the product's inner dimension. Nil for others, and where
  /// there is no room.
  private static func transposedRecurrence(of node: OperatorNode) throws(TensorError) -> Tensor? {
    guard let weights = node.constantTensor(2) else { return nil }
    let transpose = { () throws(TensorError) in
      try swapped(weights, OperatorCall(node: node, inputs: [], budget: .unlimited))
    }
    guard let shared = node.weights else { return try transpose() }
    return try shared.tensor(.axesSwapped, of: weights, byteCount: weights.byteCount, transpose)
  }

  fileprivate static func swapped(_ weights: Tensor, _ call: OperatorCall) throws(TensorError) -> Tensor {
    guard weights.rank == 3 else { throw TensorError(.shape, "R must have 3 axes, got shape \(weights.shape)") }
    return try Arranging.permuted(weights, [0, 2, 1], call)
  }
}

/// The attributes that all recurrent layers have.
struct RecurrentSettings: Sendable {
  /// For each direction whether it begins at the end of the sequence, and its activation functions.
  struct Direction: Sendable {
    let isReverse: Bool
    let activations: [RecurrentActivation]
  }

  let directions: [Direction]
  /// The greatest magnitude of what goes into an activation function.
  let clip: Double
  let hasBatchFirst: Bool
  let hiddenSize: Int?

  /// - Parameter defaults: the functions of one direction when the node names none.
  init(_ node: OperatorNode, activations defaults: [String]) throws(TensorError) {
    let reverse: [Bool]
    // The first GRU's default was misspelt.
    switch try node.attributes.string("direction") ?? "forward" {
    case "forward", "foward": reverse = [false]
    case "reverse": reverse = [true]
    case "bidirectional": reverse = [false, true]
    default: throw TensorError(.invalidValue, "attribute 'direction' is not forward, reverse or bidirectional")
    }
    var names = try node.attributes.strings("activations") ?? []
    if names.isEmpty {
      names = reverse.flatMap { _ in defaults }
    }
    guard names.count == defaults.count * reverse.count else {
      throw TensorError(
        .invalidValue, "\(names.count) activation functions are named, \(defaults.count * reverse.count) are needed")
    }
    // Each function takes the next values that are left, if it has use for any.
    var alphas = (try node.attributes.floats("activation_alpha") ?? [])[...]
    var betas = (try node.attributes.floats("activation_beta") ?? [])[...]
    var functions: [RecurrentActivation] = []
    for name in names { functions.append(try RecurrentActivation(name, &alphas, &betas)) }
    directions = reverse.enumerated().map { index, isReverse in
      Direction(
        isReverse: isReverse,
        activations: Array(functions[index * defaults.count..<(index + 1) * defaults.count]))
    }
    let clip = try node.attributes.float("clip").map(Double.init) ?? 0
    self.clip = clip > 0 ? clip : .infinity
    hasBatchFirst = try node.attributes.flag("layout")
    hiddenSize = try node.attributes.int("hidden_size")
  }
}

/// The tensors of one run of a recurrent layer, with shapes that fit.
struct RecurrentInputs {
  private(set) var x: Tensor
  let w: Tensor
  /// R transposed: `[directions, hidden, gates * hidden]`.
  private(set) var r: Tensor
  let bias: Tensor?
  private(set) var initialHidden: Tensor?
  private(set) var initialCell: Tensor?
  let peepholes: Tensor?
  /// How many steps each sequence of the batch has; all have the same number when nil.
  let lengths: [Int]?
  let steps: Int
  let batch: Int
  let hidden: Int
  /// Whether the node itself keeps R in this form.
  private let hasOwnR: Bool

  /// What a run reads of the node's inputs.
  var tensors: [Tensor?] { [x, w, hasOwnR ? nil : r, bias, initialHidden, initialCell, peepholes] }

  /// The same without holds on their memory, see `OperatorCall.borrowed`.
  func borrowed(_ call: OperatorCall) -> RecurrentInputs {
    var inputs = self
    inputs.x = call.borrowed(x)
    inputs.initialHidden = initialHidden.map(call.borrowed)
    inputs.initialCell = initialCell.map(call.borrowed)
    if !hasOwnR { inputs.r = call.borrowed(r) }
    return inputs
  }

  /// X, W, R, B, the lengths, initial_h, initial_c and P.
  ///
  /// - Parameters:
  ///   - recurrence: R transposed, when it is constant.
  ///   - hasForm: whether there is another form of R, so that nobody reads this one.
  init(
    recurrence: Tensor?, hasForm: Bool, _ settings: RecurrentSettings, gates: Int, keepsCell: Bool,
    _ call: OperatorCall
  ) throws(TensorError) {
    (x, w) = (try call.tensor(0), try call.tensor(1))
    let given = try call.tensor(2)
    hasOwnR = recurrence != nil
    if let recurrence {
      r = recurrence
    } else if hasForm, given.rank == 3 {
      r = try given.reshaped(to: [given.shape[0], given.shape[2], given.shape[1]])
    } else {
      r = try RecurrentOperators.swapped(given, call)
    }
    guard x.rank == 3, w.rank == 3 else {
      throw TensorError(.shape, "X and W must have 3 axes, got shapes \(x.shape) and \(w.shape)")
    }
    (steps, batch) = settings.hasBatchFirst ? (x.shape[1], x.shape[0]) : (x.shape[0], x.shape[1])
    hidden = r.shape[1]
    if let declared = settings.hiddenSize, declared != hidden {
      throw TensorError(.shape, "attribute 'hidden_size' is \(declared), but R is for \(hidden)")
    }
    let directions = settings.directions.count
    let rows = gates &* hidden
    guard w.shape == [directions, rows, x.shape[2]], r.shape == [directions, hidden, rows] else {
      let shapeR = [r.shape[0], r.shape[2], r.shape[1]]
      throw TensorError(
        .shape,
        "with \(directions) direction(s) and \(gates) gate(s), W of shape \(w.shape) and R of shape \(shapeR) "
          + "do not fit X of shape \(x.shape)")
    }
    let state = settings.hasBatchFirst ? [batch, directions, hidden] : [directions, batch, hidden]
    bias = try call.optionalTensor(3)
    initialHidden = try call.optionalTensor(5)
    initialCell = keepsCell ? try call.optionalTensor(6) : nil
    peepholes = keepsCell ? try call.optionalTensor(7) : nil
    for (tensor, shape, name) in [
      (bias, [directions, 2 &* rows], "B"), (initialHidden, state, "initial_h"), (initialCell, state, "initial_c"),
      (peepholes, [directions, 3 &* hidden], "P"),
    ] {
      if let tensor, tensor.shape != shape {
        throw TensorError(.shape, "\(name) has shape \(tensor.shape), not \(shape)")
      }
    }
    for tensor in [w, r, bias, initialHidden, initialCell, peepholes] {
      if let tensor, tensor.elementType != x.elementType {
        throw TensorError(.elementType, "X is \(x.elementType), another input \(tensor.elementType)")
      }
    }
    lengths = try call.ints(4)
    guard let lengths else { return }
    guard lengths.count == batch else {
      throw TensorError(.shape, "\(lengths.count) lengths are given for a batch of \(batch)")
    }
    for length in lengths where length < 0 || length > steps {
      throw TensorError(.invalidValue, "a length of \(length) is outside of sequences of \(steps) steps")
    }
  }
}
