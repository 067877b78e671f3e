/// One HTTP request.
package struct ClientRequest: Sendable {
  package let method: String
  /// The path and query, percent-encoded.
  package let path: String
  /// Host and Content-Length are added.
  package let headers: [(name: String, value: String)]
  package let body: [UInt8]

  package init(
    _ method: String, _ path: String, headers: [(name: String, value: String)] = [], body: [UInt8] = []
  ) {
    self.method = method
    self.path = path
    self.headers = headers
    self.body = body
  }

  /// Whether a repeat changes nothing at the server (RFC 9110, 9.2.2).
  var isIdempotent: Bool { ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"].contains(method) }
}

/// One HTTP response, whole.
package struct ClientResponse: Sendable {
  package let status: Int
  package let headers: [(name: String, value: String)]
  package let body: [UInt8]

  package init(status: Int, headers: [(name: String, value: String)], body: [UInt8]) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// The first header of a name, whatever its case.
  package func header(_ name: String) -> String? {
    headers.first { $0.name.lowercased() == name.lowercased() }?.value
  }
}

/// A request got no answer.
package struct ClientError: Error, Hashable, Sendable, CustomStringConvertible {
  package enum Code: String, Hashable, Sendable {
    /// Nobody listens there, or the connection could not be made.
    case refused
    /// The connection ended before the answer did.
    case closed
    /// The answer did not come in time.
    case timeout
    /// The answer is larger than was allowed, or no HTTP.
    case badAnswer
    /// The client was closed, or its task cancelled.
    case cancelled
  }

  package let code: Code
  package let message: String

  package init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  package var description: String { message }
}
