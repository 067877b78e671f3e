import Connections
import Domain
import FoundationEssentials
import Synchronization

/// The model server of this machine, spoken to over `server.sock`.
package final class LocalTarget: Target {
  private let client: HTTPClient
  private let timeout: Duration
  /// The last status with the bytes it was read from. A server without traffic says the same again and again, and
  /// reading JSON costs more than all the rest of looking at it.
  private let lastStatus = Mutex<(body: [UInt8], status: ServerStatus)?>(nil)

  package init(_ folder: StateFolder, timeout: Duration = .seconds(10)) {
    client = HTTPClient(.unix(path: folder.serverSocket), connectTimeout: .seconds(2))
    self.timeout = timeout
  }

  package func apply(_ routes: RouteDocument) async throws(StageError) {
    let body: [UInt8]
    do {
      body = Array(try JSONEncoder().encode(routes))
    } catch {
      throw StageError(
        .loading, reason: "RoutesNotEncodable", "the routes cannot be written: \(error)", remedy: .changeSpec)
    }
    let response = try await send(ClientRequest("PUT", "/admin/v1/routes", body: body))
    switch response.status {
    case 200..<300: return
    case 409:
      // Another controller has taken over, or this one sent what is older; reading anew shows which.
      throw StageError(
        .loading, reason: "RoutesOutdated", "the server refuses the routes: \(response.problem)", remedy: .retry)
    case 507:
      throw StageError(
        .loading, reason: "ServerDiskFull", "the server cannot keep the routes: \(response.problem)",
        remedy: .wait(seconds: 30))
    case 400..<500:
      throw StageError(
        .loading, reason: "RoutesRefused", "the server refuses the routes: \(response.problem)", remedy: .changeSpec)
    default:
      throw StageError(
        .loading, reason: "ServerFailed", "the server answers \(response.status): \(response.problem)", remedy: .retry)
    }
  }

  package func observe() async throws(StageError) -> ServerStatus {
    let response = try await send(ClientRequest("GET", "/admin/v1/status"))
    guard response.status == 200 else {
      throw StageError(
        .loading, reason: "ServerFailed", "the server answers \(response.status): \(response.problem)", remedy: .retry)
    }
    if let last = lastStatus.withLock({ $0 }), last.body == response.body { return last.status }
    do {
      let status = try JSONDecoder().decode(ServerStatus.self, from: Data(response.body))
      lastStatus.withLock { $0 = (response.body, status) }
      return status
    } catch {
      throw StageError(
        .loading, reason: "ServerNotUnderstood",
        "the server's status cannot be read, perhaps it is of another version; restart it: \(error)",
        remedy: .wait(seconds: 5))
    }
  }

  private func send(_ request: ClientRequest) async throws(StageError) -> ClientResponse {
    do throws(ClientError) {
      return try await client.send(request, timeout: timeout)
    } catch {
      throw StageError(
        .loading, reason: "ServerUnreachable",
        "the model server does not answer (\(error)); it is restarted when it is dead",
        remedy: .retry)
    }
  }
}

extension ClientResponse {
  /// The text of `{"error": ...}`, or the beginning of the body.
  fileprivate var problem: String {
    struct Body: Decodable { let error: String }
    if let body = try? JSONDecoder().decode(Body.self, from: Data(body)) { return body.error }
    return String(decoding: body.prefix(200), as: UTF8.self)
  }
}
