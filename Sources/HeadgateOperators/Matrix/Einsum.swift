import HeadgateTensors

/// Einsum: operands are joined one after the other, each time as one batched matrix product.
enum Einsum {
  /// No honest equation comes near; the work for each axis is bounded by it.
  private static let maxRank = 64

  static func prepare(_ node: OperatorNode) throws(TensorError) -> Kernel {
    guard let text = try node.attributes.string("equation") else {
      throw TensorError(.missing, "attribute 'equation' is absent")
    }
    let equation = try EinsumEquation(text)
    return { (call) throws(TensorError) in [.tensor(try evaluate(equation, call))] }
  }

  private static func evaluate(_ equation: EinsumEquation, _ call: OperatorCall) throws(TensorError) -> Tensor {
    let type = try call.tensor(0).elementType
    var tensors: [Tensor] = []
    for index in call.inputs.indices {
      let tensor = try call.tensor(index)
      guard tensor.elementType == type else {
        throw TensorError(.elementType, "operands have different types, \(type) and \(tensor.elementType)")
      }
      guard tensor.rank <= maxRank else {
        throw TensorError(.unsupported, "an operand has \(tensor.rank) axes, more than \(maxRank)")
      }
      tensors.append(tensor)
    }
    let (terms, output) = try equation.resolved(ranks: tensors.map(\.rank))
    let extents = try extents(terms, tensors)
    for label in output where extents[label] == nil {
      throw TensorError(.invalidValue, "a label of the output is in no operand")
    }
    var operands: [EinsumOperand] = []
    for (term, tensor) in zip(terms, tensors) { operands.append(try EinsumOperand(tensor, term, extents, call)) }
    var result = operands[0]
    for index in operands.indices.dropFirst() {
      // What neither a later operand nor the output has can be summed away.
      let needed = operands[(index + 1)...].reduce(into: Set(output)) { $0.formUnion($1.labels) }
      result = try result.joined(with: operands[index], needed: needed, call)
    }
    result = try result.summed(needed: Set(output), call).arranged(output, call)
    return try result.tensor.reshaped(to: output.map { extents[$0] ?? 1 })
  }

  /// The extent of each label; where operands differ, those with 1 are stretched.
  private static func extents(_ terms: [[Int]], _ tensors: [Tensor]) throws(TensorError) -> [Int: Int] {
    var extents: [Int: Int] = [:]
    for (term, tensor) in zip(terms, tensors) {
      for (label, extent) in zip(term, tensor.shape) {
        let known = extents[label] ?? 1
        guard known == extent || known == 1 || extent == 1 else {
          throw TensorError(.shape, "a label stands for axes of \(known) and of \(extent), shape \(tensor.shape)")
        }
        extents[label] = known == 1 ? extent : known
      }
    }
    return extents
  }
}

/// A tensor whose axes have names, each at most once.
struct EinsumOperand {
  let tensor: Tensor
  let labels: [Int]

  private init(tensor: Tensor, labels: [Int]) {
    self.tensor = tensor
    self.labels = labels
  }

  /// Takes diagonals for repeated labels, and drops axes of 1 that others stretch.
  init(_ tensor: Tensor, _ term: [Int], _ extents: [Int: Int], _ call: OperatorCall) throws(TensorError) {
    let own = tensor.shape.rowMajorStrides
    var labels: [Int] = []
    var shape: Shape = []
    var strides: [Int] = []
    for (axis, label) in term.enumerated() {
      if let position = labels.firstIndex(of: label) {
        guard shape[position] == tensor.shape[axis] else {
          throw TensorError(.shape, "shape \(tensor.shape) has no diagonal where a label is repeated")
        }
        strides[position] &+= own[axis]
      } else {
        labels.append(label)
        shape.append(tensor.shape[axis])
        strides.append(own[axis])
      }
    }
    let kept = labels.indices.filter { shape[$0] == extents[labels[$0]] }
    self.labels = kept.map { labels[$0] }
    let keptShape = kept.map { shape[$0] }
    self.tensor =
      labels.count == term.count
      ? try tensor.reshaped(to: keptShape)
      : try StridedView(shape: keptShape, strides: kept.map { strides[$0] }).materialize(tensor, call)
  }

