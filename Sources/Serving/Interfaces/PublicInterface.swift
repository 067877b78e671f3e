import Domain
import HTTPTypes
import HummingbirdCore
import NIOCore

/// The Open Inference Protocol V2 over REST, in JSON, and `/metrics`: what clients of models see.
struct PublicInterface: Sendable {
  let host: ModelHost
  let inference: Inference
  let metrics: MetricsPage
  let life: ServerLife
  let maxBodyBytes: Int
  let isUngated: Bool
  let version: String

  /// Answers one request on a connection.
  func respond(_ request: Request, _ writer: consuming ResponseWriter, _ channel: any Channel) async throws {
    if request.headers[.expect]?.lowercased() == "100-continue" {
      try await writer.writeInformationalHead(HTTPResponse(status: .continue))
    }
    var answer = await answer(request)
    let isTooLarge = answer.status == 413
    // A client that hears this opens its next connection elsewhere, so that none is cut while it sends.
    if life.isDraining || isTooLarge { answer.headers[.connection] = "close" }
    if answer.status >= 400, answer.headers[.headgateVersion] == nil { metrics.countUnrouted(answer.status) }
    try await answer.write(to: writer)
    // The rest of a body that is too large is not read.
    if isTooLarge { channel.close(promise: nil) }
  }

  private func answer(_ request: Request) async -> Answer {
    do throws(RequestError) {
      let path = try RequestPath(request.head.path)
      switch (request.method, path.segments.first) {
      case (.get, "metrics") where path.segments.count == 1:
        return Answer(status: 200, contentType: "text/plain; version=0.0.4; charset=utf-8", body: metrics.render())
      case (_, "v2"): return try await answer(request, Array(path.segments.dropFirst()))
      default:
        throw RequestError(404, "there is nothing at \(shown(request.head.path ?? "")); the protocol begins at /v2")
      }
    } catch {
      return Answer(error)
    }
  }

  private func answer(_ request: Request, _ path: [String]) async throws(RequestError) -> Answer {
    switch (request.method, path.first ?? "", path.count) {
    case (.get, "", 0): return serverMetadata()
    case (.get, "health", 2): return try health(path[1])
    case (_, "models", 2...) where path != ["models", "stats"]: return try await answerModel(request, path)
    case (.get, "models", 2): return Statistics(host: host).answer(model: nil, version: nil)
    case (.post, "repository", 2) where path[1] == "index": return index()
    case (.post, "repository", 4) where path[1] == "models" && (path[3] == "load" || path[3] == "unload"):
      throw .invalid("models are loaded and unloaded by commits to Git; \(path[3]) by request is off")
    default: throw notFound(request, path)
    }
  }

  private func answerModel(_ request: Request, _ path: [String]) async throws(RequestError) -> Answer {
    let model = ModelName(path[1])
    var rest = path.dropFirst(2)
    var version: ReleaseNumber?
    if rest.first == "versions", rest.count >= 2 {
      let text = rest[rest.startIndex + 1]
      guard let number = Int(text), number > 0, String(number) == text else {
        throw RequestError(404, "model \(shown(model.text)) has no version \(shown(text)); versions are 1, 2, ...")
      }
      version = ReleaseNumber(number)
      rest = rest.dropFirst(2)
    }
    switch (request.method, rest.first, rest.count) {
    case (.post, "infer", 1): return try await infer(request, model, version)
    case (.get, nil, 0):
      let description = try describe(model, version)
      return .json { description.writeMetadata(to: &$0) }
    case (.get, "config", 1):
      let description = try describe(model, version)
      return .json { description.writeConfiguration(to: &$0) }
    case (.get, "ready", 1): return try ready(model, version)
    case (.get, "stats", 1):
      _ = try describe(model, version)
      return Statistics(host: host).answer(model: model, version: version)
    default: throw notFound(request, path)
    }
  }

