import Foundation
import HeadgateTensors
import Testing

@testable import HeadgateOperators

/// Expected values are numpy's or, for windows and frames, those of ONNX's reference implementation.
@Suite struct `Operators on signals` {
  /// Powers, mixed factors, primes on both sides of the change of method, and a long prime.
  @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 30, 31, 37, 49, 97, 101, 128, 360, 509])
  func `transform signals of any length as the definition says`(length: Int) throws {
    var signal: [Double] = []
    for index in 0..<2 * length {
      let remainder = (index * 7919 + 13) % 101
      signal.append(Double(remainder) / 50 - 1)
    }
    let input = try Tensor(shape: [1, length, 2], doubles: signal)
    let tolerance = 1e-11 * Double(length)
    for isInverse in [false, true] {
      let result = try run("DFT", opset: 20, [input, nil, nil], [("inverse", .int(isInverse ? 1 : 0))])[0].doubles()
      let turn: Double = (isInverse ? 2 : -2) * Double.pi / Double(length)
      let scale: Double = isInverse ? Double(length) : 1
      for k in 0..<length {
        var (real, imaginary) = (0.0, 0.0)
        for n in 0..<length {
          let angle = turn * Double(k * n % length)
          let (c, s) = (cos(angle), sin(angle))
          real += signal[2 * n] * c - signal[2 * n + 1] * s
          imaginary += signal[2 * n] * s + signal[2 * n + 1] * c
        }
        #expect(abs(result[2 * k] - real / scale) < tolerance)
        #expect(abs(result[2 * k + 1] - imaginary / scale) < tolerance)
      }
    }
  }

  @Test func `pad and cut signals to the length of the transform`() throws {
    let x = try floats([1, 6, 1], [1, 2, 3, 4, 5, 6])
    let padded = try run("DFT", opset: 17, [x, integers([], [8])], [("onesided", .int(1))])[0]
    #expect(padded.shape == [1, 5, 2])
    expectClose(try padded.floats(), [21, 0, -9.656855, -3, 3, -4, 1.6568543, 3, -3, 0])
    let cut = try run("DFT", opset: 20, [x, Tensor(shape: [1], [Int32(4)]), integers([], [1])])[0]
    #expect(cut.shape == [1, 4, 2])
    expectClose(try cut.floats(), [10, 0, -2, 2, -2, 0, -2, -2])
  }

  @Test(
    arguments: [
      (nil, [2.25, 0.75, 4.25, 2.75]), (5, [2.4, 0.256234899, 2.16738318, 3.868684797, 1.307697123]),
      (
        7, [1.714285714, 0.713349298, 0.102398772, 2.006516623, 2.949144601, 1.464535665, 1.049769328]
      ), (2, [4, 6]),
    ] as [(Int?, [Float])])
  func `make real signals of half a spectrum`(length: Int?, expected: [Float]) throws {
    let x = try floats([1, 3, 2], [10, 1, -2, 2, 3, -1])
    let signal = try run(
      "DFT", opset: 20, [x, length.map { try integers([], [Int64($0)]) }],
      [("onesided", .int(1)), ("inverse", .int(1))]
    )[0]
    #expect(signal.shape == [1, expected.count, 1])
    expectClose(try signal.floats(), expected)
  }

  @Test func `transform along any axis and in half precision`() throws {
    let x = try Tensor(shape: [2, 2, 1], [Float16(1), 2, 3, 4])
    let spectrum = try run("DFT", opset: 20, [x, nil, integers([], [0])])[0]
    #expect(spectrum.shape == [2, 2, 2])
    #expect(try spectrum.array(of: Float16.self) == [4, 0, 6, 0, -2, 0, -2, 0])
  }

  @Test func `refuse transforms without meaning`() throws {
    let (x, complex) = (try floats([1, 4, 1], [1, 2, 3, 4]), try floats([1, 2, 2], [1, 2, 3, 4]))
    let cases: [([Tensor?], [(name: String, value: AttributeValue)])] = [
      ([x, try integers([], [0])], []), ([x, try integers([], [-3])], []), ([x, nil, try integers([], [2])], []),
      ([x, nil, try integers([], [.min])], []), ([complex], [("onesided", .int(1))]),
      ([try floats([2, 3], [1, 2, 3, 4, 5, 6])], []), ([x, try integers([], [1 << 60])], []),
      ([try floats([1, 1, 2], [1, 2])], [("onesided", .int(1)), ("inverse", .int(1))]),
    ]
    for (inputs, attributes) in cases {
      #expect(throws: TensorError.self) { try run("DFT", opset: 20, inputs, attributes) }
    }
    // Nothing to transform, however long.
    let empty = try run("DFT", opset: 20, [floats([0, 4, 1], []), integers([], [1 << 40])])[0]
    #expect(empty.shape == [0, 1 << 40, 2])
  }

  @Test func `weigh overlapping frames with a window`() throws {
    let real = try floats([1, 10, 1], (0..<10).map(Float.init))
    let frames = try run("STFT", [real, integers([], [3]), floats([4], [0.5, 1, 0.5, 0.25])])[0]
    #expect(frames.shape == [1, 3, 3, 2])
    expectClose(
      try frames.floats(),
      [2.75, 0, -1, -0.25, -0.75, 0, 9.5, 0, -1, -2.5, -1.5, 0, 16.25, 0, -1, -4.75, -2.25, 0])
    let complex = try floats([1, 6, 2], (0..<12).map(Float.init))
    expectClose(
      try run("STFT", [complex, integers([], [2]), floats([3], [1, 2, 1])], [("onesided", .int(0))])[0].floats(),
      [8, 12, -3.1339746, -4.5, -4.8660254, -4.5, 24, 28, -1.669873, -9.964102, -10.330127, -3.0358984])
    #expect(throws: TensorError.self) { try run("STFT", [real, integers([], [0]), nil, integers([], [4])]) }
    #expect(throws: TensorError.self) { try run("STFT", [real, integers([], [1]), nil, integers([], [11])]) }
    #expect(throws: TensorError.self) { try run("STFT", [complex, integers([], [1]), nil, integers([], [2])]) }
  }

  @Test(
    arguments: [
      ("HannWindow", 0, [0, 0.5, 1, 0.5, 0]),
      ("HannWindow", 1, [0, 0.345491503, 0.904508497, 0.904508497, 0.345491503]),
      ("HammingWindow", 0, [0.086956522, 0.543478261, 1, 0.543478261, 0.086956522]),
      ("HammingWindow", 1, [0.086956522, 0.402405285, 0.912812106, 0.912812106, 0.402405285]),
      ("BlackmanWindow", 0, [0, 0.34, 1, 0.34, 0]),
      ("BlackmanWindow", 1, [0, 0.200770143, 0.849229857, 0.849229857, 0.200770143]),
    ] as [(String, Int64, [Double])])
  func `make windows`(name: String, periodic: Int64, expected: [Double]) throws {
    let window = try run(
      name, [integers([], [5])], [("periodic", .int(periodic)), ("output_datatype", .int(11))])[0].doubles()
    for (a, e) in zip(window, expected) { #expect(abs(a - e) < 1e-9) }
    #expect(throws: TensorError.self) { try run(name, [integers([], [-1])]) }
    #expect(throws: TensorError.self) { try run(name, [integers([], [.max])]) }
    #expect(throws: TensorError.self) { try run(name, [integers([], [5])], [("output_datatype", .int(99))]) }
  }

  @Test func `make a mel weight matrix`() throws {
    func matrix(_ bands: Int64, _ length: Int64, _ rate: Int64, _ low: Float, _ high: Float) throws -> Tensor {
      let counts = try [bands, length, rate].map { try integers([], [$0]) }
      return try run("MelWeightMatrix", counts + [floats([], [low]), floats([], [high])])[0]
    }
    let small = try matrix(3, 16, 8000, 100, 3000)
    #expect(small.shape == [9, 3])
    #expect(try small.floats() == [1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0.5] + [Float](repeating: 0, count: 15))
    #expect(throws: TensorError.self) { try matrix(3, 16, 0, 100, 3000) }
    #expect(throws: TensorError.self) { try matrix(.max, .max, 8000, 100, 3000) }
    #expect(throws: TensorError.self) { try matrix(3, 16, 8000, 100, .nan) }
    #expect(throws: TensorError.self) { try matrix(3, 16, 8000, -5000, 1e30) }
  }
}