  /// The same with the axes in another order, which must have the same labels.
  func arranged(_ order: [Int], _ call: OperatorCall) throws(TensorError) -> EinsumOperand {
    if order == labels { return self }
    var axes: [Int] = []
    for label in order {
      guard let axis = labels.firstIndex(of: label) else {
        throw TensorError(.invalidValue, "a label of the output is in no operand")
      }
      axes.append(axis)
    }
    return EinsumOperand(tensor: try Arranging.permuted(tensor, axes, call), labels: order)
  }

  /// Sums over all labels that nobody needs.
  func summed(needed: Set<Int>, _ call: OperatorCall) throws(TensorError) -> EinsumOperand {
    let kept = labels.filter { needed.contains($0) }
    guard kept.count < labels.count else { return self }
    let moved = try arranged(kept + labels.filter { !needed.contains($0) }, call)
    let shape = Array(moved.tensor.shape[..<kept.count])
    let matrix = [try shape.elementCount(), try Array(moved.tensor.shape[kept.count...]).elementCount()]
    let rows = try moved.tensor.reshaped(to: matrix)
    let sums = try rows.elementType.visit(RowSums(matrix: rows, call: call))
    return EinsumOperand(tensor: try sums.reshaped(to: shape), labels: kept)
  }

  /// Multiplies, and sums over the labels that nobody needs later.
  func joined(
    with other: EinsumOperand, needed: Set<Int>, _ call: OperatorCall
  ) throws(TensorError) -> EinsumOperand {
    let left = try summed(needed: needed.union(other.labels), call)
    let right = try other.summed(needed: needed.union(labels), call)
    let shared = left.labels.filter { right.labels.contains($0) }
    let batch = shared.filter { needed.contains($0) }
    let contracted = shared.filter { !needed.contains($0) }
    let rows = left.labels.filter { !shared.contains($0) }
    let columns = right.labels.filter { !shared.contains($0) }
    let a = try left.arranged(batch + rows + contracted, call)
    let b = try right.arranged(batch + contracted + columns, call)
    let (extentsA, extentsB) = (a.tensor.shape, b.tensor.shape)
    let (batchShape, rowShape) = (extentsA.prefix(batch.count), extentsA[batch.count..<(batch.count + rows.count)])
    let columnShape = extentsB.suffix(columns.count)
    let shape = Array(batchShape + rowShape + columnShape)
    let names = batch + rows + columns
    if contracted.isEmpty {
      let stretched = try b.tensor.reshaped(
        to: Array(batchShape) + [Int](repeating: 1, count: rows.count) + Array(columnShape))
      let raised = try a.tensor.reshaped(to: extentsA + [Int](repeating: 1, count: columns.count))
      return EinsumOperand(tensor: try Arithmetic.multiply(raised, stretched, call), labels: names)
    }
    let count = try Array(batchShape).elementCount()
    let (m, n) = (try Array(rowShape).elementCount(), try Array(columnShape).elementCount())
    let k = try Array(extentsA.suffix(contracted.count)).elementCount()
    let product = try MatrixOperators.product(
      a.tensor.reshaped(to: [count, m, k]), b.tensor.reshaped(to: [count, k, n]), call)
    return EinsumOperand(tensor: try product.reshaped(to: shape), labels: names)
  }
}

private struct RowSums: WideNumberVisitor {
  let matrix: Tensor
  let call: OperatorCall

  func visit<T: Number>(_ type: T.Type) throws(TensorError) -> Tensor {
    let length = matrix.shape[1]
    return try matrix.withElements(type) { (x) throws(TensorError) in
      try call.make(type, [matrix.shape[0]]) { output in
        for row in output.indices {
          var total = T.zero
          for column in 0..<length { total = T.add(total, x[row * length + column]) }
          output[row] = total
        }
      }
    }
  }
}
