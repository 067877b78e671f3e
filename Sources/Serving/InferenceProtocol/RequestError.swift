/// A request that gets an error for an answer: the status code and the text of `{"error": ...}`.
struct RequestError: Error, Hashable {
  let status: Int
  let message: String
  /// Seconds after which the client may try again.
  let retryAfter: Int?

  init(_ status: Int, _ message: String, retryAfter: Int? = nil) {
    self.status = status
    self.message = message
    self.retryAfter = retryAfter
  }

  /// What the client sent is wrong.
  static func invalid(_ message: String) -> RequestError { RequestError(400, message) }

  init(_ error: JSONError) {
    self.init(400, "the request is not what it should be at byte \(error.offset): \(error.message)")
  }
}

/// A name from a request, short enough and plain enough for a message.
func shown(_ name: String) -> String {
  let plain = name.unicodeScalars.prefix(80).map { $0.properties.generalCategory == .control ? "?" : String($0) }
  return "'" + plain.joined() + (name.unicodeScalars.count > 80 ? "..." : "") + "'"
}
