import HeadgateTensors

extension TextOperators {
  /// Counts the n-grams of a pool in lists or rows of words or numbers.
  static func termFrequencies(_ node: OperatorNode) throws(TensorError) -> Kernel {
    let vectorizer = try TermVectorizer(node.attributes)
    return { (call) throws(TensorError) in [.tensor(try vectorizer.apply(call))] }
  }
}

/// The n-grams that a TfIdfVectorizer knows, as a tree over the numbers of their words.
private struct TermVectorizer: Sendable {
  private enum Weighting: String { case TF, IDF, TFIDF }

  private struct Edge: Hashable {
    let node: Int
    let word: Int
  }

  private let words: KeyIndex
  private var edges: [Edge: Int] = [:]
  /// For each node of the tree the n-gram that ends there, or -1.
  private var grams = [-1]
  /// The place in the output of each n-gram.
  private let places: [Int]
  private let weights: [Float]?
  private let weighting: Weighting
  private let lengths: ClosedRange<Int>
  private let maxSkip: Int
  private let width: Int

  init(_ attributes: Attributes) throws(TensorError) {
    func required(_ name: String) throws(TensorError) -> Int {
      guard let value = try attributes.int(name) else { throw TensorError(.missing, "attribute '\(name)' is absent") }
      return value
    }
    let mode = try attributes.string("mode") ?? ""
    guard let weighting = Weighting(rawValue: mode) else {
      throw TensorError(.invalidValue, "attribute 'mode' is '\(mode)'")
    }
    let (shortest, longest) = (try required("min_gram_length"), try required("max_gram_length"))
    maxSkip = try required("max_skip_count")
    guard shortest > 0, longest >= shortest, maxSkip >= 0 else {
      throw TensorError(
        .invalidValue, "n-grams of \(shortest) to \(longest) words that skip up to \(maxSkip) have no meaning")
    }
    self.weighting = weighting
    lengths = shortest...longest
    places = try attributes.ints("ngram_indexes") ?? []
    guard let last = places.max(), places.allSatisfy({ $0 >= 0 && $0 < 1 << 48 }) else {
      throw TensorError(.invalidValue, "attribute 'ngram_indexes' must hold the place of each n-gram")
    }
    width = last + 1
    weights = try attributes.floats("weights")
    guard weights?.count ?? places.count == places.count else {
      throw TensorError(
        .invalidValue, "attributes 'weights' and 'ngram_indexes' have \(weights?.count ?? 0) and \(places.count) values"
      )
    }
    let strings = try attributes.strings("pool_strings") ?? []
    let integers = try attributes.int64s("pool_int64s") ?? []
    guard strings.isEmpty != integers.isEmpty else {
      throw TensorError(
        .invalidValue, "exactly one of the attributes 'pool_strings' and 'pool_int64s' must hold n-grams")
    }
    // A word's number is the place at which the pool has it first.
    let pool: [Int]
    switch strings.isEmpty ? KeyIndex(integers: integers) : KeyIndex(strings: strings) {
    case .strings(let found):
      words = .strings(found)
      pool = strings.map { found[ExactText($0)] ?? 0 }
    case .integers(let found):
      words = .integers(found)
      pool = integers.map { found[$0] ?? 0 }
    case let other:
      words = other
      pool = []
    }
    try addGrams(pool, starts: try attributes.ints("ngram_counts") ?? [])
  }

  /// Adds the n-grams of the pool; those of `n` words begin at `starts[n - 1]`.
  private mutating func addGrams(_ pool: [Int], starts: [Int]) throws(TensorError) {
    var gram = 0
    for (index, start) in starts.enumerated() {
      let length = index + 1
      let end = index + 1 < starts.count ? starts[index + 1] : pool.count
      guard start >= 0, start <= end, end <= pool.count, (end - start).isMultiple(of: length) else {
        throw TensorError(
          .invalidValue,
          "attribute 'ngram_counts' has \(start) to \(end) for n-grams of \(length) words in a pool of "
            + "\(pool.count)")
      }
      for first in stride(from: start, to: end, by: length) {
        guard gram < places.count else {
          throw TensorError(
            .invalidValue, "attribute 'ngram_indexes' has \(places.count) values, the pool more n-grams")
        }
        if lengths.contains(length) { add(pool[first..<first + length], gram) }
        gram += 1
      }
    }
  }

  private mutating func add(_ words: ArraySlice<Int>, _ gram: Int) {
    var node = 0
    for word in words {
      let edge = Edge(node: node, word: word)
      if let next = edges[edge] {
        node = next
      } else {
        edges[edge] = grams.count
        node = grams.count
        grams.append(-1)
      }
    }
    grams[node] = gram
  }

  /// Input `[words]` or `[rows, words]`, output `[width]` or `[rows, width]`, floats.
  func apply(_ call: OperatorCall) throws(TensorError) -> Tensor {
    let input = try call.tensor(0)
    guard input.rank <= 2 else { throw TensorError(.shape, "takes a list or rows of words, got shape \(input.shape)") }
    let rows = input.rank == 2 ? input.shape[0] : 1
    let columns = input.rank == 0 ? 1 : input.shape[input.rank - 1]
    var numbers = [Int](repeating: -1, count: input.count)
    try words.forEach(in: input) { index, place in numbers[index] = place ?? -1 }
    return try call.make(Float.self, input.rank == 2 ? [rows, width] : [width]) { output in
      output.update(repeating: 0)
      for row in 0..<rows {
        count(
          numbers[row * columns..<(row + 1) * columns],
          into: UnsafeMutableBufferPointer(rebasing: output[row * width..<(row + 1) * width]))
      }
    }
  }

  private func count(_ row: ArraySlice<Int>, into output: UnsafeMutableBufferPointer<Float>) {
    var shortest = lengths.lowerBound
    for distance in 1...max(1, min(maxSkip &+ 1, row.count)) {
      for start in row.indices where row[start] >= 0 {
        // No n-gram that counts has room from here on.
        let (reach, overflow) = distance.multipliedReportingOverflow(by: shortest - 1)
        guard !overflow, reach < row.endIndex - start else { break }
        var (node, place, length) = (0, start, 0)
        while place < row.endIndex, length < lengths.upperBound, row[place] >= 0,
          let next = edges[Edge(node: node, word: row[place])]
        {
          node = next
          length += 1
          place += distance
          if length >= shortest, grams[node] >= 0 { add(grams[node], to: output) }
        }
      }
      // Single words have no distance, so they are counted once.
      if shortest == 1 { shortest = 2 }
      if shortest > lengths.upperBound { return }
    }
  }

  private func add(_ gram: Int, to output: UnsafeMutableBufferPointer<Float>) {
    let weight = weights?[gram] ?? 1
    switch weighting {
    case .TF: output[places[gram]] += 1
    case .TFIDF: output[places[gram]] += weight
    case .IDF: output[places[gram]] = weight
    }
  }
}
