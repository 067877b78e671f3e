/// What a run over a tree of conformance cases came to. It encodes to the JSON that `headgate conformance` prints.
public struct ConformanceResult: Sendable, Hashable, Encodable {
  /// How many cases of one group pass and fail.
  public struct Tally: Sendable, Hashable, Encodable {
    public var passed = 0
    public var failed = 0
  }

  /// A case that fails, as `group/case`, and why.
  public struct Failure: Sendable, Hashable, Encodable {
    public let name: String
    public let reason: String
  }

  public private(set) var passed = 0
  public private(set) var failed = 0
  /// By the name of the folder that the cases lie in.
  public private(set) var groups: [String: Tally] = [:]
  /// In the order of the cases' names.
  public private(set) var failures: [Failure] = []

  public init() {}

  /// Counts one case; a failure has a reason.
  mutating func add(_ test: ConformanceCase, failure reason: String?) {
    if let reason {
      failed += 1
      groups[test.group, default: Tally()].failed += 1
      failures.append(Failure(name: test.name, reason: reason))
    } else {
      passed += 1
      groups[test.group, default: Tally()].passed += 1
    }
  }
}
