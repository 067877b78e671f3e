import Domain
import Glibc
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// The model server: the inference protocol on a public address, the controller's interface on a socket of the state folder.
///
/// ```swift
/// let server = ModelServer(.gated(StateFolder(path), admission), settings: ServerSettings(), logger: logger)
/// try await server.run { address in print("listening on port \(address.port)") }
/// ```
package final class ModelServer: Sendable {
  /// What is served.
  package enum Content: Sendable {
    /// What the routes on `server.sock` ask for and admission allows.
    case gated(StateFolder, any Admission)
    /// One file, without gates, for development. Refused on an address that others can reach, unless `allowsPublic`.
    case ungated(file: String, allowsPublic: Bool)
  }

  /// Where a server listens.
  package struct Address: Sendable, Hashable {
    package let host: String
    package let port: Int
  }

  private let content: Content
  private let settings: ServerSettings
  private let logger: Logger
  private let life = ServerLife()
  private let stopping = StopSignal()

  package init(_ content: Content, settings: ServerSettings = ServerSettings(), logger: Logger) {
    self.content = content
    self.settings = settings
    self.logger = logger
  }

  /// Asks the server to finish what it has taken and end; `run` then returns.
  package func stop() {
    stopping.fire()
  }

  /// Serves until `stop()` is called or the task is cancelled.
  ///
  /// A stopping server is not ready any more, and answers with `Connection: close` for a short time. Then it lets nobody
  /// connect any more, takes in all who have connected, closes its listening sockets and idle connections, and ends when
  /// the last request is answered.
  /// - Parameter onListening: called once, when both addresses answer.
  /// - Throws: `ServerError` when it cannot start, when the public address is closed by an error of the system, and
  ///   when requests are not finished within `stopDeadline` of a stop. `CancellationError` when the task is cancelled
  ///   while what was asked for at the start is still being loaded.
  package func run(onListening: @escaping @Sendable (Address) -> Void = { _ in }) async throws {
    if case .ungated(_, allowsPublic: false) = content, !settings.isLoopback {
      throw ServerError(
        "an ungated model is served on this machine only; leave out --host \(settings.host), or pass --allow-ungated")
    }
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    do {
      try await serve(on: group, onListening)
    } catch {
      try? await group.shutdownGracefully()
      throw error
    }
    try await group.shutdownGracefully()
  }

  private func serve(
    on group: MultiThreadedEventLoopGroup, _ onListening: @escaping @Sendable (Address) -> Void
  ) async throws {
    let socket: ServerSocket?
    let host: ModelHost
    switch content {
    case .gated(let folder, let admission):
      socket = try ServerSocket(path: folder.serverSocket)
      host = try makeHost(folder, admission)
    case .ungated(let file, _):
      socket = nil
      host = try makeUngatedHost(file)
    }
    let instance = String(UInt64.random(in: .min ... .max), radix: 16)
    let started = StartCount(needed: socket == nil ? 1 : 2)
    let publicSocket = ListeningSocket(group: group)
    let publicServer = publicService(host, group, publicSocket) { address in
      started.arrived(address).map(onListening)
    }
    let admin = AdminInterface(host: host, instance: instance)
    let adminSocket = ListeningSocket(group: group)
    let adminServer = socket.map { socket in
      adminService(admin, socket, group, adminSocket) { started.arrived(nil).map(onListening) }
    }
    // The state of the start, watched until everything asked for is loaded or has failed.
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask {
        try await Self.mapErrors("\(self.settings.host):\(self.settings.port)") { try await publicServer.run() }
        // A server that no longer listens is of no use: whoever watches the process starts another.
        guard self.life.isDraining || Task.isCancelled else {
          throw ServerError("the public address was closed by an error of the system")
        }
      }
      if let adminServer, let socket {
        tasks.addTask { try await Self.mapErrors(socket.path) { try await adminServer.run() } }
      }
      tasks.addTask {
        while host.isLoading, !self.stopping.hasFired { try await Task.sleep(for: .milliseconds(5)) }
        if !self.stopping.hasFired { self.life.didStart() }
        await self.stopping.wait()
        self.logger.info("the server stops; requests in flight are finished")
        self.life.drain()
        try? await Task.sleep(for: self.settings.drainTime)
        // The other half is for those who are inside.
        await publicSocket.leave(within: self.settings.stopDeadline / 2)
        try await publicServer.shutdownGracefully()
        await adminSocket.leave(within: self.settings.stopDeadline / 2)
        try await adminServer?.shutdownGracefully()
      }
      tasks.addTask {
        await self.stopping.wait()
        // Cancelled when the others have ended. Thrown beside them, the error cancels them: that ends every connection.
        try? await Task.sleep(for: self.settings.drainTime + self.settings.stopDeadline)
        guard !Task.isCancelled else { return }
        throw ServerError("requests were not finished within \(self.settings.stopDeadline); they are cut off")
      }
      var left = adminServer == nil ? 2 : 3
      do {
        while try await tasks.next() != nil {
          left -= 1
          if left == 0 { tasks.cancelAll() }
        }
      } catch {
        tasks.cancelAll()
        socket?.remove()
        throw error
      }
    }
    socket?.remove()
    logger.info("the server has ended")
  }

  private func makeHost(_ folder: StateFolder, _ admission: any Admission) throws(ServerError) -> ModelHost {
    let file = RoutesFile(path: folder.serverRoutes)
    let artifacts = folder.folder(of: .artifacts)
    let host = ModelHost(
      pool: InferencePool(threadCount: settings.threadCount),
      loader: VersionLoader(admission: admission, maxRunBytes: settings.maxRunBytes),
      queueCapacity: settings.queueCapacity, logger: logger,
      artifactPath: { artifacts + "/" + Shelf.fileName(of: $0) },
      persist: { (document) throws(RequestError) in try file.write(document) })
    do throws(ServerError) {
      if let document = try file.read() { host.restore(document) }
    } catch {
      // A server without routes can still be told them; one that does not start cannot.
      logger.error("\(error.message)")
    }
    return host
  }

  private func makeUngatedHost(_ file: String) throws(ServerError) -> ModelHost {
    let host = ModelHost(
      pool: InferencePool(threadCount: settings.threadCount),
      loader: VersionLoader(admission: NoAdmission(), maxRunBytes: settings.maxRunBytes),
      queueCapacity: settings.queueCapacity, logger: logger, artifactPath: { _ in file }, persist: { _ in })
    let last = file.split(separator: "/").last.map(String.init) ?? file
    let stem = last.lastIndex(of: ".").map { String(last[..<$0]) } ?? last
    do throws(VersionLoader.Problem) {
      try host.serveUngated(file, name: ModelName(stem.isEmpty ? last : stem))
    } catch {
      switch error {
      case .refused(let message), .failed(let message): throw ServerError(message)
      }
    }
    logger.warning("ungated: model '\(stem)' is served without evidence of any gate")
    return host
  }

  private func publicService(
    _ host: ModelHost, _ group: MultiThreadedEventLoopGroup, _ listening: ListeningSocket,
    _ onRunning: @escaping @Sendable (Address) -> Void
  ) -> Server<HTTP1Channel> {
    let isUngated = if case .ungated = content { true } else { false }
    let interface = PublicInterface(
      host: host, inference: Inference(host: host),
      metrics: MetricsPage(host: host, isUngated: isUngated, version: settings.version), life: life,
      maxBodyBytes: settings.maxBodyBytes, isUngated: isUngated, version: settings.version)
    let host = settings.host
    return Server(
      childChannelSetup: HTTP1Channel(
        responder: { request, writer, channel in try await interface.respond(request, writer, channel) },
        configuration: HTTP1Channel.Configuration(idleTimeout: .seconds(600))),
      configuration: ServerConfiguration(
        address: .hostname(settings.host, port: settings.port), backlog: 1024,
        availableConnectionsDelegate: ConnectionLimit(Self.connectionLimit(), of: listening)),
      onServerRunning: { channel in
        listening.didOpen(channel)
        onRunning(Address(host: host, port: channel.localAddress?.port ?? 0))
      },
      eventLoopGroup: group, logger: logger)
  }

  private func adminService(
    _ interface: AdminInterface, _ socket: ServerSocket, _ group: MultiThreadedEventLoopGroup,
    _ listening: ListeningSocket, _ onRunning: @escaping @Sendable () -> Void
  ) -> Server<HTTP1Channel> {
    Server(
      childChannelSetup: HTTP1Channel(
        responder: { request, writer, channel in try await interface.respond(request, writer, channel) }),
      configuration: ServerConfiguration(
        address: .unixDomainSocket(path: socket.temporaryPath),
        availableConnectionsDelegate: ConnectionLimit(.max, of: listening)),
      onServerRunning: { [logger, stopping] channel in
        listening.didOpen(channel)
        do throws(ServerError) {
          try socket.publish()
          onRunning()
        } catch {
          logger.error("\(error.message)")
          stopping.fire()
        }
      },
      eventLoopGroup: group, logger: logger)
  }

  /// Raises the limit of open files as far as it goes.
  /// - Returns: how many connections fit; those beyond wait until one ends, instead of ending the server.
  private static func connectionLimit() -> Int {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 512 }
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    // Some files are needed for models, routes and the controller.
    return Int(clamping: min(max(limit.rlim_cur, 256) - 128, 16_384))
  }

  /// Says in words what kept a socket from listening.
  private static func mapErrors(_ place: String, _ body: () async throws -> Void) async throws {
    do {
      try await body()
    } catch let error as IOError where error.errnoCode == EADDRINUSE {
      throw ServerError("\(place) is in use by another program; stop it, or choose another port")
    } catch let error as IOError {
      throw ServerError("cannot listen on \(place): \(String(cString: strerror(error.errnoCode)))")
    }
  }
}

/// Admission for development, where nothing is asked.
private struct NoAdmission: Admission {
  func admit(_ version: VersionRoute, of model: ModelName, bytes: UnsafeRawBufferPointer) throws(AdmissionRefusal) {}
}

/// Counts the sockets that listen, and keeps the public address until all do.
private final class StartCount: Sendable {
  private struct State {
    var missing: Int
    var address: ModelServer.Address?
  }

  private let state: Mutex<State>

  init(needed: Int) {
    state = Mutex(State(missing: needed))
  }

  /// - Returns: the public address, once, when the last socket has arrived.
  func arrived(_ address: ModelServer.Address?) -> ModelServer.Address? {
    state.withLock { state in
      state.missing -= 1
      state.address = address ?? state.address
      return state.missing == 0 ? state.address : nil
    }
  }
}
