import Domain
import Foundation
import Testing

@testable import Serving

@Suite struct `The status of a server` {
  private func version(_ number: Int, _ state: VersionStatus.State, _ message: String?, latency: [UInt64])
    -> VersionStatus
  {
    var histogram = LatencyHistogram()
    for microseconds in latency { histogram.record(microseconds: microseconds) }
    return VersionStatus(
      version: ReleaseNumber(number), digest: .sha256(of: "\(number)"), state: state, message: message,
      weight: Share(basisPoints: 250 * number) ?? .none, inFlight: number - 1,
      traffic: TrafficCounters(requests: latency.count, errors: number, latency: histogram))
  }

  @Test func `is read back as it was written`() throws {
    let status = ServerStatus(
      instance: "45d45eedf18327ee", fencingToken: 10, generation: 117,
      models: [
        ModelStatus(name: ModelName("none"), versions: []),
        ModelStatus(
          name: ModelName("credit"),
          versions: [
            version(1, .ready, nil, latency: [3, 70, 70, 1 << 41]), version(2, .draining, nil, latency: []),
            version(3, .refused, "“x” is no \"number\":\n\tnode 'a\\b'\u{1}", latency: [9]),
            version(4, .loading, nil, latency: []), version(5, .failed, "", latency: []),
          ]),
      ])
    var writer = JSONWriter()
    status.write(to: &writer)
    #expect(try JSONDecoder().decode(ServerStatus.self, from: Data(writer.bytes)) == status)
  }
  @Test func `is the same bytes whenever it is the same`() {
    let latency: [UInt64] = (0..<200).map { $0 * $0 }
    let bytes = [latency, latency.reversed(), latency.shuffled()].map { latency in
      var writer = JSONWriter()
      let model = ModelStatus(name: ModelName("m"), versions: [version(1, .ready, nil, latency: latency)])
      ServerStatus(instance: "a", fencingToken: 1, generation: 2, models: [model]).write(to: &writer)
      return writer.bytes
    }
    #expect(Set(bytes).count == 1)
  }
}
