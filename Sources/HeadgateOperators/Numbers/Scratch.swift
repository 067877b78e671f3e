import HeadgateTensors

extension ElementType {
  /// The type in which sums over elements of this type are computed: half precision is too coarse for them.
  var accumulator: ElementType {
    switch self {
    case .float16, .bfloat16: .float
    default: self
    }
  }
}

extension Tensor {
  /// The elements in the type in which sums over them are computed.
  func widened(_ call: OperatorCall) throws(TensorError) -> Tensor {
    try Casting.convert(self, to: elementType.accumulator, call)
  }
}

extension OperatorCall {
  /// Lends zeroed memory to `body`, counted as a tensor of the run for so long.
  func withScratch<Element: Number, Result>(
    _ type: Element.Type, _ count: Int,
    _ body: (UnsafeMutablePointer<Element>) throws(TensorError) -> Result
  ) throws(TensorError) -> Result {
    let scratch = try make(type, [count]) { $0.update(repeating: Element.zero) }
    defer { withExtendedLifetime(scratch) {} }
    // SAFETY: nobody else ever sees this tensor.
    return try body(UnsafeMutablePointer(mutating: try scratch.elements(type).start))
  }
}

extension MemoryBudget {
  /// Gives `body` room for `count` elements of undefined value, which the budget counts meanwhile.
  func withScratch<Element: TensorElement>(
    _ type: Element.Type, count: Int, _ body: (UnsafeMutablePointer<Element>) throws(TensorError) -> Void
  ) throws(TensorError) {
    let storage = try Storage(Element.elementType, count: count, budget: self)
    defer { withExtendedLifetime(storage) {} }
    try body(storage.base.bindMemory(to: Element.self, capacity: max(count, 1)))
  }

  /// Gives `body` the threads that may share so many parts, and for each of them room for `count` elements of undefined
  /// value; one thread when there is no room for more, so that none of them makes a run fail.
  func withTeamScratch<Element: TensorElement>(
    _ type: Element.Type, count: Int, parts: Int,
    _ body: (UnsafeMutablePointer<Element>, ThreadTeam) throws(TensorError) -> Void
  ) throws(TensorError) {
    let members = min(team.width, parts)
    if members > 1, let all = try? [members, count].elementCount(),
      let storage = try? Storage(Element.elementType, count: all, budget: self)
    {
      defer { withExtendedLifetime(storage) {} }
      return try body(storage.base.bindMemory(to: Element.self, capacity: max(all, 1)), team.atMost(members))
    }
    try withScratch(type, count: count) { (scratch) throws(TensorError) in try body(scratch, .alone) }
  }
}

extension UnsafeBufferPointer {
  /// The address of the elements of a tensor, which even an empty one has.
  var start: UnsafePointer<Element> {
    get throws(TensorError) {
      guard let baseAddress else { throw TensorError(.shape, "the tensor has no elements") }
      return baseAddress
    }
  }
}
