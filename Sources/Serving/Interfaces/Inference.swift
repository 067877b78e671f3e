import Domain
import HeadgateRuntime
import HeadgateTensors
import HTTPTypes
import NIOCore

/// Answers inference requests: picks a version, queues the work, and keeps the count of what came of it.
struct Inference: Sendable {
  let host: ModelHost
  private let clock = ContinuousClock()

  init(host: ModelHost) {
    self.host = host
  }

  /// Who shall answer.
  struct Address: Sendable {
    let model: ModelName
    /// A version named in the path.
    let version: ReleaseNumber?
    /// The value of `X-Headgate-Key`.
    let key: String?
  }

  /// Answers one request. `body` is complete; the latency counts from here.
  func answer(_ address: Address, body: ByteBuffer) async -> Answer {
    let start = clock.now
    let choices: Choices
    do throws(RequestError) {
      choices = try host.table.choices(address)
    } catch {
      return Answer(error)
    }
    // A full queue is the version's trouble, not the client's: a larger version of the model answers when it has room.
    for version in [choices.picked] + choices.larger {
      version.begin()
      defer { version.end() }
      guard var outcome = await run(body, on: version, of: choices, since: start) else { continue }
      version.meter.record(
        outcome.end, code: outcome.answer.status, latency: clock.now - start, phases: outcome.phases, now: .now)
      outcome.answer.headers[.headgateVersion] = version.version.description
      return outcome.answer
    }
    let picked = choices.picked
    picked.meter.record(.failed, code: 503, latency: clock.now - start, phases: nil, now: .now)
    var answer = Answer(
      RequestError(503, "model '\(address.model)' has more requests waiting than it can answer soon", retryAfter: 1))
    answer.headers[.headgateVersion] = picked.version.description
    return answer
  }

  private struct Outcome: Sendable {
    var answer: Answer
    var end: TrafficMeter.End
    var phases: TrafficMeter.Phases?
  }

  /// Runs the request on an inference thread; `nil` when the version's queue is full.
  private func run(
    _ body: ByteBuffer, on version: LoadedVersion, of choices: Choices, since start: ContinuousClock.Instant
  ) async -> Outcome? {
    await withCheckedContinuation { continuation in
      let isAccepted = host.pool.submit(
        { continuation.resume(returning: work(body, on: version, of: choices, since: start)) }, to: version.lane)
      if !isAccepted { continuation.resume(returning: nil) }
    }
  }

  private func work(
    _ body: ByteBuffer, on version: LoadedVersion, of choices: Choices, since start: ContinuousClock.Instant
  ) -> Outcome {
    var phases = TrafficMeter.Phases()
    let begun = clock.now
    phases.queue = begun - start
    var request: InferenceRequest?
    do throws(RequestError) {
      let parsed = try InferenceRequest(body)
      request = parsed
      let names = try parsed.outputNames(checkedAgainst: version.model)
      phases.rows = parsed.inputs.values.first?.shape.first ?? 1
      let checked = clock.now
      phases.input = checked - begun
      let values = try version.model.outputs(for: parsed.inputs, names: names)
      let ran = clock.now
      phases.inference = ran - checked
      let answer = InferenceAnswer(
        model: version.name.text, version: version.version.description, id: parsed.id ?? Self.newID(),
        outputs: names.compactMap { name in values[name].map { (name, $0) } })
      let bytes = try answer.json()
      phases.output = clock.now - ran
      return Outcome(answer: Answer(status: 200, body: bytes), end: .answered, phases: phases)
    } catch {
      let isVersions =
        switch error.fault {
        case .client: false
        case .signature: choices.weighted.contains { $0 !== version && request?.suits($0.model) == true }
        case .version: true
        }
      return Outcome(answer: Answer(error), end: isVersions ? .failed : .refused)
    }
  }

  /// A name for a request that came without one: clients expect a text.
  private static func newID() -> String {
    String(UInt64.random(in: .min ... .max), radix: 16) + String(UInt64.random(in: .min ... .max), radix: 16)
  }
}

extension Inference {
  /// The versions that a request may meet.
  struct Choices: Sendable {
    /// The one that should answer.
    let picked: LoadedVersion
    /// Those with a larger share, which may stand in when its queue is full; the largest first. A smaller one never does:
    /// a champion's overflow would drown a candidate and be charged to it.
    var larger: [LoadedVersion] = []
    /// All that share the model's traffic; none when the client named the version.
    var weighted: [LoadedVersion] = []
  }
}

