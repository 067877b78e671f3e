import HeadgateTensors

/// RoiAlign: pools regions of a feature map into windows of one size.
enum Regions {
  static let table: [OperatorDefinition] = [
    .op("RoiAlign", since: 10) { (call) throws(TensorError) in try roiAlign(call, offset: 0) },
    .op("RoiAlign", since: 16) { (call) throws(TensorError) in
      switch try call.attributes.string("coordinate_transformation_mode") ?? "half_pixel" {
      case "half_pixel": try roiAlign(call, offset: 0.5)
      case "output_half_pixel": try roiAlign(call, offset: 0)
      case let other: throw TensorError(.unsupported, "coordinate_transformation_mode '\(other)' is unknown")
      }
    },
  ]

  /// What the attributes ask for.
  struct Pooling {
    let height: Int
    let width: Int
    let takesGreatest: Bool
    let samplingRatio: Int
    let scale: Float
    /// What is taken from each coordinate: 0.5, or 0 as the first version did.
    let offset: Float
  }

  /// `input [n, c, h, w]`, `rois [r, 4]` as (x1, y1, x2, y2) and `batches [r]` give `[r, c, height, width]`.
  private static func roiAlign(_ call: OperatorCall, offset: Float) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    let rois = try call.tensor(1)
    guard let batches = try call.ints(2), input.rank == 4, rois.shape == [batches.count, 4] else {
      throw TensorError(.shape, "regions of shape \(rois.shape) do not fit shape \(input.shape) and their batches")
    }
    guard batches.allSatisfy({ $0 >= 0 && $0 < input.shape[0] }) else {
      throw TensorError(.invalidValue, "a region is of an image that is not among the \(input.shape[0])")
    }
    let mode = try call.attributes.string("mode") ?? "avg"
    guard mode == "avg" || mode == "max" else { throw TensorError(.unsupported, "mode '\(mode)' is unknown") }
    let pooling = Pooling(
      height: try call.attributes.int("output_height") ?? 1, width: try call.attributes.int("output_width") ?? 1,
      takesGreatest: mode == "max", samplingRatio: try call.attributes.int("sampling_ratio") ?? 0,
      scale: try call.attributes.float("spatial_scale") ?? 1, offset: offset)
    // The square of the ratio is the work for each element of the output.
    guard (0...512).contains(pooling.samplingRatio) else {
      throw TensorError(.invalidValue, "a sampling ratio of \(pooling.samplingRatio) is outside of 0 to 512")
    }
    let shape = [batches.count, input.shape[1], pooling.height, pooling.width]
    guard try shape.elementCount() == 0 || input.count > 0 else {
      throw TensorError(.shape, "shape \(input.shape) has nothing to pool")
    }
    if input.elementType == .double {
      return [.tensor(try pooled(input, rois, batches, Double.self, pooling, shape, call))]
    }
    let result = try pooled(
      try Casting.convert(input, to: .float, call), try Casting.convert(rois, to: .float, call), batches, Float.self,
      pooling, shape, call)
    return [.tensor(try Casting.convert(result, to: input.elementType, call))]
  }

  private static func pooled<R: BinaryFloatingPoint & TensorElement>(
    _ input: Tensor, _ rois: Tensor, _ batches: [Int], _ type: R.Type, _ pooling: Pooling, _ shape: Shape,
    _ call: OperatorCall
  ) throws(TensorError) -> Tensor {
    let source = try input.elements(type)
    let corners = try rois.elements(type)
    defer { withExtendedLifetime((input, rois)) {} }
    let (channels, height, width) = (input.shape[1], input.shape[2], input.shape[3])
    return try call.make(type, shape) { (output) throws(TensorError) in
      guard !output.isEmpty else { return }
      var target = 0
      for roi in batches.indices {
        let rows = try RegionAxis(
          corners[roi * 4 + 1], corners[roi * 4 + 3], bins: pooling.height, length: height, pooling)
        let columns = try RegionAxis(
          corners[roi * 4], corners[roi * 4 + 2], bins: pooling.width, length: width, pooling)
        for channel in 0..<channels {
          let start = (batches[roi] * channels + channel) * height * width
          let plane = UnsafeBufferPointer(rebasing: source[start..<start + height * width])
          for row in 0..<pooling.height {
            for column in 0..<pooling.width {
              let (rowSamples, columnSamples) = (rows.samples(of: row), columns.samples(of: column))
              output[target] =
                pooling.takesGreatest
                ? greatest(plane, width, rowSamples, columnSamples, rows.hasOutside[row] || columns.hasOutside[column])
                : sum(plane, width, rowSamples, columnSamples) / R(max(rows.grid &* columns.grid, 1))
              target += 1
            }
          }
        }
      }
    }
  }

  private static func sum<R: BinaryFloatingPoint>(
    _ plane: UnsafeBufferPointer<R>, _ width: Int, _ rows: ArraySlice<RegionAxis<R>.Sample>,
    _ columns: ArraySlice<RegionAxis<R>.Sample>
  ) -> R {
    var sum: R = 0
    for row in rows {
      let (top, bottom) = (row.low * width, row.high * width)
      for column in columns {
        sum +=
          row.lowWeight * column.lowWeight * plane[top + column.low]
          + row.lowWeight * column.highWeight * plane[top + column.high]
          + row.highWeight * column.lowWeight * plane[bottom + column.low]
          + row.highWeight * column.highWeight * plane[bottom + column.high]
      }
    }
    return sum
  }

  /// The greatest of the weighted elements; a sample outside of the map counts as 0.
  private static func greatest<R: BinaryFloatingPoint>(
    _ plane: UnsafeBufferPointer<R>, _ width: Int, _ rows: ArraySlice<RegionAxis<R>.Sample>,
    _ columns: ArraySlice<RegionAxis<R>.Sample>, _ hasOutside: Bool
  ) -> R {
    var best: R? = hasOutside ? 0 : nil
    for row in rows {
      let (top, bottom) = (row.low * width, row.high * width)
      for column in columns {
        let value = max(
          max(
            row.lowWeight * column.lowWeight * plane[top + column.low],
            row.lowWeight * column.highWeight * plane[top + column.high]),
          max(
            row.highWeight * column.lowWeight * plane[bottom + column.low],
            row.highWeight * column.highWeight * plane[bottom + column.high]))
        best = max(best ?? value, value)
      }
    }
    return best ?? 0
  }
}

