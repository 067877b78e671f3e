import HeadgateTensors

extension ForestDescription {
  /// Reads the attributes of TreeEnsembleClassifier (`class_*`) or TreeEnsembleRegressor (`target_*`).
  ///
  /// - Throws: `TensorError.invalidValue` naming the attribute that does not fit the others.
  init(ensemble attributes: Attributes, leaves: String, targetCount: Int) throws(TensorError) {
    try self.init(targetCount: targetCount)
    let reader = EnsembleReader(attributes: attributes, leaves: leaves)
    let treeIDs = try reader.integers("nodes_treeids", count: nil)
    let count = treeIDs.count
    guard count <= Self.maxNodeCount else {
      throw TensorError(.invalidValue, "attribute 'nodes_treeids' has \(count) nodes, more than this version takes")
    }
    let nodeIDs = try reader.integers("nodes_nodeids", count: count)
    let features = try reader.integers("nodes_featureids", count: count)
    let trueIDs = try reader.integers("nodes_truenodeids", count: count)
    let falseIDs = try reader.integers("nodes_falsenodeids", count: count)
    let modes = try attributes.strings("nodes_modes") ?? []
    let values = try attributes.numbers("nodes_values")
    let missing = try attributes.int64s("nodes_missing_value_tracks_true") ?? []
    for (name, length) in [("nodes_modes", modes.count), ("nodes_values", values.count)] where length != count {
      throw TensorError(.invalidValue, "attribute '\(name)' has \(length) values for \(count) nodes")
    }
    guard missing.count <= count else {
      throw TensorError(
        .invalidValue, "attribute 'nodes_missing_value_tracks_true' has \(missing.count) values for \(count) nodes")
    }

    let trees = try TreeIndex(treeIDs: treeIDs, nodeIDs: nodeIDs)
    roots = trees.roots
    nodes.reserveCapacity(count)
    for index in 0..<count {
      let mode = try Mode(modes[index])
      var node = Node(
        mode: mode, feature: 0, threshold: values[index], missingIsTrue: index < missing.count && missing[index] == 1,
        trueChild: index, falseChild: index)
      if mode != .leaf {
        guard features[index] >= 0, features[index] <= Int64(Int32.max) else {
          throw TensorError(.invalidValue, "attribute 'nodes_featureids' has feature \(features[index])")
        }
        node.feature = Int(features[index])
        node.trueChild = try trees.node(treeIDs[index], trueIDs[index], attribute: "nodes_truenodeids")
        node.falseChild = try trees.node(treeIDs[index], falseIDs[index], attribute: "nodes_falsenodeids")
      }
      nodes.append(node)
    }
    try readWeights(reader, trees)
  }

  private mutating func readWeights(_ reader: EnsembleReader, _ trees: TreeIndex) throws(TensorError) {
    let values = try reader.attributes.numbers(reader.leaves + "_weights")
    let targets = try reader.integers(reader.leaves + "_ids", count: values.count)
    let treeIDs = try reader.integers(reader.leaves + "_treeids", count: values.count)
    let nodeIDs = try reader.integers(reader.leaves + "_nodeids", count: values.count)
    var entries: [(node: Int, weight: Weight)] = []
    entries.reserveCapacity(values.count)
    for index in values.indices {
      let node = try trees.node(treeIDs[index], nodeIDs[index], attribute: reader.leaves + "_nodeids")
      guard targets[index] >= 0, targets[index] < Int64(targetCount) else {
        throw TensorError(
          .invalidValue, "attribute '\(reader.leaves)_ids' has \(targets[index]), outside of \(targetCount) targets")
      }
      // Old exporters gave weights to inner nodes too; they mean nothing.
      guard nodes[node].mode == .leaf else { continue }
      entries.append((node, Weight(target: Int(targets[index]), value: values[index])))
    }
    setWeights(entries)
    for index in nodes.indices where nodes[index].mode == .leaf && weightRange(index).isEmpty {
      throw TensorError(.invalidValue, "attribute '\(reader.leaves)_weights' has no weight for leaf \(index)")
    }
  }
}

extension ForestDescription.Mode {
  /// Reads one of the strings of `nodes_modes`.
  fileprivate init(_ name: String) throws(TensorError) {
    switch name {
    case "LEAF": self = .leaf
    case "BRANCH_LEQ": self = .lessOrEqual
    case "BRANCH_LT": self = .less
    case "BRANCH_GTE": self = .greaterOrEqual
    case "BRANCH_GT": self = .greater
    case "BRANCH_EQ": self = .equal
    case "BRANCH_NEQ": self = .notEqual
    default: throw TensorError(.invalidValue, "attribute 'nodes_modes' has '\(name)'")
    }
  }
}

/// Reads lists that must have one value for each node or leaf.
private struct EnsembleReader {
  let attributes: Attributes
  /// `class` or `target`.
  let leaves: String

  func integers(_ name: String, count: Int?) throws(TensorError) -> [Int64] {
    let values = try attributes.int64s(name) ?? []
    guard count ?? values.count == values.count else {
      throw TensorError(.invalidValue, "attribute '\(name)' has \(values.count) values, expected \(count ?? 0)")
    }
    return values
  }
}

/// Finds a node by the ids of its tree and of itself.
private struct TreeIndex {
  private struct Tree {
    let start: Int
    let count: Int
    /// Only when the ids are not 0, 1, 2, ... in order.
    let places: [Int64: Int]?
  }

  let roots: [Int]
  private let trees: [Int64: Tree]

  init(treeIDs: [Int64], nodeIDs: [Int64]) throws(TensorError) {
    var roots: [Int] = []
    var trees: [Int64: Tree] = [:]
    var start = 0
    while start < treeIDs.count {
      let id = treeIDs[start]
      var end = start
      while end < treeIDs.count, treeIDs[end] == id { end += 1 }
      guard trees[id] == nil else {
        throw TensorError(
          .invalidValue, "attribute 'nodes_treeids' lists the nodes of tree \(id) in more than one place")
      }
      var places: [Int64: Int]?
      if !(start..<end).allSatisfy({ nodeIDs[$0] == Int64($0 - start) }) {
        var found: [Int64: Int] = [:]
        for index in start..<end where found.updateValue(index, forKey: nodeIDs[index]) != nil {
          throw TensorError(.invalidValue, "attribute 'nodes_nodeids' has \(nodeIDs[index]) twice in tree \(id)")
        }
        places = found
      }
      trees[id] = Tree(start: start, count: end - start, places: places)
      roots.append(start)
      start = end
    }
    self.roots = roots
    self.trees = trees
  }

  func node(_ tree: Int64, _ id: Int64, attribute: String) throws(TensorError) -> Int {
    if let tree = trees[tree] {
      if let places = tree.places {
        if let place = places[id] { return place }
      } else if id >= 0, id < Int64(tree.count) {
        return tree.start + Int(id)
      }
    }
    throw TensorError(.invalidValue, "attribute '\(attribute)' names node \(id) of tree \(tree), which is not there")
  }
}
