/// Numbers as reports show them to people; evidence keeps them in full.
enum Figures {
  /// Five decimals, seven for numbers below 0.001; what is smaller or larger still, in full.
  static func text(_ value: Double) -> String {
    guard value != 0 else { return "0" }
    guard abs(value) < 1e9, abs(value) >= 1e-6 else { return "\(value)" }
    let scale = abs(value) < 0.001 ? 1e7 : 1e5
    let rounded = (value * scale).rounded() / scale
    return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
  }

  /// A share such as 0.95 as `95 %`.
  static func percent(_ share: Double) -> String { "\(text(share * 100)) %" }
}