extension RoutingTable {
  /// The versions that a request may meet.
  func choices(_ address: Inference.Address) throws(RequestError) -> Inference.Choices {
    let name = shown(address.model.text)
    guard let entry = entries[address.model] else {
      guard let reasons = absent[address.model], let first = reasons.min(by: { $0.key > $1.key }) else {
        throw RequestError(404, "there is no model \(name)")
      }
      if let wanted = address.version, reasons[wanted] == nil {
        throw RequestError(404, "model \(name) has no version \(wanted)")
      }
      let (version, reason) = address.version.flatMap { wanted in reasons[wanted].map { (wanted, $0) } } ?? first
      throw RequestError(503, "model \(name) is not ready: version \(version) \(reason)", retryAfter: 1)
    }
    if let wanted = address.version {
      if let version = entry.versions[wanted] { return Inference.Choices(picked: version) }
      guard let reason = absent[address.model]?[wanted] else {
        throw RequestError(404, "model \(name) has no version \(wanted)")
      }
      throw RequestError(404, "version \(wanted) of model \(name) \(reason), so requests cannot reach it")
    }
    let picked = entry.router.pick(count: address.key == nil ? entry.count.next() : 0, key: address.key)
    guard let first = entry.versions[picked] else { throw RequestError(404, "model \(name) has no version \(picked)") }
    if entry.versions.count == 1 { return Inference.Choices(picked: first) }
    let byShare = entry.router.versions.sorted { $0.1 > $1.1 }
    let share = byShare.first { $0.0 == picked }?.1 ?? 0
    return Inference.Choices(
      picked: first, larger: byShare.prefix { $0.1 > share }.compactMap { entry.versions[$0.0] },
      weighted: Array(entry.versions.values))
  }
}

extension InferenceRequest {
  /// Reads the JSON in a buffer.
  init(_ body: ByteBuffer) throws(RequestError) {
    var result: Result<InferenceRequest, RequestError> = .failure(.invalid("the request has no body"))
    body.withUnsafeReadableBytes { bytes in
      guard bytes.count > 0 else { return }
      do throws(RequestError) {
        result = .success(try InferenceRequest(json: bytes.bindMemory(to: UInt8.self)))
      } catch {
        result = .failure(error)
      }
    }
    self = try result.get()
  }

  /// Checks the request against what a model declares, and gives the outputs to answer.
  func outputNames(checkedAgainst model: Model) throws(RequestError) -> [String] {
    try check(against: model.inputs)
    return try outputNames(of: model)
  }

  /// Whether the request is what a model declares: it names nothing else, and leaves out nothing. An input with a
  /// default may be left out, which a declaration does not tell; such a model is not said to suit.
  func suits(_ model: Model) -> Bool {
    (try? outputNames(checkedAgainst: model)) != nil
      && model.inputs.allSatisfy { $0.kind == .optional || inputs[$0.name] != nil }
  }

  /// The outputs to answer, in order: those asked for, or all that the protocol has a form for.
  func outputNames(of model: Model) throws(RequestError) -> [String] {
    let names = outputs ?? model.outputs.filter(\.hasTensorForm).map(\.name)
    for name in names {
      guard let info = model.outputs.first(where: { $0.name == name }) else {
        let names = model.outputs.map { "'\($0.name)'" }.joined(separator: ", ")
        throw .unfit("the model has no output \(shown(name)); it has \(names)")
      }
      if info.kind == .sequence {
        throw .unfit("output \(shown(name)) is a sequence, for which the protocol has no form; ask for others")
      }
      guard Datatype(info.elementType)?.hasJSONForm == true else {
        throw .unfit("output \(shown(name)) is \(info.elementType.name), which has no JSON form; ask for others")
      }
    }
    return names
  }
}

extension Model {
  /// Runs the model on inputs that are what it declares.
  /// - Throws: `RequestError`; the comments say whose doing each failure is, and its status says whether the client may
  ///   get an answer by sending something else.
  func outputs(for inputs: [String: Tensor], names: [String]) throws(RequestError) -> [String: Value] {
    do throws(RunError) {
      return try run(inputs, outputs: names)
    } catch {
      switch error.code {
      // An input is left out; all else was checked before.
      case .invalidInput, .unknownOutput: throw .unfit(error.message)
      // No signature says how many rows are too many, and a version that takes fewer than the one before is worse.
      case .memoryLimit: throw RequestError(413, error.message, fault: .version)
      case .nodeFailed:
        switch error.cause?.code {
        // A value that an encoder does not know, an index out of range: the client may have it wrong, but the signature
        // allows it, so the model should have an answer.
        case .invalidValue: throw RequestError(400, error.message, fault: .version)
        // Inputs that go together row by row, of which one has other rows: no version could make sense of them.
        case .shape where hasUnequalRows(inputs): throw .invalid(error.message)
        case .memoryLimit: throw RequestError(413, error.message, fault: .version)
        case .shape, .elementType, .missing, .unsupported, nil: throw RequestError(500, error.message)
        }
      }
    }
  }

  /// Whether inputs differ in their first extents where the model leaves these open.
  private func hasUnequalRows(_ inputs: [String: Tensor]) -> Bool {
    let open = self.inputs.filter { $0.shape.map { $0.first == .some(nil) } ?? true }
    return Set(open.compactMap { inputs[$0.name]?.shape.first }).count > 1
  }
}
