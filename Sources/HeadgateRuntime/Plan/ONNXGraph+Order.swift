extension ONNXGraph {
  /// The nodes so that each comes after those whose outputs it reads. Files already in order, as they
  /// should be, keep their order.
  ///
  /// - Throws: `ModelFileError.invalidGraph` when nodes depend on each other in a circle.
  func nodesInOrder() throws(ModelFileError) -> [ONNXNode] {
    var producers: [String: Int] = [:]
    for (index, node) in nodes.enumerated() {
      for output in node.outputs where !output.isEmpty { producers[output] = index }
    }
    let dependencies = nodes.map { node in Set(node.namesRead.compactMap { producers[$0] }) }
    guard zip(nodes.indices, dependencies).contains(where: { index, needs in needs.contains { $0 >= index } }) else {
      return nodes
    }
    var readers = [[Int]](repeating: [], count: nodes.count)
    var waiting = dependencies.map(\.count)
    for (index, needs) in dependencies.enumerated() {
      for producer in needs { readers[producer].append(index) }
    }
    var order = nodes.indices.filter { waiting[$0] == 0 }
    var next = 0
    while next < order.count {
      for reader in readers[order[next]] {
        waiting[reader] -= 1
        if waiting[reader] == 0 { order.append(reader) }
      }
      next += 1
    }
    guard order.count == nodes.count else {
      let circle = nodes.indices.filter { waiting[$0] > 0 }.prefix(5)
        .map { nodes[$0].name.isEmpty ? nodes[$0].operatorName : "'\(nodes[$0].name)'" }
      throw ModelFileError(.invalidGraph, "nodes depend on each other in a circle: \(circle.joined(separator: ", "))")
    }
    return order.map { nodes[$0] }
  }
}

extension ONNXNode {
  /// The names of the values that the node reads, those of its subgraphs included.
  var namesRead: [String] {
    var names = inputs.filter { !$0.isEmpty }
    for graph in subgraphs {
      for node in graph.nodes { names += node.namesRead }
      names += graph.outputs.map(\.name)
    }
    return names
  }

  var subgraphs: [ONNXGraph] {
    attributes.compactMap { if case .graph(let graph) = $0.value { graph } else { nil } }
  }
}
