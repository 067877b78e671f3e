import Glibc
import HeadgateTensors

/// The discrete Fourier transform of one length, in double precision.
///
/// Lengths whose prime factors are small go through one stage a factor (Stockham's order, which sorts itself);
/// others are turned into a convolution of a power of two (Bluestein). Both take `n log n` steps. Whoever reads
/// `real` and `imaginary` keeps the transform alive meanwhile.
struct FourierTransform {
  /// Greater prime factors than these cost more by the definition than by a convolution.
  private static let stageFactors = [4, 2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31]

  let length: Int
  private let factors: [Int]
  private let chirp: Chirp?
  /// All of the memory: the signal, room for a stage, and the table of roots, each as real and imaginary parts.
  private let scratch: Tensor
  let real: UnsafeMutablePointer<Double>
  let imaginary: UnsafeMutablePointer<Double>
  private let spareReal: Part
  private let spareImaginary: Part
  /// The roots of unity `e^(-2 pi i k / n)`, or the chirp `e^(-pi i k^2 / n)`.
  private let cosines: Part
  private let sines: Part

  /// What Bluestein's way needs: a transform of the padded length, and what the chirp's conjugate gives in it.
  private final class Chirp {
    let inner: FourierTransform
    let kernelReal: Part
    let kernelImaginary: Part
    private let memory: Tensor

    init(length: Int, budget: MemoryBudget) throws(TensorError) {
      var padded = 1
      while padded < 2 * length - 1 { padded *= 2 }
      inner = try FourierTransform(length: padded, budget: budget)
      // SAFETY: nobody else sees this memory, which lives as long as this object.
      memory = try Tensor(uninitialized: .double, shape: [2, padded], budget: budget)
      kernelReal = try FourierTransform.start(of: memory)
      kernelImaginary = kernelReal + padded
    }
  }

  private typealias Part = UnsafeMutablePointer<Double>

  private static func start(of memory: Tensor) throws(TensorError) -> Part {
    guard let start = memory.unsafeElements(Double.self).baseAddress else {
      throw TensorError(.memoryLimit, "no memory for a Fourier transform")
    }
    return Part(mutating: start)
  }

  /// - Parameter length: at least 1.
  /// - Throws: `TensorError.memoryLimit` when the budget has no room for about ten times the signal.
  init(length: Int, budget: MemoryBudget) throws(TensorError) {
    // The squares of indices are computed below.
    guard length >= 1, length <= 1 << 30 else {
      throw TensorError(.invalidValue, "a Fourier transform of length \(length) is not computed")
    }
    self.length = length
    var rest = length
    var factors: [Int] = []
    for factor in Self.stageFactors {
      while rest.isMultiple(of: factor) {
        factors.append(factor)
        rest /= factor
      }
    }
    self.factors = factors
    // SAFETY: nobody else sees the scratch; it lives as long as this value, and holds six parts of `length`.
    scratch = try Tensor(uninitialized: .double, shape: [6 * length], budget: budget)
    let start = try Self.start(of: scratch)
    (real, imaginary) = (start, start + length)
    (spareReal, spareImaginary) = (start + 2 * length, start + 3 * length)
    (cosines, sines) = (start + 4 * length, start + 5 * length)
    chirp = rest == 1 ? nil : try Chirp(length: length, budget: budget)
    if chirp == nil {
      for index in 0..<length {
        let angle = -2 * Double.pi * Double(index) / Double(length)
        (cosines[index], sines[index]) = (Glibc.cos(angle), Glibc.sin(angle))
      }
    } else {
      prepareChirp()
    }
  }

  /// Transforms the signal in `real` and `imaginary` in place; the inverse is divided by the length.
  func run(inverse: Bool) {
    // The inverse is the transform with real and imaginary parts exchanged.
    let (a, b) = inverse ? (imaginary, real) : (real, imaginary)
    let (c, d) = inverse ? (spareImaginary, spareReal) : (spareReal, spareImaginary)
    if let chirp { convolve(chirp, a, b) } else { runStages(a, b, c, d) }
    if inverse {
      for index in 0..<length {
        real[index] /= Double(length)
        imaginary[index] /= Double(length)
      }
    }
    withExtendedLifetime(scratch) {}
  }

  private func runStages(_ real: Part, _ imaginary: Part, _ spareReal: Part, _ spareImaginary: Part) {
    var (x, y) = ((real, imaginary), (spareReal, spareImaginary))
    var stride = 1
    for factor in factors {
      switch factor {
      case 4: stageOfFour(stride, x, y)
      case 2: stageOfTwo(stride, x, y)
      default: stage(factor, stride, x, y)
      }
      (x, y) = (y, x)
      stride *= factor
    }
    guard x.0 != real else { return }
    real.update(from: x.0, count: length)
    imaginary.update(from: x.1, count: length)
  }

  /// Splits `stride` interleaved signals of `length / stride` into `factor` times as many.
  private func stage(_ factor: Int, _ stride: Int, _ x: (Part, Part), _ y: (Part, Part)) {
    let parts = length / stride / factor
    let distance = stride * parts
    let step = length / factor
    for p in 0..<parts {
      for u in 0..<factor {
        let target = stride * (factor * p + u)
        let (targetReal, targetImaginary) = (y.0 + target, y.1 + target)
        // The root of the sum's term times that of the part; p * u is less than length / stride.
        var root = p * u * stride
        for term in 0..<factor {
          let (c, s) = (cosines[root], sines[root])
          let (sourceReal, sourceImaginary) = (x.0 + stride * p + term * distance, x.1 + stride * p + term * distance)
          if term == 0 {
            for q in 0..<stride {
              targetReal[q] = sourceReal[q] * c - sourceImaginary[q] * s
              targetImaginary[q] = sourceReal[q] * s + sourceImaginary[q] * c
            }
          } else {
            for q in 0..<stride {
              targetReal[q] += sourceReal[q] * c - sourceImaginary[q] * s
              targetImaginary[q] += sourceReal[q] * s + sourceImaginary[q] * c
            }
          }
          root += u * step
          if root >= length { root -= length }
        }
      }
    }
  }

