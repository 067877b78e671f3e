import HeadgateOperators
import HeadgateTensors

/// How much a node computes and moves, as far as its inputs and outputs tell.
package struct NodeWork: Sendable, Hashable {
  /// Additions and multiplications of floats in products of matrices, convolutions and recurrent layers. What most other
  /// nodes compute is little beside what they read and write; of attention and of graphs within a node it is not counted.
  package var floatOperations = 0.0
  /// The same for doubles.
  package var doubleOperations = 0.0
  /// The bytes of what it reads and writes, each counted once.
  package var bytes = 0.0

  static let none = NodeWork()

  static func += (work: inout NodeWork, other: NodeWork) {
    work.floatOperations += other.floatOperations
    work.doubleOperations += other.doubleOperations
    work.bytes += other.bytes
  }
}

extension NodeWork {
  /// - Parameter results: the outputs of the call.
  init(_ call: OperatorCall, _ results: [Value]) {
    let inputs = call.inputs.compactMap { $0 }
    let isView = results.allSatisfy { result in inputs.contains { result.sharesElements(with: $0) } }
    if !isView {
      let written = results.reduce(0) { $0 + $1.byteCount }
      // What picks elements out reads no more than it writes.
      let read = inputs.enumerated().reduce(0) { sum, entry in
        let (index, input) = entry
        guard !inputs[..<index].contains(where: { input.sharesElements(with: $0) }) else { return sum }
        return sum
          + (Self.picking.contains(call.node.operatorName) ? min(input.byteCount, written) : input.byteCount)
      }
      // What a node has rounded, it has in half of the bytes, see `Precision`; doubles are not.
      let isRounded = call.node.weights?.precision == .bfloat16
      let inHalf = (isRounded ? call.node.replacedInputs : []).reduce(0) { sum, index in
        guard index < call.inputs.count, let tensor = call.inputs[index]?.tensor, tensor.elementType != .double else {
          return sum
        }
        return sum + tensor.byteCount
      }
      bytes = Double(written + read - inHalf / 2)
    }
    let operations = 2 * Self.products(call, results)
    switch inputs.first?.tensor?.elementType {
    case .float, .float16, .bfloat16: floatOperations = operations
    case .double: doubleOperations = operations
    default: break
    }
  }

  private static let picking: Set = [
    "Gather", "GatherElements", "GatherND", "Slice", "EmbedLayerNormalization", "Compress", "ArrayFeatureExtractor",
  ]

  /// The numbers that are multiplied and added to a sum.
  private static func products(_ call: OperatorCall, _ results: [Value]) -> Double {
    func count(_ value: Value?) -> Double { Double(value?.tensor?.count ?? 0) }
    func extent(_ index: Int, _ axis: Int) -> Double {
      guard index < call.inputs.count, let shape = call.inputs[index]?.tensor?.shape, !shape.isEmpty else { return 0 }
      let axis = axis < 0 ? axis + shape.count : axis
      return shape.indices.contains(axis) ? Double(shape[axis]) : 0
    }
    func input(_ index: Int) -> Value? { index < call.inputs.count ? call.inputs[index] : nil }
    let output = results.first
    switch call.node.operatorName {
    case "MatMul", "Dense": return count(output) * extent(0, -1)
    case "Gemm", "FusedMatMul", "FusedGemm":
      return count(output) * extent(0, (try? call.attributes.flag("transA")) == true ? -2 : -1)
    // A filter has all its elements but one extent for each element of the output, or of the input.
    case "Conv", "FusedConv": return extent(1, 0) > 0 ? count(output) * count(input(1)) / extent(1, 0) : 0
    case "ConvTranspose": return extent(1, 0) > 0 ? count(input(0)) * count(input(1)) / extent(1, 0) : 0
    // Steps times batch, which of both comes first is no matter, times both weights.
    case "LSTM", "GRU", "RNN": return extent(0, 0) * extent(0, 1) * (count(input(1)) + count(input(2)))
    default: return 0
    }
  }
}

extension Value {
  /// Whether this is another value under another shape, as Reshape gives.
  fileprivate func sharesElements(with other: Value) -> Bool {
    guard case .tensor(let tensor) = self, case .tensor(let other) = other else { return false }
    return tensor.sharesElements(with: other)
  }
}
