import Domain
import FoundationEssentials
import HTTPTypes
import HummingbirdCore
import NIOCore

/// The interface of the controller, on the server's own socket only: takes route documents, gives the status.
struct AdminInterface: Sendable {
  /// More than any fleet needs; policies are the bulk of a document.
  static let maxDocumentBytes = 16 << 20

  let host: ModelHost
  let instance: String
  /// Writing to disk waits for the disk, so it is done away from the threads of tasks.
  let writing = SerialThread()

  /// Answers one request on a connection.
  func respond(_ request: Request, _ writer: consuming ResponseWriter, _ channel: any Channel) async throws {
    let answer: Answer
    do throws(RequestError) {
      answer = try await self.answer(request)
    } catch {
      answer = Answer(error)
    }
    try await answer.write(to: writer)
  }

  private func answer(_ request: Request) async throws(RequestError) -> Answer {
    switch (request.method, try RequestPath(request.head.path).segments) {
    case (.put, ["admin", "v1", "routes"]): return try await takeRoutes(request)
    case (.get, ["admin", "v1", "status"]): return status()
    default: throw RequestError(404, "this socket answers PUT /admin/v1/routes and GET /admin/v1/status")
    }
  }

  private func takeRoutes(_ request: Request) async throws(RequestError) -> Answer {
    let document: RouteDocument
    do {
      let body = try await request.body.collect(upTo: Self.maxDocumentBytes)
      document = try JSONDecoder().decode(RouteDocument.self, from: Data(body.readableBytesView))
    } catch is NIOTooManyBytesError {
      throw RequestError(413, "a route document has at most \(Self.maxDocumentBytes) bytes")
    } catch {
      throw .invalid("not a route document: \(error)")
    }
    let result: Result<Void, RequestError> = await withCheckedContinuation { continuation in
      writing.run {
        do throws(RequestError) {
          try host.apply(document)
          continuation.resume(returning: .success(()))
        } catch {
          continuation.resume(returning: .failure(error))
        }
      }
    }
    try result.get()
    return .json { writer in
      writer.object { writer in
        writer.member("fencingToken", document.fencingToken)
        writer.member("generation", document.generation)
      }
    }
  }

  private func status() -> Answer {
    let (token, generation, rows) = host.rows()
    let models = Dictionary(grouping: rows, by: \.name).sorted { $0.key < $1.key }.map { name, rows in
      ModelStatus(name: name, versions: rows.map(\.status).sorted { $0.version < $1.version })
    }
    let status = ServerStatus(instance: instance, fencingToken: token, generation: generation, models: models)
    return .json { status.write(to: &$0) }
  }
}
