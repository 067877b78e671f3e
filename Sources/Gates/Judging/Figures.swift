/// Numbers as reports show them to people; evidence keeps them in full.
enum Figures {
  /// At most five decimals, small numbers in full.
  static func text(_ value: Double) -> String {
    guard abs(value) < 1e9, value == 0 || abs(value) >= 0.001 else { return "\(value)" }
    let rounded = (value * 100_000).rounded() / 100_000
    return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
  }

  /// A share such as 0.95 as `95 %`.
  static func percent(_ share: Double) -> String { "\(text(share * 100)) %" }
}
