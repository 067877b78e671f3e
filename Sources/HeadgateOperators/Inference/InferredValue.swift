import HeadgateTensors

/// A shape of which some extents are known; nil as a whole when not even the rank is.
package typealias PartialShape = [Int?]?

/// What is known of a value before any run. What is known is certain; all else is nil.
package struct InferredValue: Sendable, Hashable {
  package var elementType: ElementType?
  package var shape: PartialShape
  /// The elements of a small tensor of integers, such as a shape, nil where one is open; nil as a whole for all others.
  package var integers: [Int?]?

  /// Nothing is known.
  package static let unknown = InferredValue()

  /// Values of more elements are no shapes and no axes.
  static let maxIntegers = 64

  package init(_ elementType: ElementType? = nil, _ shape: PartialShape = nil, integers: [Int?]? = nil) {
    self.elementType = elementType
    // An extent below zero is a mistake that the run reports.
    self.shape = shape?.map { $0.flatMap { $0 < 0 ? nil : $0 } }
    self.integers = integers.flatMap { $0.count <= Self.maxIntegers ? $0 : nil }
  }

  /// What is known of a constant: all of it.
  package init(_ constant: Value) {
    guard let tensor = constant.tensor else {
      self = .unknown
      return
    }
    let isIndex = tensor.elementType == .int64 || tensor.elementType == .int32
    let integers = isIndex && tensor.count <= Self.maxIntegers ? try? tensor.ints() : nil
    self.init(tensor.elementType, tensor.shape, integers: integers)
  }

  /// For messages: `float[?, 3]`.
  package var summary: String {
    let type = elementType.map { "\($0)" } ?? "?"
    guard let shape else { return type + "[...]" }
    return type + "[" + shape.map { $0.map(String.init) ?? "?" }.joined(separator: ", ") + "]"
  }

  /// The bytes of the elements, when type and shape are known.
  package var byteCount: Int? {
    guard let elementType, let shape else { return nil }
    var extents: Shape = []
    for extent in shape {
      guard let extent else { return nil }
      extents.append(extent)
    }
    guard let count = try? extents.elementCount() else { return nil }
    let (bytes, overflow) = count.multipliedReportingOverflow(by: elementType.byteCount)
    return overflow ? nil : bytes
  }
}

/// Arithmetic on extents of which any may be open. What does not fit is open too.
enum Extent {
  static func sum(_ a: Int?, _ b: Int?) -> Int? {
    guard let a, let b else { return nil }
    let (sum, overflow) = a.addingReportingOverflow(b)
    return overflow ? nil : sum
  }

  static func difference(_ a: Int?, _ b: Int?) -> Int? {
    guard let a, let b else { return nil }
    let (difference, overflow) = a.subtractingReportingOverflow(b)
    return overflow ? nil : difference
  }

  static func product(_ a: Int?, _ b: Int?) -> Int? {
    guard let a, let b else { return a == 0 || b == 0 ? 0 : nil }
    let (product, overflow) = a.multipliedReportingOverflow(by: b)
    return overflow ? nil : product
  }

  static func product(_ extents: some Sequence<Int?>) -> Int? { extents.reduce(1) { product($0, $1) } }

  static func quotient(_ a: Int?, _ b: Int?) -> Int? {
    guard let a, let b, a >= 0, b > 0 else { return nil }
    return a / b
  }
}
