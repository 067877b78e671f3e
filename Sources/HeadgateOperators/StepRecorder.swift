import HeadgateTensors

/// Takes down what nodes do in a run, so that a run on inputs of the same types and shapes can do it again without
/// asking them: no shapes are followed, no tables made and no memory allocated. On graphics processors the same is known
/// as capture and replay.
///
/// A kernel takes part by `OperatorCall.output` and `perform`, or `produce` for both. Its work is then done again in each
/// such run, over the same addresses: those of constants, and of memory that the recording keeps. What it works out
/// outside of its work may depend on types, shapes and attributes; and on the elements of an input if it reads those by
/// `OperatorCall.ints` or says so by `noteRead`, for the node is then repeated only if that input is a constant. A kernel
/// that makes any tensor otherwise is called again in each run, and its results are copied; so is one that is not among
/// `RepeatableOperators`.
///
/// SAFETY: `@unchecked Sendable` holds because a run's nodes are called one after the other.
package final class StepRecorder: @unchecked Sendable {
  package typealias Work = () throws(TensorError) -> Void

  private let memory: BlockPool
  /// Where the run's inputs are, by the memory that they have while it is recorded.
  private var places: [ObjectIdentifier: InputPlace] = [:]
  /// What the node did, in order.
  package private(set) var work: [Work] = []
  /// The inputs whose elements the node has looked at.
  package private(set) var readInputs: Set<Int> = []
  /// The inputs that the node's work looks for anew each time.
  package private(set) var soughtInputs: Set<Int> = []
  /// Whether the node has made all of its tensors here.
  package private(set) var isRepeatable = true
  /// The memory of tensors that stay where they are: what the node has made here, and inputs under other shapes.
  private var steady: Set<ObjectIdentifier> = []
  /// The memory of results that only types and shapes of the inputs decide.
  private var known: Set<ObjectIdentifier> = []
  /// Keeps both until the next node, for the memory of another tensor might be told as theirs.
  private var held: [Tensor] = []

  /// - Parameter memory: what outputs are made in.
  package init(memory: BlockPool) {
    self.memory = memory
  }

  /// Says that a tensor is an input of the run, which is elsewhere in each run.
  package func add(input tensor: Tensor) -> InputPlace {
    let place = InputPlace(start: tensor.unsafeBytes.baseAddress)
    places[tensor.memory] = place
    return place
  }

  /// Forgets the last node.
  package func beginNode() {
    work = []
    readInputs = []
    soughtInputs = []
    isRepeatable = true
    steady = []
    known = []
    held = []
  }

  /// Whether a result will be where it is whenever the node's work is done.
  package func isSteady(_ tensor: Tensor) -> Bool { steady.contains(tensor.memory) || isKnown(tensor) }

  /// Whether a result is the same in all runs on inputs of these types and shapes.
  package func isKnown(_ tensor: Tensor) -> Bool { known.contains(tensor.memory) }

  func noteRead(of input: Int) { readInputs.insert(input) }

  /// Says that the node does what is not taken down.
  func noteUnrepeatable() { isRepeatable = false }

  fileprivate func makeTensor(_ type: ElementType, _ shape: Shape) throws(TensorError) -> Tensor {
    let tensor = try Tensor(uninitialized: type, shape: shape, of: memory)
    noteView(tensor)
    return tensor
  }

  fileprivate func place(of tensor: Tensor, input: Int) -> InputPlace? {
    guard let place = places[tensor.memory] else { return nil }
    soughtInputs.insert(input)
    return place
  }

  fileprivate func borrowed(_ tensor: Tensor) -> Tensor { tensor.unleased(from: memory) }

  fileprivate func add(_ work: @escaping Work) { self.work.append(work) }
  fileprivate func noteView(_ tensor: Tensor) {
    steady.insert(tensor.memory)
    held.append(tensor)
  }

  fileprivate func noteKnown(_ tensor: Tensor) {
    known.insert(tensor.memory)
    held.append(tensor)
  }
}

