/// A request that gets an error for an answer: the status code and the text of `{"error": ...}`.
struct RequestError: Error, Hashable {
  /// Whose doing an error is, which the status does not tell: a model that does not know a value of a client's is
  /// answered with a 400 as well. `TrafficMeter` says what follows from it.
  enum Fault: Hashable {
    /// The request cannot be read, or makes no sense to any model.
    case client
    /// The request is not what the version declares. Another version of the model may declare it.
    case signature
    /// The request is what the version declares, and yet it gave no answer.
    case version
  }

  let status: Int
  let message: String
  /// Seconds after which the client may try again.
  let retryAfter: Int?
  let fault: Fault

  /// - Parameter fault: by default the client's up to 499, and the version's from 500 on.
  init(_ status: Int, _ message: String, retryAfter: Int? = nil, fault: Fault? = nil) {
    self.status = status
    self.message = message
    self.retryAfter = retryAfter
    self.fault = fault ?? (status >= 500 ? .version : .client)
  }

  /// What the client sent is wrong.
  static func invalid(_ message: String) -> RequestError { RequestError(400, message) }

  /// What the client sent is not what the version declares.
  static func unfit(_ message: String) -> RequestError { RequestError(400, message, fault: .signature) }

  init(_ error: JSONError) {
    self.init(400, "the request is not what it should be at byte \(error.offset): \(error.message)")
  }
}

/// A name from a request, short enough and plain enough for a message.
func shown(_ name: String) -> String {
  let plain = name.unicodeScalars.prefix(80).map { $0.properties.generalCategory == .control ? "?" : String($0) }
  return "'" + plain.joined() + (name.unicodeScalars.count > 80 ? "..." : "") + "'"
}
