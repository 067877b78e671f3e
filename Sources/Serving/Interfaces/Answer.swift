import HTTPTypes
import HummingbirdCore
import NIOCore

/// What an interface answers, before it is written to a connection.
struct Answer: Sendable {
  let status: Int
  var headers: HTTPFields
  let body: [UInt8]

  init(status: Int, contentType: String = "application/json", body: [UInt8]) {
    self.status = status
    self.body = body
    headers = HTTPFields()
    headers[.contentType] = contentType
  }

  /// An answer in JSON.
  static func json(_ status: Int = 200, _ write: (inout JSONWriter) -> Void) -> Answer {
    var writer = JSONWriter()
    write(&writer)
    return Answer(status: status, body: writer.bytes)
  }

  init(_ error: RequestError) {
    var writer = JSONWriter()
    writer.object { $0.member("error", error.message) }
    self.init(status: error.status, body: writer.bytes)
    if let seconds = error.retryAfter { headers[.retryAfter] = String(seconds) }
  }

  /// Writes the answer.
  func write(to writer: consuming ResponseWriter) async throws {
    var headers = headers
    headers[.contentLength] = String(body.count)
    let head = HTTPResponse(status: HTTPResponse.Status(code: status), headerFields: headers)
    try await writer.write(response: head, body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
  }
}

extension HTTPField.Name {
  /// The version that answered.
  static let headgateVersion = HTTPField.Name(knownName: "X-Headgate-Version")
  /// Whoever sends the same key stays with the same version.
  static let headgateKey = HTTPField.Name(knownName: "X-Headgate-Key")
  /// Says that the body has binary tensors after so many bytes of JSON.
  static let inferenceHeaderContentLength = HTTPField.Name(knownName: "Inference-Header-Content-Length")

  private init(knownName: StaticString) {
    // The three names above are valid tokens; a typing error in one shows in the first test.
    self = HTTPField.Name("\(knownName)") ?? .server
  }
}
