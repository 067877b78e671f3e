import Connections
import Datasets
import FoundationEssentials
import Synchronization

/// Sends requests at a constant rate and checks every answer.
///
/// The load is open: the n-th request is due at n / rate after the start, whether or not earlier ones were answered, and
/// its latency counts from that moment. A server that is away is no reason to end: its failures are counted.
package final class LoadGenerator: Sendable {
  private let plan: LoadPlan
  private let isStopped = Atomic<Bool>(false)
  private let tally = LoadTally()

  package init(_ plan: LoadPlan) {
    self.plan = plan
  }

  /// Ends the load; `run` returns when the requests in flight are answered.
  package func stop() {
    isStopped.store(true, ordering: .relaxed)
  }

  /// What has been counted so far.
  package var progress: LoadProgress { tally.progress }

  /// Runs once, until the plan's end, `stop()`, or the task is cancelled.
  /// - Throws: `LoadError` when the files, the URL or the model do not fit together, or the server does not answer at first.
  package func run() async throws(LoadError) -> LoadReport {
    guard plan.rate > 0, plan.rate <= 1_000_000 else {
      throw LoadError("the rate is \(plan.rate); give requests a second")
    }
    let url = try ModelURL(plan.url)
    let client = HTTPClient(url.address, maxBodyBytes: 64 << 20, maxIdle: plan.maxInFlight)
    defer { client.close() }
    let metadata = try await metadata(of: url, client)
    let bodies = try RequestBodies(
      try read(plan.input), name: plan.input, metadata: metadata, keyColumn: plan.keyColumn)
    let check = AnswerCheck(
      model: url.model, version: url.version, outputs: metadata.outputs, expected: try expected(bodies.items.count),
      tolerance: plan.tolerance)
    let clock = ContinuousClock()
    let start = clock.now
    await send(bodies.items, to: url.path + "/infer", client, check, clock, start)
    return tally.report(url: plan.url, rate: plan.rate, seconds: (clock.now - start) / .seconds(1))
  }

  private func send(
    _ items: [RequestBodies.Item], to path: String, _ client: HTTPClient, _ check: AnswerCheck,
    _ clock: ContinuousClock, _ start: ContinuousClock.Instant
  ) async {
    let interval = Duration.seconds(1) / plan.rate
    let timeout = plan.timeout
    let tally = self.tally
    await withDiscardingTaskGroup { group in
      var number = 0
      while !isStopped.load(ordering: .relaxed), !Task.isCancelled, number < plan.requestCount ?? .max {
        let due = start + interval * number
        if let duration = plan.duration, due - start >= duration { break }
        if clock.now < due {
          // Short sleeps, so that a stop is heard soon at low rates.
          try? await clock.sleep(until: min(due, clock.now + .milliseconds(100)))
          if clock.now < due { continue }
        }
        let index = number % items.count
        let item = items[index]
        number += 1
        guard tally.begin(limit: plan.maxInFlight) else {
          tally.fail(version: nil, reason: "not sent: \(plan.maxInFlight) requests were unanswered", wasSent: false)
          continue
        }
        group.addTask {
          let sent = clock.now
          do throws(ClientError) {
            let headers = item.key.map { [(name: "X-Headgate-Key", value: $0)] } ?? []
            let response = try await client.send(
              ClientRequest("POST", path, headers: headers, body: item.body), timeout: timeout)
            let end = clock.now
            switch check.judge(response, item: index, rowCount: item.rowCount) {
            case .good(let version):
              tally.succeed(version: version, due: due - start, latency: end - due, serviceTime: end - sent)
            case .bad(let version, let reason): tally.fail(version: version, reason: reason)
            }
          } catch {
            tally.fail(version: nil, reason: "\(error.code.rawValue): \(error.message)")
          }
        }
      }
    }
  }

  private func metadata(of url: ModelURL, _ client: HTTPClient) async throws(LoadError) -> ModelMetadata {
    let response: ClientResponse
    do throws(ClientError) {
      response = try await client.send(ClientRequest("GET", url.path), timeout: plan.timeout)
    } catch {
      throw LoadError("\(error); is the server running?")
    }
    guard response.status == 200 else {
      throw LoadError(
        "\(plan.url) answers \(response.status): \(String(decoding: response.body.prefix(300), as: UTF8.self))")
    }
    do {
      return try JSONDecoder().decode(ModelMetadata.self, from: Data(response.body))
    } catch {
      throw LoadError("\(plan.url) is no endpoint of the inference protocol: \(error)")
    }
  }

  private func expected(_ count: Int) throws(LoadError) -> [[AnswerCheck.ExpectedValue]]? {
    guard let path = plan.expected else { return nil }
    let values = try AnswerCheck.expectations(try CSVTable(load: try read(path), name: path))
    guard values.count == count else {
      throw LoadError("\(path) has \(values.count) rows, but \(plan.input) has \(count) requests")
    }
    return values
  }

  private func read(_ path: String) throws(LoadError) -> [UInt8] {
    do {
      let size = (try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
      guard size <= CSVTable.largestLoadFile else {
        throw LoadError("\(path) is larger than \(CSVTable.largestLoadFile) bytes")
      }
      return Array(try Data(contentsOf: URL(filePath: path)))
    } catch let error as LoadError {
      throw error
    } catch {
      throw LoadError("cannot read \(path): \(error)")
    }
  }
}
