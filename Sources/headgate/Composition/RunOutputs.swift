import Domain
import HeadgateRuntime
import Serving

/// The outputs of one run in the order of the model, or of the request.
struct RunOutputs {
  let outputs: [(name: String, value: Value)]

  init(_ answer: [String: Value], order: [String]) {
    outputs = order.compactMap { name in answer[name].map { (name, $0) } }
  }

  /// The tensors of all outputs. Those of a sequence are `NAME.0`, `NAME.1` and so on, and an optional without a value
  /// has none. Maps stay as they are.
  private var parts: [(name: String, value: Value)] {
    outputs.flatMap { Self.parts($0.name, $0.value) }
  }

  private static func parts(_ name: String, _ value: Value) -> [(name: String, value: Value)] {
    switch value {
    case .tensor, .maps: [(name, value)]
    case .sequence(let values): values.enumerated().flatMap { parts("\(name).\($0)", $1) }
    case .absent: []
    }
  }

  /// Arrays by name; maps are an array of scores `[rows, keys]` and `NAME.labels` with the keys.
  func archive() throws -> ArrayArchive {
    var archive = ArrayArchive()
    for (name, value) in parts {
      switch value {
      case .tensor(let tensor): archive.add(name, tensor)
      case .maps(let keys, let scores):
        archive.add(name, scores)
        switch keys {
        case .strings(let keys): archive.add(name + ".labels", try Tensor(shape: [keys.count], strings: keys))
        case .integers(let keys): archive.add(name + ".labels", try Tensor(shape: [keys.count], integers: keys))
        }
      case .sequence, .absent: continue
      }
    }
    return archive
  }

  /// The body of an inference response. Numbers of types that have no form there are given in the next wider one.
  func json(model: String, id: String?) throws -> String {
    let outputs = try parts.map { ($0.name, try Self.widened($0.value)) }
    do {
      let bytes = try InferenceDocument.response(model: model, version: "1", id: id ?? "", outputs: outputs)
      return String(decoding: bytes, as: UTF8.self)
    } catch {
      throw Failure(error.message)
    }
  }

  private static func widened(_ value: Value) throws -> Value {
    guard case .tensor(let tensor) = value else { return value }
    switch tensor.elementType {
    case .float16, .bfloat16, .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float8e8m0, .float4e2m1:
      return .tensor(try Tensor(shape: tensor.shape, floats: tensor.convertedToFloats()))
    case .int4, .int2: return .tensor(try tensor.reinterpreted(as: .int8))
    case .uint4, .uint2: return .tensor(try tensor.reinterpreted(as: .uint8))
    default: return value
    }
  }
}
