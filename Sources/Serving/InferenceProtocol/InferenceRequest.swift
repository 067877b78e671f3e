import HeadgateRuntime
import HeadgateTensors

/// What a client asks of a model: tensors by input name, and which outputs it wants.
struct InferenceRequest: Sendable {
  /// Comes back in the answer.
  let id: String?
  let inputs: [String: Tensor]
  /// The wanted outputs in the client's order; `nil` is all of them.
  let outputs: [String]?

  /// Checks names, types and shapes against what the model declares, in the protocol's words.
  func check(against declared: [ValueInfo]) throws(RequestError) {
    for (name, tensor) in inputs {
      guard let info = declared.first(where: { $0.name == name }) else {
        let names = declared.map { "'\($0.name)'" }.joined(separator: ", ")
        throw .unfit("the model has no input \(shown(name)); it has \(names)")
      }
      guard info.elementType == tensor.elementType else {
        let wanted = Datatype(info.elementType)?.rawValue ?? info.elementType.name
        let given = Datatype(tensor.elementType)?.rawValue ?? tensor.elementType.name
        throw .unfit("input '\(name)' has datatype \(given), but the model takes \(wanted)")
      }
      guard let shape = info.shape else { continue }
      let fits = shape.count == tensor.shape.count && zip(shape, tensor.shape).allSatisfy { $0 == nil || $0 == $1 }
      guard fits else {
        let wanted = shape.map { $0.map(String.init) ?? "-1" }.joined(separator: ", ")
        throw .unfit("input '\(name)' has shape \(tensor.shape), but the model takes [\(wanted)] (-1 is any)")
      }
    }
  }
}
