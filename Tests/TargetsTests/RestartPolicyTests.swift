import Testing

@testable import Targets

@Suite struct `A server that ended` {
  @Test func `is started again at once when it was well`() {
    var policy = RestartPolicy()
    for _ in 0..<5 { #expect(policy.ended(after: .seconds(60)) == .zero) }
  }

  @Test func `is started again at once the first time, then ever later while it crashes`() {
    var policy = RestartPolicy()
    let waits = (0..<12).map { _ in policy.ended(after: .milliseconds(50)) }
    #expect(waits.prefix(5) == [.zero, .milliseconds(250), .milliseconds(500), .seconds(1), .seconds(2)])
    #expect(waits.last == .seconds(30))
    #expect(policy.ended(after: .seconds(11)) == .zero)
    #expect(policy.earlyEnds == 0)
  }
}
