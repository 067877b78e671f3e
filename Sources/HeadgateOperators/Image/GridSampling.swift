import HeadgateTensors

/// Operators that read a tensor at the places of a grid, and that make such grids.
enum GridSampling {
  static let table: [OperatorDefinition] = [
    .op("GridSample", since: 16, gridSample), .op("AffineGrid", since: 20, affineGrid),
  ]

  /// `input [n, c, d1, ..., dr]` at `grid [n, o1, ..., or, r]` gives `[n, c, o1, ..., or]`.
  private static func gridSample(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    let grid = try call.tensor(1)
    let dimensions = input.rank - 2
    guard (1...4).contains(dimensions), grid.rank == input.rank, grid.shape[0] == input.shape[0],
      grid.shape.last == dimensions
    else { throw TensorError(.shape, "a grid of shape \(grid.shape) does not fit shape \(input.shape)") }
    let shape = Array(input.shape[..<2]) + Array(grid.shape[1..<grid.rank - 1])
    guard try shape.elementCount() == 0 || input.count > 0 else {
      throw TensorError(.shape, "shape \(input.shape) has nothing to sample")
    }
    let sampler = try GridSampler(lengths: Array(input.shape[2...]), call.attributes)
    if grid.elementType == .double {
      return [.tensor(try sample(input, grid, Double.self, sampler, shape, call))]
    }
    return [.tensor(try sample(input, try Casting.convert(grid, to: .float, call), Float.self, sampler, shape, call))]
  }

  private static func sample<G: BinaryFloatingPoint & TensorElement>(
    _ input: Tensor, _ grid: Tensor, _ type: G.Type, _ sampler: GridSampler, _ shape: Shape, _ call: OperatorCall
  ) throws(TensorError) -> Tensor {
    defer { withExtendedLifetime(grid) {} }
    let places = try grid.elements(type)
    if sampler.mode == .nearest {
      return try input.elementType.visit(
        GridPicking(input: input, places: places, sampler: sampler, shape: shape, call: call))
    }
    // These are not computed with.
    if input.elementType == .bfloat16 || input.elementType == .float16 {
      let wide = try sample(try Casting.convert(input, to: .float, call), grid, type, sampler, shape, call)
      return try Casting.convert(wide, to: input.elementType, call)
    }
    return try input.elementType.visit(
      GridInterpolating(input: input, places: places, sampler: sampler, shape: shape, call: call))
  }

  /// The positions of an image of a size, moved by an affine map: `theta [n, r, r + 1]` gives `[n, d1, ..., dr, r]`.
  private static func affineGrid(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let theta = try call.tensor(0)
    guard let size = try call.ints(1), size.count == 4 || size.count == 5 else {
      throw TensorError(.shape, "the size must have 4 or 5 extents")
    }
    let dimensions = size.count - 2
    guard theta.shape == [size[0], dimensions, dimensions + 1] else {
      throw TensorError(.shape, "maps of shape \(theta.shape) do not fit size \(size)")
    }
    let shape = [size[0]] + Array(size[2...]) + [dimensions]
    _ = try shape.elementCount()
    let isAligned = try call.attributes.flag("align_corners")
    let maps = try Casting.convert(theta, to: .double, call)
    let grid = try call.make(Double.self, shape) { (output) throws(TensorError) in
      let maps = try maps.elements(Double.self)
      var position = [Int](repeating: 0, count: dimensions)
      for index in 0..<output.count / dimensions {
        var rest = index
        for axis in position.indices.reversed() {
          position[axis] = rest % shape[axis + 1]
          rest /= shape[axis + 1]
        }
        let map = rest * dimensions * (dimensions + 1)
        for row in 0..<dimensions {
          let start = map + row * (dimensions + 1)
          var sum = maps[start + dimensions]
          // The first coordinate is that of the innermost axis.
          for column in 0..<dimensions {
            let axis = dimensions - 1 - column
            sum += maps[start + column] * coordinate(position[axis], of: shape[axis + 1], isAligned)
          }
          output[index * dimensions + row] = sum
        }
      }
    }
    withExtendedLifetime(maps) {}
    return [.tensor(try Casting.convert(grid, to: theta.elementType, call))]
  }

  /// Where a pixel lies between -1 and 1: the centres of the outer pixels when aligned, else their outer edges.
  private static func coordinate(_ position: Int, of length: Int, _ isAligned: Bool) -> Double {
    if isAligned { return length == 1 ? -1 : 2 * Double(position) / Double(length - 1) - 1 }
    return (2 * Double(position) + 1) / Double(length) - 1
  }
}

/// GridSample that picks elements; of any type.
private struct GridPicking<G: BinaryFloatingPoint>: MovementVisitor {
  let input: Tensor
  let places: UnsafeBufferPointer<G>
  let sampler: GridSampler
  let shape: Shape
  let call: OperatorCall

  func visit<T: Sendable>(_ type: T.Type) throws(TensorError) -> Tensor {
    let source = input.unsafeElements(type)
    let zero = input.elementType == .string ? "" as? T : nil
    return try call.makeMoved(input.elementType, type, shape) { output in
      // Zero is all bits clear in every type but strings, which begin empty.
      if zero == nil { UnsafeMutableRawBufferPointer(output).initializeMemory(as: UInt8.self, repeating: 0) }
      sampler.forEachPlace(places, batch: shape[0], channels: shape[1]) { taps, start, stride, target, step in
        guard let tap = taps.first else { return }
        for channel in 0..<shape[1] {
          output[target + channel * step] = source[start + channel * stride + tap.offset]
        }
      }
    }
  }
}

/// GridSample by weighted sums. Integers are cut towards zero at the end.
private struct GridInterpolating<G: BinaryFloatingPoint>: NumberVisitor {
  let input: Tensor
  let places: UnsafeBufferPointer<G>
  let sampler: GridSampler
  let shape: Shape
  let call: OperatorCall

  func visit<T: Number>(_ type: T.Type) throws(TensorError) -> Tensor {
    let source = try input.elements(type)
    return try call.make(type, shape) { output in
      sampler.forEachPlace(places, batch: shape[0], channels: shape[1]) { taps, start, stride, target, step in
        for channel in 0..<shape[1] {
          var sum = 0.0
          for tap in taps { sum += tap.weight * source[start + channel * stride + tap.offset].asDouble }
          output[target + channel * step] = T(nearest: sum)
        }
      }
    }
  }
}
