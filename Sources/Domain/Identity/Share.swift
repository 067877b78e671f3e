/// A part of a whole, kept in hundredths of a percent so that weights add up exactly: 0 to 10,000.
package struct Share: Hashable, Sendable, Comparable, Codable, CustomStringConvertible {
  package let basisPoints: Int

  package static let none = Share(clamping: 0)
  package static let all = Share(clamping: 10_000)

  /// `nil` outside 0...10,000.
  package init?(basisPoints: Int) {
    guard (0...10_000).contains(basisPoints) else { return nil }
    self.basisPoints = basisPoints
  }

  private init(clamping basisPoints: Int) {
    self.basisPoints = min(max(basisPoints, 0), 10_000)
  }

  /// What is left of the whole.
  package var complement: Share { Share(clamping: 10_000 - basisPoints) }

  /// The same as a fraction from 0 to 1.
  package var fraction: Double { Double(basisPoints) / 10_000 }

  package var description: String {
    let whole = basisPoints / 100
    let rest = basisPoints % 100
    guard rest != 0 else { return "\(whole)%" }
    let digits = rest < 10 ? "0\(rest)" : rest % 10 == 0 ? "\(rest / 10)" : "\(rest)"
    return "\(whole).\(digits)%"
  }

  package static func < (left: Share, right: Share) -> Bool { left.basisPoints < right.basisPoints }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let value = try container.decode(Int.self)
    guard let share = Share(basisPoints: value) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not within 0...10000 basis points")
    }
    self = share
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(basisPoints)
  }
}
