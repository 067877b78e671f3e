import HeadgateRuntime

/// A model file looked at and, where that is possible, loaded.
struct InspectionReport {
  let inspection: ModelInspection
  /// Nil when the model cannot be loaded.
  let memory: MemoryEstimate?
  /// Why it cannot be loaded.
  let problem: String?

  /// - Throws: `ModelFileError` when the bytes are no model.
  init(_ bytes: ModelBytes) throws(ModelFileError) {
    inspection = try ModelInspection.inspect(bytes)
    do {
      _ = try Model(bytes: bytes)
      memory = try MemoryEstimate(bytes)
      problem = nil
    } catch {
      memory = nil
      problem = error.description
    }
  }

  /// The report as it is printed in JSON.
  struct Document: Encodable {
    struct Port: Encodable {
      let name: String
      /// The type with its shape, as in text.
      let type: String
      let elementType: String
      /// Null for extents that are open; absent when the rank is unknown.
      let shape: [Int?]?
    }

    struct Use: Encodable {
      let domain: String
      let name: String
      let opset: Int
      /// The version that gave the operator its meaning.
      let version: Int?
      let count: Int
      let supported: Bool
      let nodes: [String]
    }

    struct Weights: Encodable {
      let count: Int
      let elements: Int
      let bytes: Int
    }

    struct Memory: Encodable {
      let weightBytes: Int
      let runBytes: Int
      let values: Int
      let unknownValues: Int
    }

    let format: String
    let producer: String
    let producerVersion: String
    let irVersion: Int
    let opsets: [String: Int]
    let metadata: [String: String]
    let inputs: [Port]
    let outputs: [Port]
    let operators: [Use]
    let fileBytes: Int
    let weights: Weights
    let externalData: [String]
    let memory: Memory?
    let runnable: Bool
    let problem: String?
  }

  var document: Document {
    let metadata = inspection.metadata
    return Document(
      format: inspection.format.rawValue, producer: metadata.producerName, producerVersion: metadata.producerVersion,
      irVersion: metadata.irVersion,
      opsets: Dictionary(metadata.opsets.map { (Self.domain($0.key), $0.value) }) { first, _ in first },
      metadata: metadata.properties, inputs: inspection.inputs.map(Self.port),
      outputs: inspection.outputs.map(Self.port),
      operators: inspection.operators.map { use in
        Document.Use(
          domain: Self.domain(use.domain), name: use.name, opset: use.opset, version: use.version, count: use.count,
          supported: use.isSupported, nodes: use.nodes)
      },
      fileBytes: inspection.fileByteCount,
      weights: Document.Weights(
        count: inspection.weights.count, elements: inspection.weights.elementCount,
        bytes: inspection.weights.byteCount),
      externalData: inspection.externalData,
      memory: memory.map { memory in
        Document.Memory(
          weightBytes: memory.weightByteCount, runBytes: memory.runByteCount, values: memory.valueCount,
          unknownValues: memory.unknownCount)
      }, runnable: problem == nil, problem: problem)
  }

  static func domain(_ domain: String) -> String { domain.isEmpty ? "ai.onnx" : domain }

  private static func port(_ info: ValueInfo) -> Document.Port {
    Document.Port(name: info.name, type: info.summary, elementType: info.elementType.name, shape: info.shape)
  }
}
