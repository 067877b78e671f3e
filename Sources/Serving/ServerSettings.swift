/// How a server is set up; the defaults suit one machine.
package struct ServerSettings: Sendable {
  package var host: String
  /// Zero takes any free port.
  package var port: Int
  /// Threads that run models.
  package var threadCount: Int
  /// Requests that may wait for each version before more are turned away.
  package var queueCapacity: Int
  package var maxBodyBytes: Int
  /// The most memory that the tensors of one run may take.
  package var maxRunBytes: Int
  /// How long a stopping server still takes requests and tells clients to go elsewhere, before it closes idle connections.
  package var drainTime: Duration
  /// How long a stopping server waits for the requests it has taken.
  package var stopDeadline: Duration
  /// What `/v2` and metrics give as the server's version.
  package var version: String

  package init(
    host: String = "127.0.0.1", port: Int = 8080, threadCount: Int = 4, queueCapacity: Int = 256,
    maxBodyBytes: Int = 64 << 20, maxRunBytes: Int = 1 << 30, drainTime: Duration = .milliseconds(300),
    stopDeadline: Duration = .seconds(30), version: String = "0.1.0"
  ) {
    self.host = host
    self.port = port
    self.threadCount = threadCount
    self.queueCapacity = queueCapacity
    self.maxBodyBytes = maxBodyBytes
    self.maxRunBytes = maxRunBytes
    self.drainTime = drainTime
    self.stopDeadline = stopDeadline
    self.version = version
  }

  /// Whether only this machine can reach the address.
  package var isLoopback: Bool {
    host == "localhost" || host == "::1" || host.hasPrefix("127.") && host.allSatisfy { $0.isNumber || $0 == "." }
  }
}

/// A server cannot start, or cannot go on.
package struct ServerError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What happened and what to do.
  package let message: String

  package init(_ message: String) {
    self.message = message
  }

  package var description: String { message }
}
