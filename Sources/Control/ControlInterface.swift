import Domain
import FoundationEssentials
import Hummingbird
import Logging
import Reconciling

/// The controller's HTTP interface on a socket of the state folder, for the command line.
///
/// | request | answer |
/// |---|---|
/// | `GET /api/v1/fleet` | `FleetStatus` |
/// | `GET /api/v1/objects/NAME` | `ObjectDescription` |
/// | `GET /api/v1/events?object=NAME&limit=N` | `[Event]`, newest first |
/// | `GET /api/v1/plan` | `Plan` of the applied head against what serves |
/// | `POST /api/v1/reconcile?acceptRewrite=true` | 202; the branch is looked at now |
/// | `POST /api/v1/objects/NAME/retry`, `/abort` | 202 |
///
/// Errors are `{"error": "text"}` with a 4xx or 5xx status. Control imports `Reconciling`, whose words it serves: a
/// second set of them between the two would say the same.
package struct ControlInterface: Sendable {
  private let controller: Controller
  private let history: any History
  private let store: any ArtifactStore
  /// Reads what the branch asks for now.
  private let desired: @Sendable () async throws -> DesiredState

  package init(
    controller: Controller, history: any History, store: any ArtifactStore,
    desired: @escaping @Sendable () async throws -> DesiredState
  ) {
    self.controller = controller
    self.history = history
    self.store = store
    self.desired = desired
  }

  /// Serves until the task is cancelled.
  package func run(socket path: String) async throws {
    var logger = Logger(label: "headgate.control")
    // The framework reports connections that end with this process as errors.
    logger.logLevel = .critical
    let application = Application(
      router: router, configuration: .init(address: .unixDomainSocket(path: path), serverName: nil), logger: logger)
    try await application.run()
  }

  private var router: Router<BasicRequestContext> {
    let router = Router()
    router.get("/api/v1/fleet") { _, _ in try await Self.answer { FleetStatus(await controller.snapshot) } }
    router.get("/api/v1/events") { request, _ in
      try await Self.answer {
        let object = request.uri.queryParameters.get("object").map { ObjectID(.modelDeployment, $0) }
        let limit = request.uri.queryParameters.get("limit", as: Int.self) ?? 50
        return try history.events(of: object, limit: min(max(limit, 1), 10_000))
      }
    }
    router.get("/api/v1/plan") { _, _ in try await Self.answer { await controller.plan(try await desired()) } }
    router.post("/api/v1/reconcile") { request, _ in
      await controller.reconcile(acceptRewrite: request.uri.queryParameters.get("acceptRewrite") == "true")
      return try await Self.answer(status: .accepted) { ["accepted": true] }
    }
    router.get("/api/v1/objects/:name") { _, context in
      try await Self.answer {
        let name = try context.parameters.require("name")
        guard let status = await controller.snapshot.objects.first(where: { $0.name.text == name }) else {
          throw Self.unknown(name)
        }
        return ObjectDescription(status, store: store)
      }
    }
    router.post("/api/v1/objects/:name/:command") { _, context in
      try await Self.answer(status: .accepted) {
        let name = try context.parameters.require("name")
        guard let command = Command(rawValue: try context.parameters.require("command")) else {
          throw HTTPError(.notFound, message: "there is no such command: use retry or abort")
        }
        guard try await controller.perform(command, on: ModelName(name)) else { throw Self.unknown(name) }
        return ["accepted": true]
      }
    }
    return router
  }

  private static func unknown(_ name: String) -> HTTPError {
    HTTPError(.notFound, message: "no model deployment '\(name)' is known: `headgate get` lists them")
  }

  /// Encodes a value, or the error that came instead.
  private static func answer(
    status: HTTPResponse.Status = .ok, _ body: () async throws -> some Encodable
  ) async throws -> Response {
    do {
      return try response(status, try await body())
    } catch let error as HTTPError {
      return try response(error.status, ["error": error.body ?? "refused"])
    } catch {
      return try response(.internalServerError, ["error": "\(error)"])
    }
  }

  private static func response(_ status: HTTPResponse.Status, _ value: some Encodable) throws -> Response {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let data = try encoder.encode(value)
    return Response(
      status: status, headers: [.contentType: "application/json"], body: .init(byteBuffer: ByteBuffer(bytes: data)))
  }
}
