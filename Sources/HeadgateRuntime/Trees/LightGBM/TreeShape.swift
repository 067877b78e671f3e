/// Tells whether lists of children make a tree.
///
/// Keeps its memory from one tree to the next.
struct TreeShape: Sendable {
  private var isTestReached: [Bool] = []
  private var isLeafReached: [Bool] = []
  /// Tests whose branches are not looked at yet.
  private var open: [Int] = []

  /// What is wrong with a tree of as many tests as there are children on each side, and a leaf more; nil for a tree.
  ///
  /// All children must be there, also those of tests that nothing leads to, and the root must lead to every node at
  /// most once. A child that is not negative is a test, another one the leaf `-child - 1`.
  mutating func fault(left: [Int32], right: [Int32]) -> String? {
    let testCount = left.count
    let isThere = -testCount - 1..<testCount
    for test in 0..<testCount {
      guard isThere.contains(Int(left[test])), isThere.contains(Int(right[test])) else {
        let child = isThere.contains(Int(left[test])) ? right[test] : left[test]
        return "of \(testCount + 1) leaves has a child \(child), which is not there"
      }
    }
    Self.clear(&isTestReached, testCount)
    Self.clear(&isLeafReached, testCount + 1)
    open.removeAll(keepingCapacity: true)
    if testCount > 0 { open.append(0) }
    while let test = open.popLast() {
      if let fault = reach(Int(left[test]), from: test) ?? reach(Int(right[test]), from: test) { return fault }
    }
    return nil
  }

  private static func clear(_ marks: inout [Bool], _ count: Int) {
    marks.removeAll(keepingCapacity: true)
    marks.append(contentsOf: repeatElement(false, count: count))
  }

  @inline(__always)
  private mutating func reach(_ child: Int, from test: Int) -> String? {
    if child < 0 {
      guard !isLeafReached[~child] else { return "has no place for its leaf \(~child)" }
      isLeafReached[~child] = true
    } else {
      guard child > 0, !isTestReached[child] else {
        return "has test \(child) below test \(test), which makes no tree"
      }
      isTestReached[child] = true
      open.append(child)
    }
    return nil
  }
}
