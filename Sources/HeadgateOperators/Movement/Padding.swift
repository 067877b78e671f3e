import HeadgateTensors

/// Pad: adds or, with negative counts, removes elements at the ends of axes.
enum Padding {
  static func pad(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    let isOld = call.node.opset < 11
    var pads = try call.ints(attribute: "pads", orInput: 1)
    if pads == nil { pads = try call.attributes.ints("paddings") }
    guard let pads else { throw TensorError(.missing, "the pads are absent") }
    let axes = isOld ? nil : try call.ints(3)
    let padded = axes ?? Array(input.shape.indices)
    guard pads.count == 2 * padded.count else {
      throw TensorError(.shape, "\(pads.count) pads do not fit \(padded.count) axes")
    }
    let mode = try call.attributes.string("mode") ?? "constant"
    guard ["constant", "edge", "reflect", "wrap"].contains(mode) else {
      throw TensorError(.unsupported, "mode '\(mode)' is unknown")
    }
    var fill: Tensor?
    if isOld {
      let value = try Tensor(shape: [], floats: [try call.attributes.float("value") ?? 0])
      fill = try Casting.convert(value, to: input.elementType, call)
    } else {
      fill = try call.optionalTensor(2)
    }
    var result = input
    for (index, axis) in padded.enumerated() {
      let (before, after) = (pads[index], pads[index + padded.count])
      guard before != 0 || after != 0 else { continue }
      result = try extend(result, try input.shape.axis(axis), before, after, mode, fill, call)
    }
    return [.tensor(result)]
  }

  /// Pads one axis: a list of source indices, -1 where the fill value goes.
  private static func extend(
    _ input: Tensor, _ axis: Int, _ before: Int, _ after: Int, _ mode: String, _ fill: Tensor?, _ call: OperatorCall
  ) throws(TensorError) -> Tensor {
    let extent = input.shape[axis]
    let sensible = -1 << 48...1 << 48
    guard sensible.contains(before), sensible.contains(after), extent + before + after >= 0 else {
      throw TensorError(.shape, "pads \(before) and \(after) do not fit an axis of \(extent)")
    }
    var shape = input.shape
    shape[axis] = extent + before + after
    // What negative counts remove is gone before the rest is extended.
    let first = max(-before, 0)
    let kept = extent - first - max(-after, 0)
    guard mode == "constant" || kept > 0 || shape[axis] == 0 else {
      throw TensorError(.shape, "an empty axis can only be padded with a constant")
    }
    // Reserved against the budget before the list of indices is made. Without elements there is nothing to list,
    // however long the axis.
    let output = try Tensor(uninitialized: input.elementType, shape: shape, budget: call.budget)
    if output.count == 0 { return output }
    let sources = (0..<shape[axis]).map { position -> Int in
      let index = position - max(before, 0)
      if index >= 0, index < kept { return first + index }
      switch mode {
      case "edge": return first + min(max(index, 0), kept - 1)
      case "wrap": return first + ((index % kept) + kept) % kept
      case "reflect":
        guard kept > 1 else { return first }
        let period = 2 * (kept - 1)
        let phase = ((index % period) + period) % period
        return first + (phase < kept ? phase : period - phase)
      default: return -1
      }
    }
    return try input.elementType.visit(
      Extension(input: input, output: output, axis: axis, sources: sources, fill: fill))
  }

  private struct Extension: MovementVisitor {
    let input: Tensor
    let output: Tensor
    let axis: Int
    let sources: [Int]
    let fill: Tensor?

    func visit<T: Sendable>(_ type: T.Type) throws(TensorError) -> Tensor {
      let inner = input.shape.extent(of: axis + 1..<input.rank)
      let outer = input.shape.extent(of: 0..<axis)
      // SAFETY: this is the tensor made above, which nobody else has seen.
      let target = UnsafeMutableBufferPointer(mutating: output.unsafeElements(type))
      let source = input.unsafeElements(type)
      guard output.count > 0, let to = target.baseAddress else { return output }
      if input.elementType != .string {
        UnsafeMutableRawBufferPointer(target).initializeMemory(as: UInt8.self, repeating: 0)
      }
      if let fill, fill.count > 0 {
        guard fill.elementType == input.elementType else {
          throw TensorError(.elementType, "the fill value is of type \(fill.elementType), not \(input.elementType)")
        }
        fill.withBorrowed(type) { to.update(repeating: $0, count: output.count) }
      }
      guard let from = source.baseAddress, input.count > 0 else { return output }
      for row in 0..<outer {
        for (position, index) in sources.enumerated() where index >= 0 {
          (to + (row * sources.count + position) * inner)
            .update(from: from + (row * input.shape[axis] + index) * inner, count: inner)
        }
      }
      return output
    }
  }
}

extension Tensor {
  /// Gives the first element, read as a type of the same size.
  fileprivate func withBorrowed<T>(_ type: T.Type, _ body: (T) -> Void) {
    defer { withExtendedLifetime(self) {} }
    let elements = unsafeElements(type)
    if !elements.isEmpty { body(elements[0]) }
  }
}
