import HeadgateTensors

/// One decision for each pair of classes, their votes, and probabilities after Platt, Wu, Lin and Weng.
struct PairwiseMachine: Sendable {
  /// What one row needs; made once a run.
  struct Work {
    var values: [Float]
    /// One for each pair of classes: positive for the first of the pair.
    var decisions: [Float]
    var votes: [Int]
    var pairwise: [Float]
    var matrix: [Float]
    var products: [Float]
  }

  let kernel: KernelFunction
  let classes: Int
  let pairCount: Int
  private let vectorsPerClass: [Int]
  private let starts: [Int]
  /// `[classes - 1, vectors]`.
  private let coefficients: [Float]
  private let shifts: [Float]
  private let slopes: [Float]
  private let intercepts: [Float]

  var hasProbabilities: Bool { !slopes.isEmpty }

  init(_ attributes: Attributes, classes: Int, vectorsPerClass: [Int]) throws(TensorError) {
    guard vectorsPerClass.count == classes, classes >= 2, classes < 65_536,
      vectorsPerClass.allSatisfy({ $0 >= 0 && $0 <= 1 << 31 })
    else {
      throw TensorError(
        .invalidValue, "attribute 'vectors_per_class' has \(vectorsPerClass.count) counts for \(classes) classes")
    }
    let pairCount = classes * (classes - 1) / 2
    let vectors = vectorsPerClass.reduce(0, +)
    self.classes = classes
    self.pairCount = pairCount
    self.vectorsPerClass = vectorsPerClass
    kernel = try KernelFunction(attributes, vectors: vectors)
    var starts: [Int] = []
    var start = 0
    for count in vectorsPerClass {
      starts.append(start)
      start += count
    }
    self.starts = starts
    func read(_ name: String, atLeast count: Int) throws(TensorError) -> [Float] {
      let values = try attributes.floats(name) ?? []
      guard values.count >= count else {
        throw TensorError(.invalidValue, "attribute '\(name)' has \(values.count) values, the classes need \(count)")
      }
      return values
    }
    coefficients = try read("coefficients", atLeast: (classes - 1) * vectors)
    shifts = try read("rho", atLeast: pairCount)
    let hasProbabilities = try attributes.floats("prob_a")?.isEmpty == false
    slopes = hasProbabilities ? try read("prob_a", atLeast: pairCount) : []
    intercepts = hasProbabilities ? try read("prob_b", atLeast: pairCount) : []
  }

  func makeWork() -> Work {
    let square = hasProbabilities ? classes * classes : 0
    return Work(
      values: Array(repeating: 0, count: kernel.vectors), decisions: Array(repeating: 0, count: pairCount),
      votes: Array(repeating: 0, count: classes), pairwise: Array(repeating: 0, count: square),
      matrix: Array(repeating: 0, count: square), products: Array(repeating: 0, count: classes))
  }

  /// Computes the decisions of one row and returns the class with most votes, the first among equals.
  func decide(_ row: UnsafeBufferPointer<Float>, _ work: inout Work) -> Int {
    work.values.withUnsafeMutableBufferPointer { kernel.apply(to: row, into: $0) }
    for index in 0..<classes { work.votes[index] = 0 }
    var pair = 0
    for first in 0..<classes - 1 {
      for second in first + 1..<classes {
        // In double precision, as in ONNX Runtime: the terms of large machines cancel.
        var sum = 0.0
        var place = (second - 1) * kernel.vectors + starts[first]
        for vector in starts[first]..<starts[first] + vectorsPerClass[first] {
          sum += Double(coefficients[place] * work.values[vector])
          place += 1
        }
        place = first * kernel.vectors + starts[second]
        for vector in starts[second]..<starts[second] + vectorsPerClass[second] {
          sum += Double(coefficients[place] * work.values[vector])
          place += 1
        }
        sum += Double(shifts[pair])
        work.decisions[pair] = Float(sum)
        work.votes[sum > 0 ? first : second] += 1
        pair += 1
      }
    }
    var best = 0
    for index in 0..<classes where work.votes[index] > work.votes[best] { best = index }
    return best
  }

  /// Writes the probability of each class from the decisions of `decide`.
  func writeProbabilities(_ work: inout Work, _ output: UnsafeMutableBufferPointer<Float>) {
    var pair = 0
    for first in 0..<classes - 1 {
      for second in first + 1..<classes {
        let probability = 1 - PostTransform.logistic(work.decisions[pair] * slopes[pair] + intercepts[pair])
        let bounded = min(max(probability, 1e-7), 1 - 1e-7)
        work.pairwise[first * classes + second] = bounded
        work.pairwise[second * classes + first] = 1 - bounded
        pair += 1
      }
    }
    couple(&work, output)
  }

  /// Joins the pairwise probabilities: the second method of Wu, Lin and Weng, "Probability Estimates for
  /// Multi-class Classification by Pairwise Coupling" (2004), algorithm 2.
  private func couple(_ work: inout Work, _ output: UnsafeMutableBufferPointer<Float>) {
    let count = classes
    for i in 0..<count {
      output[i] = 1 / Float(count)
      var diagonal: Float = 0
      for j in 0..<count where j != i {
        let opposite = work.pairwise[j * count + i]
        diagonal += opposite * opposite
        work.matrix[i * count + j] = j < i ? work.matrix[j * count + i] : -opposite * work.pairwise[i * count + j]
      }
      work.matrix[i * count + i] = diagonal
    }
    let tolerance = 0.005 / Float(count)
    for _ in 0..<100 {
      var total: Float = 0
      for i in 0..<count {
        var product: Float = 0
        for j in 0..<count { product += work.matrix[i * count + j] * output[j] }
        work.products[i] = product
        total += output[i] * product
      }
      var error: Float = 0
      for i in 0..<count { error = max(error, abs(work.products[i] - total)) }
      if error < tolerance { break }
      for i in 0..<count {
        let diagonal = work.matrix[i * count + i]
        let step = (total - work.products[i]) / diagonal
        output[i] += step
        total = (total + step * (step * diagonal + 2 * work.products[i])) / (1 + step) / (1 + step)
        for j in 0..<count {
          work.products[j] = (work.products[j] + step * work.matrix[i * count + j]) / (1 + step)
          output[j] /= 1 + step
        }
      }
    }
  }
}
