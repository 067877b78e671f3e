import Connections
import Control
import Domain
import Reconciling
import Store

/// Speaks to the controller of a state folder over its socket.
struct ControllerClient {
  let folder: StateFolder

  /// The answer to a GET.
  /// - Throws: `ControllerAbsent` when no controller listens; `Failure` with what the controller refused.
  func get<Answer: Decodable>(_ path: String, as type: Answer.Type) async throws -> Answer {
    try JSONFormat.value(type, from: try await send(ClientRequest("GET", path)))
  }

  /// Asks for something to be done.
  func post(_ path: String) async throws {
    do {
      _ = try await send(ClientRequest("POST", path))
    } catch is ControllerAbsent {
      throw Failure(
        "no controller runs on \(folder.root): start it with `headgate up`, or name its folder with --state")
    }
  }

  private func send(_ request: ClientRequest, isRepeated: Bool = false) async throws -> [UInt8] {
    let client = HTTPClient(.unix(path: folder.controllerSocket))
    defer { client.close() }
    let response: ClientResponse
    do throws(ClientError) {
      response = try await client.send(request, timeout: .seconds(30))
    } catch  where error.code == .refused {
      throw ControllerAbsent()
    } catch  where error.code == .closed && request.method == "GET" && !isRepeated {
      // A controller that is killed leaves connections that it never took: the next one is refused, or its successor's.
      return try await send(request, isRepeated: true)
    } catch {
      throw Failure("the controller did not answer: \(error.message)")
    }
    guard response.status < 300 else {
      let refusal = try? JSONFormat.value([String: String].self, from: response.body)
      throw Failure(refusal?["error"] ?? "the controller answered with status \(response.status)")
    }
    return response.body
  }
}

/// Nobody listens on the controller's socket.
struct ControllerAbsent: Error {}

/// What reading commands show: from the controller, or without one from the journal, which is then said.
struct FleetReader {
  let folder: StateFolder

  func fleet() async throws -> FleetStatus {
    try await read(
      { try await $0.get("/api/v1/fleet", as: FleetStatus.self) }, { FleetStatus(try $0.load(), now: .now) })
  }

  func object(_ name: String) async throws -> ObjectDescription {
    try await read({ try await $0.get("/api/v1/objects/\(Self.encoded(name))", as: ObjectDescription.self) }) {
      journal in
      guard let status = FleetStatus(try journal.load(), now: .now).objects.first(where: { $0.name.text == name })
      else {
        throw Failure("no model deployment '\(name)' is known: `headgate get` lists them")
      }
      return ObjectDescription(status, store: try FileArtifactStore(folder: folder))
    }
  }

  func events(of name: String?, limit: Int) async throws -> [Event] {
    let filter = name.map { "&object=\(Self.encoded($0))" } ?? ""
    return try await read({ try await $0.get("/api/v1/events?limit=\(limit)\(filter)", as: [Event].self) }) { journal in
      try journal.events(of: name.map { ObjectID(.modelDeployment, $0) }, limit: limit)
    }
  }

  private func read<Answer>(
    _ online: (ControllerClient) async throws -> Answer, _ offline: (JournalReader) throws -> Answer
  ) async throws -> Answer {
    do {
      return try await online(ControllerClient(folder: folder))
    } catch is ControllerAbsent {
      let answer = try offline(try JournalReader(folder: folder))
      Terminal.complain("no controller runs on \(folder.root): this is what its journal remembers")
      return answer
    }
  }

  /// Percent-encodes everything that is not unreserved in a URI.
  static func encoded(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF")
    return text.utf8.map { byte in
      let character = Character(UnicodeScalar(byte))
      let isPlain = byte < 128 && (character.isLetter || character.isNumber || "-._~".contains(character))
      return isPlain ? String(character) : "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
    }.joined()
  }
}
