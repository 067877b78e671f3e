import HeadgateTensors

/// How far answers lie from the expected ones.
///
/// Scores may differ by 1e-5, relative above 1 and absolute below. Classes are the same, except in rows
/// whose two best scores differ by less than 1e-6, which either may win.
struct ExportsComparison {
  static let tolerance = 1e-5
  static let tie = 1e-6

  private(set) var problems: [String] = []
  private(set) var scoreCount = 0
  private(set) var worst = 0.0

  mutating func add(_ run: String, actual: [String: Value], expected: [String: Value]) {
    guard Set(actual.keys) == Set(expected.keys) else {
      problems.append("\(run): outputs \(actual.keys.sorted()) instead of \(expected.keys.sorted())")
      return
    }
    let ties = Self.ties(Array(expected.values))
    for (name, value) in expected.sorted(by: { $0.key < $1.key }) {
      guard let answer = actual[name] else { continue }
      if let problem = compare(answer, value, ties) { problems.append("\(run), output \(name): \(problem)") }
    }
  }

  private mutating func compare(_ actual: Value, _ expected: Value, _ ties: Set<Int>) -> String? {
    switch (actual, expected) {
    case (.tensor(let actual), .tensor(let expected)): return compare(actual, expected, ties)
    case (.maps(let keys, let actual), .maps(let expectedKeys, let expected)):
      // Without rows there are no maps, and so no keys, to compare.
      guard expected.shape.first != 0 else { return actual.shape.first == 0 ? nil : "\(actual.shape) for no rows" }
      guard let order = Self.order(of: expectedKeys, in: keys) else { return "keys \(keys) instead of \(expectedKeys)" }
      guard let scores = try? actual.floats(), actual.shape == expected.shape else { return "maps of another shape" }
      let sorted = scores.indices.map { scores[$0 - $0 % order.count + order[$0 % order.count]] }
      guard let tensor = try? Tensor(shape: actual.shape, floats: sorted) else { return "maps of another shape" }
      return compare(tensor, expected, ties)
    default: return "another kind of value"
    }
  }

  /// For each of `keys` its place in `others`, nil unless both hold the same keys.
  private static func order(of keys: Value.MapKeys, in others: Value.MapKeys) -> [Int]? {
    switch (keys, others) {
    case (.strings(let keys), .strings(let others)) where keys.sorted() == others.sorted():
      keys.compactMap { others.firstIndex(of: $0) }
    case (.integers(let keys), .integers(let others)) where keys.sorted() == others.sorted():
      keys.compactMap { others.firstIndex(of: $0) }
    default: nil
    }
  }

  private mutating func compare(_ actual: Tensor, _ expected: Tensor, _ ties: Set<Int>) -> String? {
    guard actual.elementType == expected.elementType, actual.shape == expected.shape else {
      return "\(actual.elementType)\(actual.shape) instead of \(expected.elementType)\(expected.shape)"
    }
    do {
      switch expected.elementType {
      case .float: return compare(try actual.floats().map { Double($0) }, try expected.floats().map { Double($0) })
      case .double: return compare(try actual.doubles(), try expected.doubles())
      case .int64: return compare(classes: try actual.integers(), try expected.integers(), ties)
      case .int32: return compare(classes: try actual.array(of: Int32.self), try expected.array(of: Int32.self), ties)
      case .string: return compare(classes: try actual.strings(), try expected.strings(), ties)
      default: return "does not compare \(expected.elementType)"
      }
    } catch {
      return "\(error)"
    }
  }

  private mutating func compare(_ actual: [Double], _ expected: [Double]) -> String? {
    scoreCount += expected.count
    var problem: String?
    for (index, (answer, score)) in zip(actual, expected).enumerated() {
      if answer == score || (answer.isNaN && score.isNaN) { continue }
      let deviation = abs(answer - score) / max(1, abs(score))
      worst = deviation.isNaN ? .infinity : max(worst, deviation)
      if !(deviation <= Self.tolerance), problem == nil { problem = "\(answer) instead of \(score) at \(index)" }
    }
    return problem
  }

  private func compare<T: Equatable>(classes actual: [T], _ expected: [T], _ ties: Set<Int>) -> String? {
    for (row, (answer, label)) in zip(actual, expected).enumerated() where answer != label && !ties.contains(row) {
      return "\(answer) instead of \(label) in row \(row)"
    }
    return nil
  }

  /// The rows whose two best scores are nearly equal, by the one output of scores with several columns.
  private static func ties(_ expected: [Value]) -> Set<Int> {
    let tables = expected.compactMap { value -> Tensor? in
      switch value {
      case .tensor(let tensor), .maps(_, let tensor):
        tensor.elementType == .float && tensor.rank == 2 && tensor.shape[1] > 1 ? tensor : nil
      case .sequence, .absent: nil
      }
    }
    guard tables.count == 1, let table = tables.first, let scores = try? table.floats() else { return [] }
    let columns = table.shape[1]
    return Set(
      (0..<table.shape[0]).filter { row in
        let best = scores[row * columns..<(row + 1) * columns].sorted(by: >)
        return Double(best[0]) - Double(best[1]) < tie
      })
  }
}
