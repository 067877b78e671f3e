import Domain
import FoundationEssentials
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
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
    let server = Server(
      childChannelSetup: HTTP1Channel(
        responder: { request, writer, _ in try await respond(request, writer) }),
      configuration: ServerConfiguration(address: .unixDomainSocket(path: path)),
      onServerRunning: { _ in }, eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger)
    try await server.run()
  }

  private func respond(_ request: Request, _ writer: consuming ResponseWriter) async throws {
    var status = HTTPResponse.Status.ok
    var body: [UInt8]
    do {
      (status, body) = try await answer(request)
    } catch let error as Refusal {
      (status, body) = (error.status, try Self.encoded(["error": error.message]))
    } catch {
      (status, body) = (.internalServerError, try Self.encoded(["error": "\(error)"]))
    }
    let fields: HTTPFields = [.contentType: "application/json", .contentLength: String(body.count)]
    try await writer.write(
      response: HTTPResponse(status: status, headerFields: fields),
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
  }

  /// The status and the body of an answer.
  private func answer(_ request: Request) async throws -> (HTTPResponse.Status, [UInt8]) {
    guard let url = URLComponents(string: request.head.path ?? "/") else {
      throw Refusal(.badRequest, "the path is no URL")
    }
    func parameter(_ name: String) -> String? { url.queryItems?.first { $0.name == name }?.value }
    let segments = url.path.split(separator: "/").map(String.init)
    guard segments.starts(with: ["api", "v1"]) else { throw Refusal.unknownPath }
    let path = Array(segments.dropFirst(2))
    switch (request.method, path.first ?? "", path.count) {
    case (.get, "fleet", 1): return (.ok, try Self.encoded(FleetStatus(await controller.snapshot)))
    case (.get, "events", 1):
      let object = parameter("object").map { ObjectID(.modelDeployment, $0) }
      let limit = parameter("limit").flatMap { Int($0) } ?? 50
      return (.ok, try Self.encoded(try history.events(of: object, limit: min(max(limit, 1), 10_000))))
    case (.get, "plan", 1): return (.ok, try Self.encoded(await controller.plan(try await desired())))
    case (.post, "reconcile", 1):
      await controller.reconcile(acceptRewrite: parameter("acceptRewrite") == "true")
      return (.accepted, try Self.encoded(["accepted": true]))
    case (.get, "objects", 2):
      guard let status = await controller.snapshot.objects.first(where: { $0.name.text == path[1] }) else {
        throw Refusal.unknown(path[1])
      }
      return (.ok, try Self.encoded(ObjectDescription(status, store: store)))
    case (.post, "objects", 3):
      guard let command = Command(rawValue: path[2]) else {
        throw Refusal(.notFound, "there is no such command: use retry or abort")
      }
      guard try await controller.perform(command, on: ModelName(path[1])) else { throw Refusal.unknown(path[1]) }
      return (.accepted, try Self.encoded(["accepted": true]))
    default: throw Refusal.unknownPath
    }
  }

  private static func encoded(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(value))
  }
}

/// A request that is not answered as it was meant.
private struct Refusal: Error {
  let status: HTTPResponse.Status
  let message: String

  init(_ status: HTTPResponse.Status, _ message: String) {
    self.status = status
    self.message = message
  }

  static let unknownPath = Refusal(.notFound, "this socket answers the requests that `headgate` sends, below /api/v1")

  static func unknown(_ name: String) -> Refusal {
    Refusal(.notFound, "no model deployment '\(name)' is known: `headgate get` lists them")
  }
}