  /// The stage for the factor 4, whose inner roots are 1, -i, -1 and i. Bound by memory at great lengths.
  private func stageOfFour(_ stride: Int, _ x: (Part, Part), _ y: (Part, Part)) {
    let parts = length / stride / 4
    let distance = stride * parts
    for p in 0..<parts {
      let (first, second, third) = (p * stride, 2 * p * stride, 3 * p * stride)
      let (c1, s1) = (cosines[first], sines[first])
      let (c2, s2) = (cosines[second], sines[second])
      let (c3, s3) = (cosines[third], sines[third])
      let (sourceReal, sourceImaginary) = (x.0 + stride * p, x.1 + stride * p)
      let (targetReal, targetImaginary) = (y.0 + 4 * stride * p, y.1 + 4 * stride * p)
      for q in 0..<stride {
        let (a, ai) = (sourceReal[q], sourceImaginary[q])
        let (b, bi) = (sourceReal[q + distance], sourceImaginary[q + distance])
        let (c, ci) = (sourceReal[q + 2 * distance], sourceImaginary[q + 2 * distance])
        let (d, di) = (sourceReal[q + 3 * distance], sourceImaginary[q + 3 * distance])
        let (even, evenI, odd, oddI) = (a + c, ai + ci, a - c, ai - ci)
        let (sum, sumI, turned, turnedI) = (b + d, bi + di, bi - di, d - b)
        targetReal[q] = even + sum
        targetImaginary[q] = evenI + sumI
        let (u1, v1) = (odd + turned, oddI + turnedI)
        targetReal[q + stride] = u1 * c1 - v1 * s1
        targetImaginary[q + stride] = u1 * s1 + v1 * c1
        let (u2, v2) = (even - sum, evenI - sumI)
        targetReal[q + 2 * stride] = u2 * c2 - v2 * s2
        targetImaginary[q + 2 * stride] = u2 * s2 + v2 * c2
        let (u3, v3) = (odd - turned, oddI - turnedI)
        targetReal[q + 3 * stride] = u3 * c3 - v3 * s3
        targetImaginary[q + 3 * stride] = u3 * s3 + v3 * c3
      }
    }
  }

  private func stageOfTwo(_ stride: Int, _ x: (Part, Part), _ y: (Part, Part)) {
    let parts = length / stride / 2
    let distance = stride * parts
    for p in 0..<parts {
      let (c, s) = (cosines[p * stride], sines[p * stride])
      for q in 0..<stride {
        let source = q + stride * p
        let target = q + 2 * stride * p
        let (a, ai) = (x.0[source], x.1[source])
        let (b, bi) = (x.0[source + distance], x.1[source + distance])
        y.0[target] = a + b
        y.1[target] = ai + bi
        y.0[target + stride] = (a - b) * c - (ai - bi) * s
        y.1[target + stride] = (a - b) * s + (ai - bi) * c
      }
    }
  }

  /// Fills the tables with the chirp and transforms its conjugate.
  private func prepareChirp() {
    guard let chirp else { return }
    var square = 0
    for index in 0..<length {
      // k^2 modulo 2n, so that the angle is exact for great k.
      let angle = -Double.pi * Double(square) / Double(length)
      (cosines[index], sines[index]) = (Glibc.cos(angle), Glibc.sin(angle))
      square = (square + 2 * index + 1) % (2 * length)
    }
    let inner = chirp.inner
    let padded = inner.length
    for index in 0..<padded { (inner.real[index], inner.imaginary[index]) = (0, 0) }
    for index in 0..<length {
      for place in [index, (padded - index) % padded] {
        (inner.real[place], inner.imaginary[place]) = (cosines[index], -sines[index])
      }
    }
    inner.run(inverse: false)
    chirp.kernelReal.update(from: inner.real, count: padded)
    chirp.kernelImaginary.update(from: inner.imaginary, count: padded)
  }

  private func convolve(_ chirp: Chirp, _ real: Part, _ imaginary: Part) {
    let inner = chirp.inner
    let padded = inner.length
    for index in 0..<length {
      inner.real[index] = real[index] * cosines[index] - imaginary[index] * sines[index]
      inner.imaginary[index] = real[index] * sines[index] + imaginary[index] * cosines[index]
    }
    for index in length..<padded { (inner.real[index], inner.imaginary[index]) = (0, 0) }
    inner.run(inverse: false)
    for index in 0..<padded {
      let (a, b) = (inner.real[index], inner.imaginary[index])
      inner.real[index] = a * chirp.kernelReal[index] - b * chirp.kernelImaginary[index]
      inner.imaginary[index] = a * chirp.kernelImaginary[index] + b * chirp.kernelReal[index]
    }
    inner.run(inverse: true)
    for index in 0..<length {
      let (a, b) = (inner.real[index], inner.imaginary[index])
      real[index] = a * cosines[index] - b * sines[index]
      imaginary[index] = a * sines[index] + b * cosines[index]
    }
  }
}
