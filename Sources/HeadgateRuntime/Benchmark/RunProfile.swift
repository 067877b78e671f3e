import HeadgateOperators

/// What one node of a run did.
struct NodeReport {
  let node: OperatorNode
  let work: NodeWork
  /// The time that passed.
  let nanoseconds: UInt64
}

/// Is told of each node of a run, in order. The nodes of graphs inside of a node count for that node.
typealias RunObserver = (NodeReport) -> Void

/// Where the time of runs went, by node.
package struct RunProfile {
  /// What a node did, all runs together.
  package struct Entry: Sendable, Hashable {
    /// The node's name; empty when it has none.
    package let name: String
    package let operatorName: String
    /// The domain of the operator; `ai.onnx` is the empty name.
    package let domain: String
    package fileprivate(set) var callCount = 0
    package fileprivate(set) var seconds = 0.0
    package fileprivate(set) var work = NodeWork.none
  }

  package internal(set) var runCount = 0
  /// In the order in which the nodes run.
  package private(set) var entries: [Entry] = []
  private var indices: [ObjectIdentifier: Int] = [:]

  mutating func add(_ report: NodeReport) {
    let key = ObjectIdentifier(report.node)
    let index = indices[key] ?? entries.count
    if index == entries.count {
      indices[key] = index
      entries.append(
        Entry(
          name: report.node.name, operatorName: report.node.operatorName, domain: report.node.domain))
    }
    entries[index].callCount += 1
    entries[index].seconds += Double(report.nanoseconds) / 1e9
    entries[index].work += report.work
  }

  /// The same by operator, the one that took longest first.
  package var operators: [(nodeCount: Int, total: Entry)] {
    var totals: [(nodeCount: Int, total: Entry)] = []
    var places: [[String]: Int] = [:]
    for entry in entries {
      let place = places[[entry.domain, entry.operatorName], default: totals.count]
      if place == totals.count {
        places[[entry.domain, entry.operatorName]] = place
        totals.append((0, Entry(name: "", operatorName: entry.operatorName, domain: entry.domain)))
      }
      totals[place].nodeCount += 1
      totals[place].total.callCount += entry.callCount
      totals[place].total.seconds += entry.seconds
      totals[place].total.work += entry.work
    }
    return totals.sorted { $0.total.seconds > $1.total.seconds }
  }
}
