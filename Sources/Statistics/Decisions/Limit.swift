/// The bound that a metric must keep; the bound itself is on the good side.
package enum Limit: Sendable, Equatable {
  case atLeast(Double)
  case atMost(Double)

  /// Whether a value keeps the limit.
  package func allows(_ value: Double) -> Bool {
    switch self {
    case .atLeast(let bound): value >= bound
    case .atMost(let bound): value <= bound
    }
  }

  /// Whether values below the bound break it.
  var isLower: Bool {
    if case .atLeast = self { true } else { false }
  }
}
