import HeadgateTensors

@testable import HeadgateOperators

/// A convolution with the plain loops that define it: the reference for every faster way.
struct ConvolutionProblem {
  struct Values {
    var shape: Shape
    var values: [Double]

    /// Small integers of both signs.
    static func counting(_ shape: Shape, from seed: Int = 0) -> Values {
      let count = shape.reduce(1, *)
      return Values(shape: shape, values: (0..<count).map { Double(($0 * 7 + seed) % 9 - 4) })
    }
  }

  var input: Values
  var weights: Values
  var bias: Values
  let groups: Int
  let strides: [Int]
  let dilations: [Int]
  /// Those before all axes, then those behind.
  let pads: [Int]

  var attributes: [(name: String, value: AttributeValue)] {
    [
      ("group", .int(Int64(groups))), ("strides", .ints(strides.map(Int64.init))),
      ("dilations", .ints(dilations.map(Int64.init))), ("pads", .ints(pads.map(Int64.init))),
    ]
  }

  func convolved() -> Values {
    let rank = strides.count
    let (channels, features) = (weights.shape[1], weights.shape[0] / groups)
    let kernel = Array(weights.shape.dropFirst(2))
    let extents = (0..<rank).map { axis -> Int in
      let span = (kernel[axis] - 1) * dilations[axis] + 1
      return (input.shape[2 + axis] + pads[axis] + pads[rank + axis] - span) / strides[axis] + 1
    }
    var result = Values(shape: [input.shape[0], weights.shape[0]] + extents, values: [])
    for image in 0..<input.shape[0] {
      for feature in 0..<weights.shape[0] {
        for position in indices(extents) {
          var sum = bias.values[feature]
          for channel in 0..<channels {
            for tap in indices(kernel) {
              let place = place(of: position, tap)
              guard zip(place, input.shape.dropFirst(2)).allSatisfy({ $0 >= 0 && $0 < $1 }) else { continue }
              sum +=
                weights[[feature, channel] + tap] * input[[image, feature / features * channels + channel] + place]
            }
          }
          result.values.append(sum)
        }
      }
    }
    return result
  }

  func transposed() -> Values {
    let rank = strides.count
    let (channels, features) = (weights.shape[0] / groups, weights.shape[1])
    let kernel = Array(weights.shape.dropFirst(2))
    let extents = (0..<rank).map { axis -> Int in
      let reach = (input.shape[2 + axis] - 1) * strides[axis]
      let span = (kernel[axis] - 1) * dilations[axis] + 1
      return reach + span - pads[axis] - pads[rank + axis]
    }
    let shape = [input.shape[0], groups * features] + extents
    var result = Values(shape: shape, values: indices(shape).map { bias.values[$0[1]] })
    for index in indices(input.shape) {
      let group = index[1] / channels
      for feature in 0..<features {
        for tap in indices(kernel) {
          let place = place(of: Array(index.dropFirst(2)), tap)
          guard zip(place, extents).allSatisfy({ $0 >= 0 && $0 < $1 }) else { continue }
          let target = result.offset([index[0], group * features + feature] + place)
          result.values[target] += input[index] * weights[[index[1], feature] + tap]
        }
      }
    }
    return result
  }

  private func place(of position: [Int], _ tap: [Int]) -> [Int] {
    position.indices.map { (axis: Int) -> Int in
      position[axis] * strides[axis] - pads[axis] + tap[axis] * dilations[axis]
    }
  }

  private func indices(_ extents: [Int]) -> [[Int]] {
    extents.reduce([[]]) { prefixes, extent in prefixes.flatMap { prefix in (0..<extent).map { prefix + [$0] } } }
  }
}

extension ConvolutionProblem {
  /// A problem with an output that is not empty along its axes; batches may be.
  init(seed: UInt64, isTransposed: Bool = false) {
    var state = seed &* 0x9e37_79b9_7f4a_7c15 &+ 1
    func next(_ range: ClosedRange<Int>) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return range.lowerBound + Int(state >> 33) % range.count
    }
    let rank = next(1...3)
    groups = next(1...3)
    let (channels, features) = (next(1...5), next(1...5))
    let kernel = (0..<rank).map { _ in next(1...3) }
    strides = (0..<rank).map { _ in next(1...3) }
    dilations = (0..<rank).map { _ in next(1...2) }
    var pads = (0..<2 * rank).map { _ in next(0...2) }
    var extents = (0..<rank).map { _ in next(1...(rank == 3 ? 3 : 6)) }
    for axis in 0..<rank {
      let span = (kernel[axis] - 1) * dilations[axis] + 1
      // The kernel must not be larger than the input, nor the pads than what a transpose gives.
      if isTransposed {
        let natural = (extents[axis] - 1) * strides[axis] + span
        if natural - pads[axis] - pads[rank + axis] < 1 { (pads[axis], pads[rank + axis]) = (0, 0) }
      } else {
        extents[axis] = max(extents[axis], span - pads[axis] - pads[rank + axis])
      }
    }
    self.pads = pads
    input = .counting([next(0...2), groups * channels] + extents, from: next(0...8))
    weights = .counting(
      [groups * (isTransposed ? channels : features), isTransposed ? features : channels] + kernel, from: 3)
    bias = .counting([groups * features], from: 5)
  }
}

extension ConvolutionProblem.Values {
  subscript(index: [Int]) -> Double { values[offset(index)] }

  func offset(_ index: [Int]) -> Int { zip(index, shape).reduce(0) { $0 * $1.1 + $1.0 } }
}
