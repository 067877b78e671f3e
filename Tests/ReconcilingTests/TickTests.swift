import Testing

@testable import Reconciling

@Suite struct `The ticks of a controller` {
  @Test(arguments: [(15_000, 30), (13_800, 27), (13_999, 27), (1_000, 2), (999, 1), (100, 1), (360_000_000, 720_000)])
  func `come as often as the server may be looked at, and no sooner`(_ milliseconds: Int, _ count: Int) {
    let (interval, least) = (Duration.milliseconds(milliseconds), Duration.milliseconds(500))
    let ticks = Controller.tickCount(in: interval, every: least)
    #expect(ticks == count)
    #expect(ticks == 1 || interval / ticks >= least)
  }

  @Test func `are polls alone when none need be between`() {
    #expect(Controller.tickCount(in: .seconds(15), every: .zero) == 1)
  }
}
