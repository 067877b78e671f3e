import Domain

/// Decides which version of a model answers a request. A pure value: the caller keeps the count of requests.
///
/// Without a key the n-th request goes where a fixed cycle says, and after any number of requests each version has had
/// its share of them to within one. With a key a stable hash picks a point of [0, 1). The newest version owns the
/// interval from 0 up to its share, the next older one the interval after it: whoever is on the newest at 5 % is still on
/// it at 25 %.
package struct Router: Sendable, Hashable {
  /// Versions with traffic, newest first; the weights need not add up to anything in particular.
  package let versions: [(ReleaseNumber, Int)]
  private let total: Int
  private let cycle: [UInt8]
  private let salt: UInt64

  /// - Parameters:
  ///   - weights: relative weights in hundredths of a percent; versions without weight are left out.
  ///   - model: the model's name, so that the same people are not the first to meet every new model.
  /// - Returns: `nil` when no version has any weight, or there are more than 255.
  package init?(_ weights: [ReleaseNumber: Int], model: ModelName) {
    let versions = weights.filter { $0.value > 0 && $0.value <= 10_000 }.sorted { $0.key > $1.key }
    guard let newest = versions.first, versions.count <= 255 else { return nil }
    self.versions = versions.map { ($0.key, $0.value) }
    total = versions.reduce(0) { $0 + $1.value }
    cycle = Self.cycle(of: versions.map(\.value))
    salt = Self.hash("\(model.text)/\(newest.key)".utf8, seed: 0)
  }

  /// The version for a request: by `key` when there is one, otherwise by `count`, the number of requests before it.
  package func pick(count: UInt64, key: (some StringProtocol)?) -> ReleaseNumber {
    guard let key else { return versions[Int(cycle[Int(count % UInt64(cycle.count))])].0 }
    // The upper 32 bits as a fraction of 2^32: point < share is compared without rounding.
    let point = Int(Self.hash(key.utf8, seed: salt) >> 32)
    var end = 0
    for (version, weight) in versions {
      end += weight
      if point * total < end << 32 { return version }
    }
    return versions[versions.count - 1].0
  }

  /// One cycle of turns. At each turn the version with the earliest deadline among those that may have a turn gets it:
  /// the j-th turn of a version of share w lies in the window [floor((j-1)/w), ceil(j/w)). One processor can always meet
  /// all such windows (Baruah et al., "Proportionate progress", 1996), and a version whose turns lie in their windows
  /// is within one turn of its share at every moment.
  private static func cycle(of weights: [Int]) -> [UInt8] {
    let divisor = weights.reduce(0) { greatestCommonDivisor($0, $1) }
    let weights = weights.map { $0 / divisor }
    let length = weights.reduce(0, +)
    var turns = [Int](repeating: 0, count: weights.count)
    var cycle: [UInt8] = []
    cycle.reserveCapacity(length)
    for moment in 0..<length {
      var chosen = 0
      var earliest = Int.max
      for (index, weight) in weights.enumerated() where turns[index] * length / weight <= moment {
        let deadline = ((turns[index] + 1) * length + weight - 1) / weight
        // At equal deadlines the smaller share has less room to wait.
        if deadline < earliest || deadline == earliest && weight < weights[chosen] {
          chosen = index
          earliest = deadline
        }
      }
      turns[chosen] += 1
      cycle.append(UInt8(truncatingIfNeeded: chosen))
    }
    return cycle
  }

  private static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
    b == 0 ? a : greatestCommonDivisor(b, a % b)
  }

  /// FNV-1a, then the finaliser of SplitMix64, because the upper bits of FNV are weak for short keys. Fixed for ever:
  /// another hash would move people between versions.
  private static func hash(_ bytes: some Sequence<UInt8>, seed: UInt64) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325 ^ seed
    for byte in bytes {
      hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
    }
    hash = (hash ^ hash >> 30) &* 0xBF58_476D_1CE4_E5B9
    hash = (hash ^ hash >> 27) &* 0x94D0_49BB_1331_11EB
    return hash ^ hash >> 31
  }

  package static func == (left: Router, right: Router) -> Bool {
    left.salt == right.salt && left.versions.elementsEqual(right.versions, by: ==)
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(salt)
    for (version, weight) in versions {
      hasher.combine(version)
      hasher.combine(weight)
    }
  }
}
