extension [ONNXNode] {
  /// The nodes so that each comes after those whose outputs it reads. Files already in order, as they
  /// should be, keep their order.
  ///
  /// - Throws: `ModelFileError.invalidGraph` when nodes depend on each other in a circle.
  func inOrder() throws(ModelFileError) -> [ONNXNode] {
    var producers: [String: Int] = [:]
    for (index, node) in enumerated() {
      for output in node.outputs where !output.isEmpty { producers[output] = index }
    }
    let dependencies = map { node in Set(node.namesRead.compactMap { producers[$0] }) }
    guard zip(indices, dependencies).contains(where: { index, needs in needs.contains { $0 >= index } }) else {
      return self
    }
    var readers = [[Int]](repeating: [], count: count)
    var waiting = dependencies.map(\.count)
    for (index, needs) in dependencies.enumerated() {
      for producer in needs { readers[producer].append(index) }
    }
    var order = indices.filter { waiting[$0] == 0 }
    var next = 0
    while next < order.count {
      for reader in readers[order[next]] {
        waiting[reader] -= 1
        if waiting[reader] == 0 { order.append(reader) }
      }
      next += 1
    }
    guard order.count == count else {
      let circle = indices.filter { waiting[$0] > 0 }.prefix(5)
        .map { self[$0].name.isEmpty ? self[$0].operatorName : "'\(self[$0].name)'" }
      throw ModelFileError(.invalidGraph, "nodes depend on each other in a circle: \(circle.joined(separator: ", "))")
    }
    return order.map { self[$0] }
  }
}

extension ONNXGraph {
  /// The names of all weights, dense and sparse.
  var weightNames: [String] { initializers.map(\.name) + sparseInitializers.map(\.values.name) }
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
