import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A small HTTP/1.1 client for one server, over TCP or a socket of this machine.
///
/// It keeps connections open and uses them again, any number of requests at once. It speaks no TLS and follows no
/// redirects: it talks to Headgate's own servers. async-http-client would do all this, but builds HTTP/2, TLS and a second
/// copy of BoringSSL for it, a third of the whole build.
package final class HTTPClient: Sendable {
  private struct Pool {
    /// The one used last is used next, so that a quiet time lets the others go stale together.
    var idle: [Connection] = []
    var isClosed = false
  }

  package let address: ServerAddress
  private let group: any EventLoopGroup
  private let connectTimeout: Duration
  private let maxBodyBytes: Int
  private let maxIdle: Int
  private let pool = Mutex(Pool())

  /// - Parameters:
  ///   - group: the event loops; by default those that all clients of the process share.
  ///   - maxBodyBytes: answers larger than this are an error.
  ///   - maxIdle: how many unused connections are kept.
  package init(
    _ address: ServerAddress, group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
    connectTimeout: Duration = .seconds(5), maxBodyBytes: Int = 64 << 20, maxIdle: Int = 256
  ) {
    self.address = address
    self.group = group
    self.connectTimeout = connectTimeout
    self.maxBodyBytes = maxBodyBytes
    self.maxIdle = maxIdle
  }

  deinit {
    close()
  }

  /// Sends a request and waits for the whole answer.
  ///
  /// A server may close an unused connection just when it is used again. A request that a repeat would not harm is then
  /// sent once more, on a new connection; others fail with `closed`.
  package func send(_ request: ClientRequest, timeout: Duration = .seconds(30)) async throws(ClientError)
    -> ClientResponse
  {
    if let connection = takeIdle() {
      do {
        return try await send(request, on: connection, timeout: timeout)
      } catch {
        guard error.code == .closed, request.isIdempotent else { throw error }
      }
    }
    return try await send(request, on: try await connect(), timeout: timeout)
  }

  /// Closes unused connections; those in use are closed after their answers.
  package func close() {
    let idle = pool.withLock { pool in
      pool.isClosed = true
      defer { pool.idle = [] }
      return pool.idle
    }
    idle.forEach { $0.close() }
  }

  private func send(
    _ request: ClientRequest, on connection: Connection, timeout: Duration
  ) async throws(ClientError) -> ClientResponse {
    do {
      let (response, keepsAlive) = try await connection.send(request, host: address.hostField, timeout: timeout)
      if keepsAlive { putBack(connection) } else { connection.close() }
      return response
    } catch {
      connection.close()
      throw error
    }
  }

  private func takeIdle() -> Connection? {
    pool.withLock { pool in
      while let connection = pool.idle.popLast() {
        if connection.isOpen { return connection }
      }
      return nil
    }
  }

  private func putBack(_ connection: Connection) {
    let isKept = pool.withLock { pool in
      guard !pool.isClosed, pool.idle.count < maxIdle, connection.isOpen else { return false }
      pool.idle.append(connection)
      return true
    }
    if !isKept { connection.close() }
  }

  private func connect() async throws(ClientError) -> Connection {
    guard !pool.withLock({ $0.isClosed }) else { throw ClientError(.cancelled, "the client is closed") }
    let maxBodyBytes = maxBodyBytes
    let bootstrap = ClientBootstrap(group: group)
      .connectTimeout(TimeAmount(connectTimeout))
    do {
      let initialize: @Sendable (any Channel) -> EventLoopFuture<Connection> = { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHTTPClientHandlers()
          let handler = ResponseHandler(maxBodyBytes: maxBodyBytes)
          try channel.pipeline.syncOperations.addHandler(handler)
          return Connection(channel: channel, handler: NIOLoopBound(handler, eventLoop: channel.eventLoop))
        }
      }
      switch address {
      case .tcp(let host, let port):
        return try await bootstrap.connect(host: host, port: port, channelInitializer: initialize)
      case .unix(let path):
        return try await bootstrap.connect(unixDomainSocketPath: path, channelInitializer: initialize)
      }
    } catch {
      throw ClientError(.refused, "cannot connect to \(address): \(Self.words(for: error))")
    }
  }

  private static func words(for error: any Error) -> String {
    switch error {
    case let error as NIOConnectionError: error.connectionErrors.first.map { "\($0.error)" } ?? "\(error)"
    case let error as IOError: error.description
    default: "\(error)"
    }
  }
}
