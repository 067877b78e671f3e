import Domain

/// Durations, sizes and percentages as specs write them.
enum Units {
  /// What a duration looks like, for messages and JSON Schema.
  static let durationPattern = "^(?=.)([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$"
  static let sizePattern = "^[0-9]+(B|KiB|MiB|GiB|TiB)$"
  static let sharePattern = "^[0-9]{1,3}(\\.[0-9]{1,2})?%$"

  /// Reads `50ms`, `6h`, `1h30m`: whole numbers with units that fall from days to milliseconds.
  static func duration(_ text: String) -> Duration? {
    let units: [(name: String, milliseconds: Int64)] = [
      ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
    ]
    var rest = Substring(text)
    var nextUnit = 0
    var total: Int64 = 0
    while !rest.isEmpty {
      guard let count = digits(&rest, as: Int64.self) else { return nil }
      let name = rest.prefix { $0.isLetter }
      guard let unit = units[nextUnit...].firstIndex(where: { $0.name == name }) else { return nil }
      rest.removeFirst(name.count)
      nextUnit = unit + 1
      let (part, overflows) = count.multipliedReportingOverflow(by: units[unit].milliseconds)
      let (sum, sumOverflows) = total.addingReportingOverflow(part)
      guard !overflows, !sumOverflows else { return nil }
      total = sum
    }
    return nextUnit == 0 ? nil : .milliseconds(total)
  }

  /// Reads `4GiB`: a whole number and a binary unit.
  static func size(_ text: String) -> Int? {
    var rest = Substring(text)
    guard let count = digits(&rest, as: Int.self) else { return nil }
    let shifts: [Substring: Int] = ["B": 0, "KiB": 10, "MiB": 20, "GiB": 30, "TiB": 40]
    guard let shift = shifts[rest] else { return nil }
    let (bytes, overflows) = count.multipliedReportingOverflow(by: 1 << shift)
    return overflows ? nil : bytes
  }

  /// Reads `5%` and `0.25%`: at most two decimals, at most 100 %.
  static func share(_ text: String) -> Share? {
    guard text.hasSuffix("%") else { return nil }
    var rest = text.dropLast()
    guard let whole = digits(&rest, as: Int.self), whole <= 100 else { return nil }
    guard !rest.isEmpty else { return Share(basisPoints: whole * 100) }
    guard rest.removeFirst() == "." else { return nil }
    let decimals = rest.count
    guard (1...2).contains(decimals), let fraction = digits(&rest, as: Int.self), rest.isEmpty else { return nil }
    return Share(basisPoints: whole * 100 + (decimals == 1 ? fraction * 10 : fraction))
  }

  /// Writes a duration as specs do.
  static func text(_ duration: Duration) -> String {
    let (seconds, attoseconds) = duration.components
    let milliseconds = attoseconds / 1_000_000_000_000_000
    var parts: [String] = []
    for (name, length) in [("d", Int64(86_400)), ("h", 3600), ("m", 60), ("s", 1)] {
      let count = (seconds % (name == "d" ? .max : length * (name == "h" ? 24 : 60))) / length
      if count > 0 { parts.append("\(count)\(name)") }
    }
    if milliseconds > 0 { parts.append("\(milliseconds)ms") }
    return parts.isEmpty ? "0s" : parts.joined()
  }

  /// Writes a size as specs do.
  static func text(size bytes: Int) -> String {
    for (name, shift) in [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)] where bytes >= 1 << shift {
      if bytes % (1 << shift) == 0 { return "\(bytes >> shift)\(name)" }
    }
    return "\(bytes)B"
  }

  /// Takes ASCII digits from the front; `nil` when there are none or the number does not fit.
  private static func digits<Number: FixedWidthInteger>(_ text: inout Substring, as: Number.Type) -> Number? {
    let digits = text.utf8.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    guard !digits.isEmpty, let number = Number(Substring(digits)) else { return nil }
    text.removeFirst(digits.count)
    return number
  }
}
