import HeadgateTensors
import Testing

@testable import HeadgateOperators

/// Expected values are those of ONNX Runtime 1.31; where it is silent, of ONNX's reference implementation.
@Suite struct `Operators on text` {
  @Test(
    arguments: [
      ([], ["a", "b", "c", "a,b,,c", "", "", "", "", "", "xyz", "", ""], [3, 1, 0, 1]),
      ([("maxsplit", .int(1))], ["a", "b  c", "a,b,,c", "", "", "", "xyz", ""], [2, 1, 0, 1]),
      ([("maxsplit", .int(0))], ["a  b  c", "a,b,,c", "", "xyz"], [1, 1, 0, 1]),
      (
        [("delimiter", .string(",")), ("maxsplit", .int(1))], ["  a  b  c  ", "", "a", "b,,c", "", "", "xyz", ""],
        [1, 2, 1, 1]
      ),
    ] as [([(name: String, value: AttributeValue)], [String], [Int64])])
  func `split words and parts`(
    attributes: [(name: String, value: AttributeValue)], expected: [String], counts: [Int64]
  ) throws {
    let texts = try Tensor(shape: [2, 2], strings: ["  a  b  c  ", "a,b,,c", "", "xyz"])
    let results = try run("StringSplit", opset: 20, [texts], attributes, outputs: 2)
    #expect(results[0].shape == [2, 2, expected.count / 4])
    #expect(try results[0].strings() == expected)
    #expect(try results[1].integers() == counts)
  }

  @Test(
    arguments: [
      ("TF", [1, 2, 1, 2, 2, 2, 1, 0, 1, 1]), ("IDF", [30, 20, 50, 40, 10, 30, 20, 0, 40, 10]),
      ("TFIDF", [30, 40, 50, 80, 20, 60, 20, 0, 40, 10]),
    ] as [(String, [Float])])
  func `count n-grams of numbers and weigh them`(mode: String, expected: [Float]) throws {
    let counts = try run(
      "TfIdfVectorizer", [integers([2, 5], [1, 2, 3, 1, 2, 3, 3, 1, 9, 2])],
      [
        ("mode", .string(mode)), ("min_gram_length", .int(1)), ("max_gram_length", .int(2)),
        ("max_skip_count", .int(1)),
        ("ngram_counts", .ints([0, 3])), ("ngram_indexes", .ints([4, 1, 0, 3, 2])),
        ("pool_int64s", .ints([1, 2, 3, 1, 2, 2, 3])), ("weights", .floats([10, 20, 30, 40, 50])),
      ])[0]
    #expect(counts.shape == [2, 5])
    #expect(try counts.floats() == expected)
  }

  @Test func `count n-grams of words that skip others`() throws {
    let attributes: [(name: String, value: AttributeValue)] = [
      ("mode", .string("TFIDF")), ("min_gram_length", .int(2)), ("max_gram_length", .int(2)),
      ("max_skip_count", .int(1)), ("ngram_counts", .ints([0, 2])), ("ngram_indexes", .ints([0, 1, 3, 2])),
      ("pool_strings", .strings(["a", "b", "a", "b", "a", "a"])), ("weights", .floats([9, 8, 2, 3])),
    ]
    let words = try Tensor(shape: [5], strings: ["a", "b", "a", "c", "b"])
    #expect(try run("TfIdfVectorizer", [words], attributes)[0].floats() == [0, 0, 3, 4])
    for (name, value) in [
      ("max_skip_count", .int(-1)), ("min_gram_length", .int(0)), ("ngram_counts", .ints([0, 20])),
      ("ngram_counts", .ints([2, 0])), ("ngram_indexes", .ints([0, -1, 3, 2])), ("ngram_indexes", .ints([0])),
      ("weights", .floats([1])), ("mode", .string("tf")),
    ] as [(String, AttributeValue)] {
      let damaged = attributes.map { $0.name == name ? (name: name, value: value) : $0 }
      #expect(throws: TensorError.self) { try run("TfIdfVectorizer", [words], damaged) }
    }
    let skipping = attributes.map { $0.name == "max_skip_count" ? (name: $0.name, value: .int(.max)) : $0 }
    #expect(try run("TfIdfVectorizer", [words], skipping)[0].floats().count == 4)
  }

  @Test func `compare stop words byte by byte`() throws {
    let words = try Tensor(shape: [3], strings: ["caf\u{e9}", "cafe\u{301}", "X"])
    let kept = try run(
      "StringNormalizer", opset: 10, [words], [("stopwords", .strings(["caf\u{e9}", "x"]))])[0].strings()
    #expect(kept.map { Array($0.utf8) } == [Array("cafe\u{301}".utf8)])
  }
}
