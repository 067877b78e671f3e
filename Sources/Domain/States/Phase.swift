/// Where a deployment stands. A newer commit leads from every phase towards `building` or, when the object is gone,
/// `draining`; a candidate that has traffic goes through `rollingBack` and `unloading` first.
package enum Phase: Hashable, Sendable, Codable {
  /// Nothing to do. Leads to `building`, `blocked` (quarantined), `draining`.
  case idle
  /// Leads to `gating`, `blocked`.
  case building
  /// Leads to `loading`, `settling` (the same bytes serve already), `blocked`.
  case gating
  /// Weight 0 until the server says `ready`. Leads to `canary`, `promoting` (first release), `unloading`.
  case loading
  /// Leads to the next `canary` step, `promoting`, `rollingBack`.
  case canary(step: Int)
  /// The candidate has everything, the champion drains. Leads to `settling`, `rollingBack`.
  case promoting
  /// The predecessor leaves the routes. Leads to `idle`, `building`.
  case settling
  /// The champion has everything again. Leads to `unloading`.
  case rollingBack
  /// The candidate leaves the routes. Leads to `reverting`, `idle`, `blocked`.
  case unloading
  /// Leads to `idle`, `blocked`.
  case reverting
  /// Waits for a change or `retry`. Leads to `idle`, `draining`.
  case blocked
  /// The object is gone from Git. Leads to the end of the record.
  case draining

  /// The name for people and machines, such as `Canary`.
  package var name: String {
    switch self {
    case .idle: "Idle"
    case .building: "Building"
    case .gating: "Gating"
    case .loading: "Loading"
    case .canary: "Canary"
    case .promoting: "Promoting"
    case .settling: "Settling"
    case .rollingBack: "RollingBack"
    case .unloading: "Unloading"
    case .reverting: "Reverting"
    case .blocked: "Blocked"
    case .draining: "Draining"
    }
  }

  /// Whether something is under way.
  package var isActive: Bool { self != .idle && self != .blocked }
}
