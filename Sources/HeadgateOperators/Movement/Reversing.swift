import HeadgateTensors

/// Reversal of sequences of different lengths.
enum Reversing {
  static let table: [OperatorDefinition] = [.op("ReverseSequence", since: 10, reverseSequence)]

  /// Turns round the first `sequence_lens[b]` steps of each batch; the rest stays where it is.
  private static func reverseSequence(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    guard let lengths = try call.ints(1) else { throw TensorError(.missing, "the lengths are absent") }
    let batchAxis = try input.shape.axis(try call.attributes.int("batch_axis") ?? 1)
    let timeAxis = try input.shape.axis(try call.attributes.int("time_axis") ?? 0)
    guard batchAxis != timeAxis, batchAxis < 2, timeAxis < 2 else {
      throw TensorError(.invalidValue, "the axes of batch and time are \(batchAxis) and \(timeAxis), not 0 and 1")
    }
    let (batches, steps) = (input.shape[batchAxis], input.shape[timeAxis])
    guard lengths.count == batches else {
      throw TensorError(.shape, "\(lengths.count) lengths do not fit the \(batches) sequences of \(input.shape)")
    }
    for length in lengths where length < 0 || length > steps {
      throw TensorError(.invalidValue, "a length is \(length), the sequences of \(input.shape) have \(steps) steps")
    }
    let copy = ReversedCopy(input: input, lengths: lengths, isTimeFirst: timeAxis == 0, call: call)
    return [.tensor(try input.elementType.visit(copy))]
  }
}

private struct ReversedCopy: MovementVisitor {
  let input: Tensor
  let lengths: [Int]
  let isTimeFirst: Bool
  let call: OperatorCall

  func visit<T: Sendable>(_ type: T.Type) throws(TensorError) -> Tensor {
    let (rows, columns) = (input.shape[0], input.shape[1])
    let inner = input.shape.extent(of: 2..<input.rank)
    return try input.withUnsafeElements(type) { (source) throws(TensorError) in
      try call.makeMoved(input.elementType, type, input.shape) { output in
        guard let source = source.baseAddress, let target = output.baseAddress, !output.isEmpty else { return }
        for row in 0..<rows {
          for column in 0..<columns {
            let (step, batch) = isTimeFirst ? (row, column) : (column, row)
            let taken = step < lengths[batch] ? lengths[batch] - 1 - step : step
            let place = isTimeFirst ? taken * columns + batch : batch * columns + taken
            (target + (row * columns + column) * inner).update(from: source + place * inner, count: inner)
          }
        }
      }
    }
  }
}
