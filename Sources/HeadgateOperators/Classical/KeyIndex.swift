import HeadgateTensors

/// The places of keys in a list, for lookups by the elements of a tensor.
enum KeyIndex: Sendable {
  case strings([ExactText: Int])
  case integers([Int64: Int])
  /// Floats and doubles; `notANumber` is the place that NaN finds, where NaN may be a key.
  case numbers([Double: Int], notANumber: Int?)

  init(strings: [String]) {
    self = .strings(KeyIndex.places(strings.map { ExactText($0) }))
  }

  init(integers: [Int64]) {
    self = .integers(KeyIndex.places(integers))
  }

  init(numbers: [Double], findsNotANumber: Bool) {
    let notANumber = findsNotANumber ? numbers.firstIndex { $0.isNaN } : nil
    self = .numbers(KeyIndex.places(numbers), notANumber: notANumber)
  }

  /// Of equal keys the first counts.
  private static func places<Key: Hashable>(_ keys: [Key]) -> [Key: Int] {
    Dictionary(keys.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// Calls `body` with the index of each element and the place of its key, nil for a key that is not listed.
  ///
  /// - Throws: `TensorError.elementType` when the elements are of another kind than the keys.
  @inline(__always)
  func forEach(
    in tensor: Tensor, _ body: (_ index: Int, _ place: Int?) throws(TensorError) -> Void
  ) throws(TensorError) {
    switch (self, tensor.elementType) {
    case (.strings(let places), .string):
      try Self.visit(tensor, String.self, body) { places[ExactText($0)] }
    case (.integers(let places), .int64):
      try Self.visit(tensor, Int64.self, body) { places[$0] }
    case (.integers(let places), .int32):
      try Self.visit(tensor, Int32.self, body) { places[Int64($0)] }
    case (.integers(let places), .int16):
      try Self.visit(tensor, Int16.self, body) { places[Int64($0)] }
    case (.integers(let places), .float):
      try Self.visit(tensor, Float.self, body) { Int64(exactly: $0.rounded(.towardZero)).flatMap { places[$0] } }
    case (.integers(let places), .double):
      try Self.visit(tensor, Double.self, body) { Int64(exactly: $0.rounded(.towardZero)).flatMap { places[$0] } }
    case (.numbers(let places, let notANumber), .float):
      try Self.visit(tensor, Float.self, body) { $0.isNaN ? notANumber : places[Double($0)] }
    case (.numbers(let places, let notANumber), .double):
      try Self.visit(tensor, Double.self, body) { $0.isNaN ? notANumber : places[$0] }
    case (.strings, _): throw TensorError(.elementType, "looks up strings, got elements of type \(tensor.elementType)")
    case (_, _): throw TensorError(.elementType, "looks up numbers, got elements of type \(tensor.elementType)")
    }
  }

  @inline(__always)
  private static func visit<T: TensorElement>(
    _ tensor: Tensor, _ type: T.Type, _ body: (Int, Int?) throws(TensorError) -> Void, place: (T) -> Int?
  ) throws(TensorError) {
    let elements = try tensor.elements(type)
    for index in 0..<elements.count { try body(index, place(elements[index])) }
  }
}
