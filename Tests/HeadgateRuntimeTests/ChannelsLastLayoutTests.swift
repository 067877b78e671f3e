import HeadgateRuntime
import HeadgateTensors
import Testing

/// Of small integers, so that sums are exact in any order.
@Suite struct `Images in a network` {
  private struct Image {
    var channels: Int
    var side: Int
    var values: [Float]

    /// A convolution without bias, kept from below 0; `depthwise` with a kernel of its own for each channel.
    func convolved(_ weights: [Float], features: Int, kernel: Int, stride: Int, pad: Int, depthwise: Bool = false)
      -> Image
    {
      let output = (side + 2 * pad - kernel) / stride + 1
      var result = Image(channels: features, side: output, values: [])
      for index in 0..<features * output * output {
        let (feature, row, column) = (index / output / output, index / output % output, index % output)
        var sum: Float = 0
        for channel in depthwise ? feature..<feature + 1 : 0..<channels {
          for tap in 0..<kernel * kernel {
            let (y, x) = (row * stride + tap / kernel - pad, column * stride + tap % kernel - pad)
            guard (0..<side).contains(y), (0..<side).contains(x) else { continue }
            let weight = depthwise ? feature : feature * channels + channel
            sum += weights[weight * kernel * kernel + tap] * values[(channel * side + y) * side + x]
          }
        }
        result.values.append(max(0, sum))
      }
      return result
    }
  }

  private func numbers(_ count: Int, _ factor: Int) -> [Float] { (0..<count).map { Float($0 * factor % 11 % 4 - 1) } }

  @Test func `have their channels last between convolutions, and first where others read them`() throws {
    let (first, own, mixed) = (numbers(8 * 3 * 9, 3), numbers(8 * 9, 5), numbers(10 * 8, 7))
    var model = ModelWriter()
    model.input("x", [nil, 3, 11, 11])
    model.weight("first", [8, 3, 3, 3], first)
    model.weight("own", [8, 1, 3, 3], own)
    model.weight("mixed", [10, 8, 1, 1], mixed)
    model.node("Conv", ["x", "first"], ["a"], [.ints("strides", [2, 2]), .ints("pads", [1, 1, 1, 1])])
    model.node("Relu", ["a"], ["b"])
    model.node("Conv", ["b", "own"], ["c"], [.int("group", 8), .ints("pads", [1, 1, 1, 1])])
    model.node("Relu", ["c"], ["d"])
    model.node("Conv", ["d", "mixed"], ["e"])
    model.node("Relu", ["e"], ["f"])
    model.node("MaxPool", ["f"], ["g"], [.ints("kernel_shape", [2, 2]), .ints("strides", [2, 2])])
    model.node("Neg", ["g"], ["y"])
    model.node("GlobalAveragePool", ["f"], ["mean"])
    model.output("y", [nil, 10, 3, 3])
    model.output("mean", [nil, 10, 1, 1])
    let images = (0..<2).map { Image(channels: 3, side: 11, values: numbers(3 * 121, 3 + $0)) }
    let inputs = ["x": try Tensor(shape: [2, 3, 11, 11], floats: images.flatMap(\.values))]
    let loaded = try Model(bytes: ModelBytes(model.bytes))
    let outputs = try loaded.run(inputs)
    let last = images.map {
      $0.convolved(first, features: 8, kernel: 3, stride: 2, pad: 1)
        .convolved(own, features: 8, kernel: 3, stride: 1, pad: 1, depthwise: true)
        .convolved(mixed, features: 10, kernel: 1, stride: 1, pad: 0)
    }
    let greatest = last.flatMap { image in
      (0..<90).map { index in
        let corner = (index / 9 * 6 + index / 3 % 3 * 2) * 6 + index % 3 * 2
        return -[0, 1, 6, 7].map { image.values[corner + $0] }.reduce(-.infinity, max)
      }
    }
    #expect(try #require(outputs["y"]?.tensor).floats() == greatest)
    let means = last.flatMap { image in
      (0..<10).map { Float(image.values[$0 * 36..<($0 + 1) * 36].reduce(0) { $0 + Double($1) } / 36) }
    }
    #expect(try #require(outputs["mean"]?.tensor).floats() == means)
    var benchmark = ModelBenchmark(loaded, try RowSlices(inputs, of: 2))
    let nodes = try benchmark.profile(for: .zero).entries.map(\.operatorName)
    #expect(nodes.filter { $0 == "ToNCHW" }.count == 1 && !nodes.contains("FromNCHW"))
  }
}
