import HeadgateTensors

/// Trees of a forest that stand next to each other, compiled by one thread.
struct ForestPart<Scalar: TreeScalar> {
  private(set) var builder: BinnedForest<Scalar>.Builder
  private(set) var treeCount = 0
  /// The features that a row must have.
  private(set) var columns = 0
  private var nodeCount = 0

  /// The trees need the form that rows walk through.
  struct NotBinned: Error {}

  /// See `Forest.init(targetCount:treeCount:team:taking:partSize:_:)`.
  typealias Describe = (
    Range<Int>, inout ForestDescription, _ ended: (inout ForestDescription) throws -> Void
  ) throws -> Void

  private init(_ trees: Range<Int>, targetCount: Int, partSize: Int, _ describe: Describe) throws {
    builder = .init(targetCount: targetCount)
    var description = try ForestDescription(targetCount: targetCount)
    try describe(trees, &description) { description in
      if description.size >= partSize { try append(&description) }
    }
    if !description.roots.isEmpty { try append(&description) }
  }

  /// Compiles what was described, and forgets the description.
  private mutating func append(_ description: inout ForestDescription) throws {
    description.finish()
    let order = try ForestDescription.Order(description)
    guard builder.append(description, order) else { throw NotBinned() }
    treeCount += description.roots.count
    nodeCount += description.nodes.count
    columns = max(columns, order.columns)
    description.removeAll()
  }

  /// Compiles all trees in parts, on several threads, and joins them.
  ///
  /// - Throws: The error of the first part that has one: of the first tree, as each part ends with its first.
  static func joined(
    of treeCount: Int, targetCount: Int, team: ThreadTeam, taking nanoseconds: Double, partSize: Int,
    _ describe: Describe
  ) throws -> ForestPart {
    func part(_ trees: Range<Int>) throws -> ForestPart {
      try ForestPart(trees, targetCount: targetCount, partSize: partSize, describe)
    }
    // Each part collects its own comparisons, most of which are the same: not more parts than even out the threads.
    let count = max(1, min(treeCount, 2 * team.width, team.partCount(taking: nanoseconds)))
    guard count > 1 else { return try part(0..<treeCount) }
    var made = [Result<ForestPart, any Error>?](repeating: nil, count: count)
    made.withUnsafeMutableBufferPointer { made in
      team.forEach(count, taking: nanoseconds) { index, _ in
        made[index] = Result { try part(treeCount * index / count..<treeCount * (index + 1) / count) }
      }
    }
    var parts: [ForestPart] = []
    for case .some(let part) in made { parts.append(try part.get()) }
    made = []
    return try ForestPart(joining: parts)
  }

  /// The trees of several parts, in their order.
  private init(joining parts: [ForestPart]) throws {
    self = parts[0]
    for part in parts.dropFirst() {
      treeCount += part.treeCount
      nodeCount += part.nodeCount
      columns = max(columns, part.columns)
    }
    guard nodeCount <= ForestDescription.maxNodeCount else { throw ForestDescription.TooManyNodes() }
    guard builder.append(parts.dropFirst().map(\.builder)) else { throw NotBinned() }
  }
}
