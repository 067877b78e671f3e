import HeadgateTensors

// Exporters compute the shape that a value is given from the value's own, so that it fits any batch and length.

extension StepGraph {
  /// Whether a step gives a value another shape that has the first two axes as they are, and behind them `extents`, or
  /// their product.
  ///
  /// The value must have three axes, or, where the extents are joined, those two behind its first two.
  func keepsFirstAxes(_ reshape: Plan.Step, extents: [Int], joined: Bool) -> Bool {
    let (value, shape) = (reshape.input(0), reshape.input(1))
    guard (try? reshape.node.attributes.flag("allowzero")) == false else { return false }
    guard let own = self.shape(value), own.count == (joined ? 4 : 3) else { return false }
    let width = extents.reduce(1, &*)
    guard joined ? own.suffix(2).elementsEqual(extents) : own[2] == width else { return false }
    let behind = joined ? [width] : extents
    if let numbers = constant(shape).flatMap({ try? $0.ints() }) {
      // One that is left open follows from the others.
      return numbers.count == 2 + behind.count && numbers.prefix(2) != [-1, -1]
        && (0..<2).allSatisfy { numbers[$0] == 0 || numbers[$0] == -1 || numbers[$0] == own[$0] }
        && Array(numbers[2...]) == behind
    }
    guard let parts = maker(of: shape, "Concat"), parts.inputs.count >= 3 else { return false }
    var rest: [Int] = []
    for part in parts.inputs[2...] {
      guard let numbers = constant(part).flatMap({ try? $0.ints() }) else { return false }
      rest += numbers
    }
    return rest == behind && (0..<2).allSatisfy { isExtent(parts.inputs[$0], $0, of: value) }
  }

  /// Whether a vector of one number is the extent of an axis of a value.
  private func isExtent(_ operand: Plan.Operand, _ axis: Int, of value: Plan.Operand) -> Bool {
    guard let vector = maker(of: operand, "Unsqueeze"), let gather = maker(of: vector.input(0), "Gather"),
      let index = constant(gather.input(1)), index.rank == 0, (try? index.ints()) == [axis],
      let shape = maker(of: gather.input(0), "Shape", readerCount: nil), shape.node.attributes["start"] == nil,
      shape.node.attributes["end"] == nil
    else { return false }
    return shape.input(0) == value
  }
}
