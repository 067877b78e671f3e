import HeadgateTensors

extension ForestDescription {
  /// Reads the attributes of TreeEnsemble, where inner nodes and leaves stand in lists of their own.
  ///
  /// - Throws: `TensorError.invalidValue` naming the attribute that does not fit the others.
  init(treeEnsemble attributes: Attributes) throws(TensorError) {
    try self.init(targetCount: try attributes.int("n_targets") ?? 1)
    guard let splits = try attributes.tensor("nodes_splits")?.numbers(attribute: "nodes_splits"),
      let leafWeights = try attributes.tensor("leaf_weights")?.numbers(attribute: "leaf_weights"),
      let modes = try attributes.tensor("nodes_modes")
    else { throw TensorError(.missing, "attribute 'nodes_splits', 'nodes_modes' or 'leaf_weights' is absent") }
    let count = splits.count
    let codes = try modes.array(of: UInt8.self)
    guard codes.count == count else {
      throw TensorError(.invalidValue, "attribute 'nodes_modes' has \(codes.count) values for \(count) nodes")
    }
    func integers(_ name: String, _ expected: Int) throws(TensorError) -> [Int64] {
      let values = try attributes.int64s(name) ?? []
      guard values.count == expected else {
        throw TensorError(.invalidValue, "attribute '\(name)' has \(values.count) values, expected \(expected)")
      }
      return values
    }
    let features = try integers("nodes_featureids", count)
    let trueIDs = try integers("nodes_truenodeids", count)
    let falseIDs = try integers("nodes_falsenodeids", count)
    let trueLeaves = try integers("nodes_trueleafs", count)
    let falseLeaves = try integers("nodes_falseleafs", count)
    let leafTargets = try integers("leaf_targetids", leafWeights.count)
    let missing = try attributes.int64s("nodes_missing_value_tracks_true") ?? []
    guard missing.isEmpty || missing.count == count else {
      throw TensorError(
        .invalidValue, "attribute 'nodes_missing_value_tracks_true' has \(missing.count) values for \(count) nodes")
    }
    let members = try Self.memberships(attributes, codes)
    let total = count + leafWeights.count + members.joined().count
    guard total <= Self.maxNodeCount else {
      throw TensorError(.invalidValue, "attribute 'nodes_splits' has more nodes than this version takes")
    }

    // Inner nodes keep their places, leaves follow them.
    func child(_ id: Int64, isLeaf: Bool, _ attribute: String) throws(TensorError) -> Int {
      let limit = isLeaf ? leafWeights.count : count
      guard id >= 0, id < Int64(limit) else {
        throw TensorError(.invalidValue, "attribute '\(attribute)' names \(id), outside of \(limit)")
      }
      return isLeaf ? count + Int(id) : Int(id)
    }
    nodes.reserveCapacity(total)
    for index in 0..<count {
      guard features[index] >= 0, features[index] <= Int64(Int32.max) else {
        throw TensorError(.invalidValue, "attribute 'nodes_featureids' has feature \(features[index])")
      }
      nodes.append(
        Node(
          mode: try Mode(code: codes[index]), feature: Int(features[index]), threshold: splits[index],
          missingIsTrue: !missing.isEmpty && missing[index] == 1,
          trueChild: try child(trueIDs[index], isLeaf: trueLeaves[index] != 0, "nodes_truenodeids"),
          falseChild: try child(falseIDs[index], isLeaf: falseLeaves[index] != 0, "nodes_falsenodeids")))
    }
    var entries: [(node: Int, weight: Weight)] = []
    for (index, target) in leafTargets.enumerated() {
      guard target >= 0, target < Int64(targetCount) else {
        throw TensorError(
          .invalidValue, "attribute 'leaf_targetids' has \(target), outside of \(targetCount) targets")
      }
      entries.append((nodes.count, Weight(target: Int(target), value: leafWeights[index])))
      nodes.append(
        Node(
          mode: .leaf, feature: 0, threshold: 0, missingIsTrue: false, trueChild: nodes.count,
          falseChild: nodes.count))
    }
    for root in try attributes.int64s("tree_roots") ?? [] {
      roots.append(try child(root, isLeaf: false, "tree_roots"))
    }
    unrollMembers(members)
    setWeights(entries)
  }

  /// The values that each node with a membership test looks for, empty for the others.
  private static func memberships(_ attributes: Attributes, _ codes: [UInt8]) throws(TensorError) -> [[Double]] {
    var members = [[Double]](repeating: [], count: codes.count)
    guard codes.contains(Mode.memberCode) else { return members }
    let values = try attributes.tensor("membership_values")?.numbers(attribute: "membership_values") ?? []
    // The sets follow each other in the order of the nodes, each ended by NaN.
    var sets = values.split(omittingEmptySubsequences: false) { $0.isNaN }[...]
    for index in codes.indices where codes[index] == Mode.memberCode {
      // After the last NaN no further set begins.
      guard let set = sets.popFirst(), !set.isEmpty || !sets.isEmpty else {
        throw TensorError(.invalidValue, "attribute 'membership_values' has no values for node \(index)")
      }
      // No feature equals NaN, so it stands for the empty set.
      members[index] = set.isEmpty ? [.nan] : Array(set)
    }
    return members
  }

  /// Turns each membership test into a chain of comparisons with one value each.
  private mutating func unrollMembers(_ members: [[Double]]) {
    for (index, values) in members.enumerated() where !values.isEmpty {
      nodes[index].threshold = values[0]
      var last = index
      for value in values.dropFirst() {
        var next = nodes[last]
        next.threshold = value
        nodes[last].falseChild = nodes.count
        last = nodes.count
        nodes.append(next)
      }
    }
  }
}

extension ForestDescription.Mode {
  fileprivate static let memberCode: UInt8 = 6

  /// Reads one of the numbers of `nodes_modes`.
  fileprivate init(code: UInt8) throws(TensorError) {
    switch code {
    case 0: self = .lessOrEqual
    case 1: self = .less
    case 2: self = .greaterOrEqual
    case 3: self = .greater
    case 4, Self.memberCode: self = .equal
    case 5: self = .notEqual
    default: throw TensorError(.invalidValue, "attribute 'nodes_modes' has \(code)")
    }
  }
}