  private func infer(
    _ request: Request, _ model: ModelName, _ version: ReleaseNumber?
  ) async throws(RequestError) -> Answer {
    if request.headers[.inferenceHeaderContentLength] != nil {
      throw .invalid("binary tensors are not read by this version; send the tensors as JSON 'data'")
    }
    if let encoding = request.headers[.contentEncoding], encoding.lowercased() != "identity" {
      throw RequestError(415, "bodies with Content-Encoding are not read by this version; send plain JSON")
    }
    let key = request.headers[.headgateKey]
    guard key?.utf8.count ?? 0 <= 1024 else { throw .invalid("X-Headgate-Key is longer than 1024 bytes") }
    if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > maxBodyBytes { throw tooLarge }
    let body: ByteBuffer
    do {
      body = try await request.body.collect(upTo: maxBodyBytes)
    } catch is NIOTooManyBytesError {
      throw tooLarge
    } catch {
      throw .invalid("the body ended before it was complete")
    }
    return await inference.answer(Inference.Address(model: model, version: version, key: key), body: body)
  }

  private var tooLarge: RequestError {
    RequestError(413, "the body is larger than \(maxBodyBytes) bytes; send fewer rows at a time")
  }

  private func serverMetadata() -> Answer {
    .json { writer in
      writer.object { writer in
        writer.member("name", "headgate")
        writer.member("version", version)
        writer.name("extensions")
        writer.array { writer in
          writer.value("model_configuration")
          writer.value("model_repository")
          writer.value("statistics")
        }
        if isUngated { writer.member("ungated", true) }
      }
    }
  }

  private func health(_ question: String) throws(RequestError) -> Answer {
    switch question {
    case "live": return .json { $0.object { $0.member("live", true) } }
    case "ready":
      let isReady = life.isReady
      return .json(isReady ? 200 : 503) { writer in
        writer.object { writer in
          writer.member("ready", isReady)
          writer.member("live", true)
        }
      }
    default: throw RequestError(404, "health is asked at /v2/health/live and /v2/health/ready")
    }
  }

  private func ready(_ model: ModelName, _ version: ReleaseNumber?) throws(RequestError) -> Answer {
    _ = try describe(model, version)
    return .json { writer in
      writer.object { writer in
        writer.member("name", model.text)
        writer.member("ready", true)
      }
    }
  }

  private func describe(_ model: ModelName, _ version: ReleaseNumber?) throws(RequestError) -> ModelDescription {
    let table = host.table
    guard let entry = table.entries[model] else {
      // Throws the reason.
      _ = try table.choices(Inference.Address(model: model, version: version, key: ""))
      throw RequestError(404, "there is no model \(shown(model.text))")
    }
    let wanted = version ?? entry.router.versions.max { $0.1 < $1.1 }?.0
    guard let wanted, let loaded = entry.versions[wanted] else {
      _ = try table.choices(Inference.Address(model: model, version: version, key: ""))
      throw RequestError(404, "model \(shown(model.text)) has no such version")
    }
    return loaded.description(versions: version.map { [$0] } ?? entry.versions.keys.sorted())
  }

  private func index() -> Answer {
    let rows = host.rows().rows
    return .json { writer in
      writer.array { writer in
        for row in rows {
          let (state, reason) = row.repositoryState
          writer.object { writer in
            writer.member("name", row.name.text)
            writer.member("version", row.status.version.description)
            writer.member("state", state)
            writer.member("reason", reason)
          }
        }
      }
    }
  }

  private func notFound(_ request: Request, _ path: [String]) -> RequestError {
    let known: Set<String> = ["infer", "ready", "config", "stats", "index", "load", "unload", "live"]
    if let last = path.last, known.contains(last) {
      return RequestError(405, "\(request.method.rawValue) is not a method of \(shown(request.head.path ?? ""))")
    }
    return RequestError(404, "there is nothing at \(shown(request.head.path ?? ""))")
  }
}

extension ModelHost.Row {
  /// State and reason in the words of the repository index.
  fileprivate var repositoryState: (String, String) {
    switch status.state {
    case .ready: status.weight > .none ? ("READY", "") : ("UNAVAILABLE", "loaded, but the routes give it no traffic")
    case .loading: ("LOADING", "")
    case .draining: ("UNLOADING", "")
    case .refused, .failed: ("UNAVAILABLE", status.message ?? "")
    }
  }
}
