import Foundation

/// A connection with one request for `/v2/health/live`, made of plain system calls: each blocks, and what becomes of
/// the connection is seen as the system tells it.
final class RawRequest: Sendable {
  /// What became of it.
  enum End: Hashable {
    case answered
    /// The connection was lost, with the system's word for it.
    case lost(String)
  }

  /// How long it took from the beginning of the connection until the request was handed to the system.
  let sendTime: Duration
  private let descriptor: Int32

  /// Connects and sends; `nil` when the connection is refused, or not made within seconds.
  /// - Parameter text: what is sent, if not the whole request.
  init?(port: Int, sending text: String = "GET /v2/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n") {
    let begun = ContinuousClock.now
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var wait = timeval(tv_sec: 300, tv_usec: 0)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      setsockopt(descriptor, SOL_SOCKET, option, &wait, socklen_t(MemoryLayout<timeval>.size))
    }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(port).bigEndian)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let code = withUnsafePointer(to: &address) { address in
      address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard code == 0 else {
      close(descriptor)
      return nil
    }
    self.descriptor = descriptor
    let request = Array(text.utf8)
    _ = send(descriptor, request, request.count, Int32(MSG_NOSIGNAL))
    sendTime = ContinuousClock.now - begun
  }

  deinit {
    close(descriptor)
  }

  /// Reads the answer.
  func end() -> End {
    var text = ""
    var buffer = [UInt8](repeating: 0, count: 1024)
    while !text.hasSuffix(#"{"live":true}"#) {
      let count = read(descriptor, &buffer, buffer.count)
      guard count > 0 else { return .lost(count == 0 ? "end of file" : String(cString: strerror(errno))) }
      text += String(decoding: buffer[..<count], as: UTF8.self)
    }
    return text.hasPrefix("HTTP/1.1 200 ") ? .answered : .lost(text)
  }
}

/// Runs what blocks on a thread of its own.
func onThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
  await withCheckedContinuation { continuation in
    Thread.detachNewThread { continuation.resume(returning: body()) }
  }
}