/// Where an input of a run is, for the time of the run.
///
/// SAFETY: `@unchecked Sendable` holds because a recording is used by one run at a time.
package final class InputPlace: @unchecked Sendable {
  package var start: UnsafeRawPointer?

  /// Of elements that stay where they are.
  init(start: UnsafeRawPointer?) {
    self.start = start
  }
}

extension OperatorCall {
  /// Where an input is: for work on large inputs, which would otherwise be copied to where they were when the run was
  /// recorded.
  package func place(of index: Int) throws(TensorError) -> InputPlace {
    let tensor = try tensor(index)
    return recorder?.place(of: tensor, input: index) ?? InputPlace(start: tensor.unsafeBytes.baseAddress)
  }

  /// An output with undefined elements, which the node's work is to write: all of them.
  package func output(_ type: ElementType, _ shape: Shape) throws(TensorError) -> Tensor {
    // Strings have no place in memory that is used again.
    if let recorder, type != .string { return try recorder.makeTensor(type, shape) }
    recorder?.noteUnrepeatable()
    return try Tensor(uninitialized: type, shape: shape, budget: budget)
  }

  /// Does work now, and again in each run that repeats this one.
  ///
  /// SAFETY: the work may hold addresses in `sources` and of outputs, which the caller keeps alive until it returns. It
  /// must not hold the tensors themselves: a recording would keep their memory from those that come after.
  ///
  /// - Parameter sources: the tensors that the work reads.
  package func perform(reading sources: [Tensor?], _ work: @escaping StepRecorder.Work) throws(TensorError) {
    defer { withExtendedLifetime(sources) {} }
    if let recorder {
      if !sources.allSatisfy({ stays($0, recorder) }) { recorder.noteUnrepeatable() }
      recorder.add(work)
    }
    try work()
  }

  /// A tensor for work that cannot do with addresses: without a hold on its memory when the work is taken down.
  func borrowed(_ tensor: Tensor) -> Tensor { recorder?.borrowed(tensor) ?? tensor }

  /// Makes an output whose elements `fill` writes, all of them: now, and again in each run that repeats this one.
  ///
  /// SAFETY: see `perform`.
  package func produce<Element: TensorElement>(
    _ type: Element.Type, _ shape: Shape, reading sources: Tensor?...,
    fill: @escaping (UnsafeMutableBufferPointer<Element>) throws(TensorError) -> Void
  ) throws(TensorError) -> Tensor {
    try produce(Element.elementType, type, shape, reading: sources, fill: fill)
  }

  /// The same for an output of a type that `Element` stands for: it has the type's size, or both are strings.
  func produce<Element>(
    _ elementType: ElementType, _ type: Element.Type, _ shape: Shape, reading sources: [Tensor?],
    fill: @escaping (UnsafeMutableBufferPointer<Element>) throws(TensorError) -> Void
  ) throws(TensorError) -> Tensor {
    let tensor = try output(elementType, shape)
    // SAFETY: nobody else has seen this tensor yet.
    let elements = UnsafeMutableBufferPointer(mutating: tensor.unsafeElements(type))
    try perform(reading: sources) { () throws(TensorError) in try fill(elements) }
    return tensor
  }

  /// A result that is an input under another shape.
  func view(_ tensor: Tensor, as shape: Shape) throws(TensorError) -> Tensor {
    let view = try tensor.reshaped(to: shape)
    if let recorder, stays(tensor, recorder) { recorder.noteView(view) }
    return view
  }

  /// A result that only types and shapes of the inputs decide.
  func known(_ tensor: Tensor) -> Tensor {
    recorder?.noteKnown(tensor)
    return tensor
  }

  /// Whether a tensor will be where it is when the node's work is done again.
  private func stays(_ tensor: Tensor?, _ recorder: StepRecorder) -> Bool {
    guard let tensor else { return true }
    return recorder.isSteady(tensor) || inputs.contains { $0?.tensor?.memory == tensor.memory }
  }
}
