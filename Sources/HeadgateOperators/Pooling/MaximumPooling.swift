import HeadgateTensors

/// The greatest element of each window, NaN when it has one; negative infinity when it lies on pads only.
struct RealMaxima: RealVisitor {
  let input: Tensor
  let planes: PooledPlanes
  let call: OperatorCall

  func visit<T: Real>(_ type: T.Type) throws(TensorError) -> Tensor {
    let x = try input.elements(type)
    let (planes, budget) = (planes, call.budget)
    let slider = try PlaneSlider(planes.window, budget)
    return try call.produce(type, planes.outputShape, reading: input) { (output) throws(TensorError) in
      guard let x = x.baseAddress, let y = output.baseAddress, !output.isEmpty else { return }
      try planes.forEachPlane(slider, x, y, budget) { plane, target, scratch in
        slider.findMaxima(of: plane, into: target, scratch: scratch)
      }
    }
  }
}

/// The same for any type of number: the lowest one when a window lies on pads only.
struct Maxima: NumberVisitor {
  let input: Tensor
  let planes: PooledPlanes
  let call: OperatorCall

  func visit<T: Number>(_ type: T.Type) throws(TensorError) -> Tensor {
    let x = try input.elements(type)
    let planes = planes
    return try call.produce(type, planes.outputShape, reading: input) { output in
      guard let x = x.baseAddress, let y = output.baseAddress, !output.isEmpty else { return }
      planes.forEachRow(x, y) { row, count in
        NumberRows.fill(row, count: count, with: T.lowest)
      } _: { source, target, count, stride in
        NumberRows.maximize(target, with: source, stride: stride, count: count)
      }
    }
  }
}

/// The greater; NaN when either is. Where the type is known to be floating-point, `T.maximum` is another function:
/// the library's, which prefers numbers.
@inline(__always)
func greater<T: Number>(_ a: T, _ b: T) -> T { T.maximum(a, b) }

/// Where in the whole input the greatest element of each window lies, the first of equals; -1 for pads only.
struct MaximumPlaces: NumberVisitor {
  let input: Tensor
  let planes: PooledPlanes
  /// Whether places within a plane are counted with the first axis fastest.
  let isColumnMajor: Bool
  let call: OperatorCall

  func visit<T: Number>(_ type: T.Type) throws(TensorError) -> Tensor {
    let x = try input.elements(type)
    let window = planes.window
    let (plane, length, lines, axis) = (window.inputCount, window.row.output, window.lineCount, window.row)
    return try call.make(Int64.self, planes.outputShape) { output in
      guard let x = x.baseAddress, !output.isEmpty else { return }
      var rows: [SlidingWindow.KernelRow] = []
      for index in 0..<planes.count {
        let source = x + index * plane
        for line in 0..<lines {
          window.findKernelRows(of: line, into: &rows)
          for column in 0..<length {
            let taps = axis.taps(of: column)
            var best = -1
            for row in rows {
              for tap in taps {
                let place = row.offset &+ column &* axis.stride &- axis.before &+ tap &* axis.dilation
                if best < 0 || source[place] > source[best]
                  || (source[place].isNotANumber && !source[best].isNotANumber)
                {
                  best = place
                }
              }
            }
            let found = isColumnMajor && best >= 0 ? columnMajor(best) : best
            output[(index * lines + line) * length + column] = best < 0 ? -1 : Int64(index * plane + found)
          }
        }
      }
    }
  }

  private func columnMajor(_ place: Int) -> Int {
    var (rest, result, stride) = (place, 0, planes.window.inputCount)
    for axis in planes.window.axes.reversed() {
      stride /= axis.input
      result += rest % axis.input * stride
      rest /= axis.input
    }
    return result
  }
}
