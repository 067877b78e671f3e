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

extension MemoryBudget {
  /// Gives `body` room for `count` elements of undefined value, which the budget counts meanwhile.
  func withScratch<Element: TensorElement>(
    _ type: Element.Type, count: Int, _ body: (UnsafeMutablePointer<Element>) throws(TensorError) -> Void
  ) throws(TensorError) {
    let memory = try lend(elements: count, of: type)
    defer { takeBack(memory) }
    try body(memory.start.bindMemory(to: Element.self, capacity: max(count, 1)))
  }

  /// The same with elements that are zero.
  func withZeros<Element: Number>(
    _ type: Element.Type, count: Int, _ body: (UnsafeMutablePointer<Element>) throws(TensorError) -> Void
  ) throws(TensorError) {
    try withScratch(type, count: count) { (scratch) throws(TensorError) in
      scratch.update(repeating: Element.zero, count: count)
      try body(scratch)
    }
  }

  /// Gives `body` the threads that may share so many parts, and for each of them room for `count` elements of undefined
  /// value; one thread when there is no room for more, so that none of them makes a run fail.
  func withTeamScratch<Element: TensorElement>(
    _ type: Element.Type, count: Int, parts: Int,
    _ body: (UnsafeMutablePointer<Element>, ThreadTeam) throws(TensorError) -> Void
  ) throws(TensorError) {
    let members = min(team.width, parts)
    if members > 1, let all = try? members.times(count), let memory = try? lend(elements: all, of: type) {
      defer { takeBack(memory) }
      return try body(memory.start.bindMemory(to: Element.self, capacity: max(all, 1)), team.atMost(members))
    }
    try withScratch(type, count: count) { (scratch) throws(TensorError) in try body(scratch, .alone) }
  }

  private func lend<Element: TensorElement>(
    elements count: Int, of type: Element.Type
  ) throws(TensorError) -> Scratch {
    let (byteCount, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
    guard !overflow, count >= 0 else { throw TensorError(.memoryLimit, "\(count) elements pass any memory limit") }
    return try lend(byteCount)
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
