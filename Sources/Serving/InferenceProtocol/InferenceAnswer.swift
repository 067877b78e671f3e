import HeadgateRuntime
import HeadgateTensors

/// What a model answers.
struct InferenceAnswer {
  let model: String
  let version: String
  let id: String
  /// In the order the client asked for, or the model's.
  let outputs: [(name: String, value: Value)]

  /// The JSON form of the answer.
  ///
  /// A sequence of maps (ZipMap) is answered as its scores, a tensor `[rows, classes]`; the output's parameter `labels`
  /// is a JSON array in a string, for the protocol allows only plain values there.
  /// - Throws: `RequestError` when a value is not of the type that the model declares, but one without a form in JSON.
  func json() throws(RequestError) -> [UInt8] {
    let elementCount = outputs.reduce(0) { sum, output in
      switch output.value {
      case .tensor(let tensor), .maps(_, let tensor): sum + min(tensor.count, 1 << 24)
      case .sequence, .absent: sum
      }
    }
    var writer = JSONWriter(capacity: 256 + elementCount * 12)
    var failure: RequestError?
    writer.object { writer in
      writer.member("model_name", model)
      writer.member("model_version", version)
      writer.member("id", id)
      writer.name("outputs")
      writer.array { writer in
        for (name, value) in outputs {
          do throws(RequestError) {
            try Self.write(value, name: name, to: &writer)
          } catch {
            failure = error
          }
        }
      }
    }
    if let failure { throw failure }
    return writer.bytes
  }

  private static func write(_ value: Value, name: String, to writer: inout JSONWriter) throws(RequestError) {
    let tensor: Tensor
    var labels: String?
    switch value {
    case .tensor(let plain): tensor = plain
    case .maps(let keys, let scores):
      tensor = scores
      labels = text(of: keys)
    case .sequence:
      throw RequestError(500, "output \(shown(name)) came out as a sequence, for which the protocol has no form")
    case .absent:
      throw RequestError(500, "output \(shown(name)) came out without a value, for which the protocol has no form")
    }
    guard let datatype = Datatype(tensor.elementType), datatype.hasJSONForm else {
      throw RequestError(500, "output \(shown(name)) came out as \(tensor.elementType.name), which has no JSON form")
    }
    var failure: TensorError?
    writer.object { writer in
      writer.member("name", name)
      writer.member("datatype", datatype.rawValue)
      writer.name("shape")
      writer.array { writer in tensor.shape.forEach { writer.value($0) } }
      if let labels {
        writer.name("parameters")
        writer.object { $0.member("labels", labels) }
      }
      writer.name("data")
      do throws(TensorError) {
        try writeData(tensor, datatype, to: &writer)
      } catch {
        failure = error
      }
    }
    if let failure { throw RequestError(500, "output \(shown(name)) cannot be written: \(failure.message)") }
  }

  private static func text(of keys: Value.MapKeys) -> String {
    var writer = JSONWriter()
    writer.array { writer in
      switch keys {
      case .strings(let keys): keys.forEach { writer.value($0) }
      case .integers(let keys): keys.forEach { writer.value($0) }
      }
    }
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  private static func writeData(
    _ tensor: Tensor, _ datatype: Datatype, to writer: inout JSONWriter
  ) throws(TensorError) {
    switch datatype {
    case .bool: try write(tensor, Bool.self, to: &writer) { $0.value($1) }
    case .uint8: try write(tensor, UInt8.self, to: &writer) { $0.value($1) }
    case .uint16: try write(tensor, UInt16.self, to: &writer) { $0.value($1) }
    case .uint32: try write(tensor, UInt32.self, to: &writer) { $0.value($1) }
    case .uint64: try write(tensor, UInt64.self, to: &writer) { $0.value($1) }
    case .int8: try write(tensor, Int8.self, to: &writer) { $0.value($1) }
    case .int16: try write(tensor, Int16.self, to: &writer) { $0.value($1) }
    case .int32: try write(tensor, Int32.self, to: &writer) { $0.value($1) }
    case .int64: try write(tensor, Int64.self, to: &writer) { $0.value($1) }
    case .fp32: try write(tensor, Float.self, to: &writer) { $0.value($1) }
    case .fp64: try write(tensor, Double.self, to: &writer) { $0.value($1) }
    case .bytes: try write(tensor, String.self, to: &writer) { $0.value($1) }
    case .fp16, .bf16: break
    }
  }

  @inline(__always)
  private static func write<Element: TensorElement>(
    _ tensor: Tensor, _ type: Element.Type, to writer: inout JSONWriter, _ body: (inout JSONWriter, Element) -> Void
  ) throws(TensorError) {
    try tensor.withElements(type) { (elements) throws(TensorError) in
      writer.array { writer in
        for element in elements { body(&writer, element) }
      }
    }
  }
}
