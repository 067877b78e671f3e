import HeadgateTensors

extension ForestDescription {
  /// All nodes that the roots lead to, each once: tests before those of their branches, the true branch of a
  /// `Comparison` first.
  struct Order {
    private(set) var tests: [Int32] = []
    private(set) var leaves: [Int32] = []
    /// The first test of each tree that no tree before it has.
    private(set) var testStarts: [Int] = []
    /// The first leaf of each tree that no tree before it has.
    private(set) var treeStarts: [Int] = []
    /// Whether several ways lead to a node.
    private(set) var isShared = false

    /// The features that a row must have.
    private(set) var columns = 1

    /// How far the search from the roots has come with a node.
    private enum State: UInt8 { case new, open, done }

    /// - Throws: `TensorError.invalidValue` when a node leads back to itself.
    init(_ description: ForestDescription) throws(TensorError) {
      if let order = Order(ofTrees: description) {
        self = order
      } else {
        try self.init(ofGraph: description)
      }
    }

    /// With one visit of each node; nil when several ways lead to a node.
    private init?(ofTrees description: ForestDescription) {
      var isReached = [Bool](repeating: false, count: description.nodes.count)
      var falseBranches: [Int32] = []
      tests.reserveCapacity(description.nodes.count / 2)
      leaves.reserveCapacity(description.nodes.count / 2 + 1)
      for root in description.roots {
        testStarts.append(tests.count)
        treeStarts.append(leaves.count)
        falseBranches.append(Int32(root))
        while var next = falseBranches.popLast() {
          while true {
            guard !isReached[Int(next)] else { return nil }
            isReached[Int(next)] = true
            let node = description.nodes[Int(next)]
            guard node.mode != .leaf else { break }
            tests.append(next)
            columns = max(columns, node.feature + 1)
            let comparison = Comparison<Double>(node)
            falseBranches.append(Int32(comparison.whenFalse))
            next = Int32(comparison.whenTrue)
          }
          leaves.append(next)
        }
      }
    }

    private init(ofGraph description: ForestDescription) throws(TensorError) {
      var states = [State](repeating: .new, count: description.nodes.count)
      var stack: [Int32] = []
      tests.reserveCapacity(description.nodes.count / 2)
      leaves.reserveCapacity(description.nodes.count / 2 + 1)
      for root in description.roots {
        testStarts.append(tests.count)
        treeStarts.append(leaves.count)
        stack.append(Int32(root))
        while let index = stack.last {
          let node = description.nodes[Int(index)]
          switch states[Int(index)] {
          case .new where node.mode == .leaf:
            states[Int(index)] = .done
            leaves.append(index)
            stack.removeLast()
          case .new:
            states[Int(index)] = .open
            tests.append(index)
            columns = max(columns, node.feature + 1)
            let comparison = Comparison<Double>(node)
            guard states[comparison.whenTrue] != .open, states[comparison.whenFalse] != .open else {
              throw TensorError(
                .invalidValue, "attributes 'nodes_truenodeids' and 'nodes_falsenodeids' make a cycle at node \(index)")
            }
            stack.append(Int32(comparison.whenFalse))
            stack.append(Int32(comparison.whenTrue))
          case .open:
            states[Int(index)] = .done
            stack.removeLast()
          case .done:
            isShared = true
            stack.removeLast()
          }
        }
      }
    }
  }
}
