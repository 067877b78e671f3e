import HeadgateRuntime
import HeadgateTensors

/// The JSON documents of the Open Inference Protocol, for those who run a model without a server.
package enum InferenceDocument {
  /// Why a document is refused.
  package struct Failure: Error, Sendable, Hashable {
    /// What is wrong with it and where.
    package let message: String
  }

  /// What a request asks for.
  package struct Request: Sendable {
    package let id: String?
    package let inputs: [String: Tensor]
    /// The wanted outputs in the client's order; `nil` is all of them.
    package let outputs: [String]?
  }

  /// Reads the body of an inference request and checks it against what the model takes.
  package static func request(_ bytes: [UInt8], for inputs: [ValueInfo]) throws(Failure) -> Request {
    let result: Result<Request, RequestError> = bytes.withUnsafeBufferPointer { bytes in
      Result { () throws(RequestError) in
        let request = try InferenceRequest(json: bytes)
        try request.check(against: inputs)
        return Request(id: request.id, inputs: request.inputs, outputs: request.outputs)
      }
    }
    do {
      return try result.get()
    } catch {
      throw Failure(message: error.message)
    }
  }

  /// Writes the body of an inference response.
  ///
  /// - Throws: for values that the protocol has no form for: sequences, complex numbers, and the types it has no name for.
  package static func response(
    model: String, version: String, id: String, outputs: [(name: String, value: Value)]
  ) throws(Failure) -> [UInt8] {
    do {
      return try InferenceAnswer(model: model, version: version, id: id, outputs: outputs).json()
    } catch {
      throw Failure(message: error.message)
    }
  }
}