/// Where a region is sampled along one axis.
struct RegionAxis<R: BinaryFloatingPoint> {
  /// Two neighbours on the map and their weights.
  struct Sample {
    let low: Int
    let high: Int
    let lowWeight: R
    let highWeight: R
  }

  /// How many samples fall into a bin, with those outside of the map.
  let grid: Int
  /// For each bin, whether a sample lies outside of the map.
  private(set) var hasOutside: [Bool] = []
  private var all: [Sample] = []
  /// Where the samples of each bin begin in `all`; one more than there are bins.
  private var starts = [0]

  func samples(of bin: Int) -> ArraySlice<Sample> { all[starts[bin]..<starts[bin + 1]] }

  init(_ first: R, _ last: R, bins: Int, length: Int, _ pooling: Regions.Pooling) throws(TensorError) {
    let start = first * R(pooling.scale) - R(pooling.offset)
    var extent = last * R(pooling.scale) - R(pooling.offset) - start
    // Without the offset an empty region is one element wide.
    if pooling.offset == 0 { extent = max(extent, 1) }
    let bin = extent / R(bins)
    let adaptive = bin.rounded(.up)
    let wanted = pooling.samplingRatio > 0 ? R(pooling.samplingRatio) : adaptive
    guard !wanted.isFinite || wanted * R(bins) <= 0x1p20 else {
      throw TensorError(
        .invalidValue, "a region of \(extent) elements along an axis takes more than \(1 << 20) samples there")
    }
    if pooling.samplingRatio > 0 {
      grid = pooling.samplingRatio
    } else if adaptive.isFinite {
      // A region that ends before it begins has no samples, however far before.
      grid = adaptive > 0 ? Int(adaptive) : 0
    } else {
      grid = 0
    }
    for index in 0..<bins {
      var isOutside = false
      for sample in 0..<grid {
        var place = start + R(index) * bin + (R(sample) + 0.5) * bin / R(grid)
        guard place >= -1, place <= R(length) else {
          isOutside = true
          continue
        }
        place = max(place, 0)
        let low = Int(place)
        if low >= length - 1 {
          all.append(Sample(low: length - 1, high: length - 1, lowWeight: 1, highWeight: 0))
        } else {
          let high = place - R(low)
          all.append(Sample(low: low, high: low + 1, lowWeight: 1 - high, highWeight: high))
        }
      }
      hasOutside.append(isOutside)
      starts.append(all.count)
    }
  }
}
