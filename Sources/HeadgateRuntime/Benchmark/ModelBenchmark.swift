import HeadgateTensors
import Synchronization

/// Measures how long a model takes for the rows of an input, slice after slice.
package struct ModelBenchmark {
  private let model: Model
  private var slices: RowSlices
  /// What the last call gave.
  private var outputs: [Value] = []

  /// The time of every call is kept until the end, so that there is a most.
  package static let maxCalls = 1 << 17

  package init(_ model: Model, _ slices: RowSlices) {
    self.model = model
    self.slices = slices
  }

  /// Runs the model for some time without looking at it, so that memory, caches and clock rates settle.
  ///
  /// - Throws: what `Model.run` throws, for the first slice that the model does not take.
  package mutating func warmUp(for duration: Duration) throws(RunError) {
    let end = ContinuousClock.now + duration
    // At least once, however short the time: a model that refuses the input says so here.
    repeat { try run(try nextSlice()) } while ContinuousClock.now < end
  }

  /// Measures single calls for some time, by each caller at least one and by all at most `maxCalls`.
  ///
  /// - Parameter concurrency: how many callers run the model at the same time, each its own slices.
  package func measure(for duration: Duration, concurrency: Int = 1) throws(RunError) -> Timing {
    let idle = Self.clockTime
    let processBegan = ClockReading.process
    let callers = Mutex<[Result<Calls, RunError>]>([])
    try Callers.run(concurrency) { caller in
      var part = self
      part.slices.skip(slices.count * caller / concurrency)
      let calls = Result { () throws(RunError) in
        try part.calls(for: duration, atMost: max(1, Self.maxCalls / concurrency))
      }
      callers.withLock { $0.append(calls) }
    }
    let processTime = ClockReading.process - processBegan
    var all = Calls()
    for calls in callers.withLock({ $0 }) {
      let calls = try calls.get()
      all.wall += calls.wall
      all.thread += calls.thread
      all.callerTime += calls.callerTime
    }
    // Nobody can tell which call another thread worked for just now, so that each has its part of all that they did.
    let others = (processTime - min(all.callerTime, processTime)) / UInt64(all.wall.count)
    let seconds = all.wall.reduce(0) { $0 + Double($1) } / 1e9
    let rows = Double(all.wall.count * slices.sliceRowCount)
    return Timing(
      callCount: all.wall.count, wall: .init(all.wall), cpu: .init(all.thread.map { $0 - min($0, idle) + others }),
      rowsPerSecond: seconds > 0 ? rows * Double(concurrency) / seconds : 0)
  }

  /// What each call of a caller took, in nanoseconds.
  private struct Calls {
    var wall: [UInt64] = []
    /// The time in which a processor worked for the caller's thread.
    var thread: [UInt64] = []
    /// The same from the first call to the last, with what the caller did between them.
    var callerTime: UInt64 = 0
  }

  private mutating func calls(for duration: Duration, atMost most: Int) throws(RunError) -> Calls {
    var calls = Calls()
    calls.wall.reserveCapacity(most)
    calls.thread.reserveCapacity(most)
    let callerBegan = ClockReading.thread
    let end = ContinuousClock.now + duration
    repeat {
      let slice = try nextSlice()
      let threadBegan = ClockReading.thread
      let began = ClockReading.wall
      try run(slice)
      let ended = ClockReading.wall
      let threadEnded = ClockReading.thread
      calls.wall.append(ended - began)
      calls.thread.append(threadEnded - threadBegan)
    } while calls.wall.count < most && ContinuousClock.now < end
    calls.callerTime = ClockReading.thread - callerBegan
    return calls
  }

  /// Runs the model for some time and says where the time goes.
  package mutating func profile(for duration: Duration) throws(RunError) -> RunProfile {
    var profile = RunProfile()
    let end = ContinuousClock.now + duration
    repeat {
      let slice = try nextSlice()
      _ = try model.run(values: slice.named, observer: { profile.add($0) })
      profile.runCount += 1
    } while ContinuousClock.now < end
    return profile
  }

  /// The inputs of a call.
  private struct Slice {
    let named: [String: Value]
    /// The same in the order of the model's inputs; nil when one is left out.
    let ordered: [Tensor]?
  }

  private mutating func nextSlice() throws(RunError) -> Slice {
    let named: [String: Value]
    do {
      named = try slices.next()
    } catch {
      throw RunError(.invalidInput, error.message, cause: error)
    }
    let ordered = model.inputs.compactMap { named[$0.name]?.tensor }
    let isComplete = ordered.count == model.inputs.count && ordered.count == named.count
    return Slice(named: named, ordered: isComplete ? ordered : nil)
  }

  /// Calls the model as one does who calls it again and again.
  private mutating func run(_ slice: Slice) throws(RunError) {
    if let ordered = slice.ordered { return try model.run(ordered, into: &outputs) }
    outputs = Array(try model.run(values: slice.named).values)
  }

  /// What the thread's clock says of a call that does nothing: reading it is a system call.
  private static var clockTime: UInt64 {
    let times = (0..<101).map { _ in
      let began = ClockReading.thread
      _ = (ClockReading.wall, ClockReading.wall)
      return ClockReading.thread - began
    }
    return times.sorted()[times.count / 2]
  }
}

extension ModelBenchmark {
  /// How long calls took.
  package struct Timing: Sendable, Hashable {
    package let callCount: Int
    /// The time that passed.
    package let wall: Quantiles
    /// The time in which processors worked for the call, without what reading the clocks takes: the caller's in it, and
    /// the mean of what all other threads did.
    package let cpu: Quantiles
    /// The rows of all calls by the time that passed in them, which for several callers passes at once.
    package let rowsPerSecond: Double
  }

  /// Of the times of calls the smallest that so many of a hundred do not pass, in microseconds.
  package struct Quantiles: Sendable, Hashable {
    package let p50: Double
    package let p90: Double
    package let p99: Double

    /// - Parameter nanoseconds: at least one time.
    init(_ nanoseconds: [UInt64]) {
      let sorted = nanoseconds.sorted()
      func quantile(_ percent: Int) -> Double {
        Double(sorted[max((sorted.count * percent + 99) / 100, 1) - 1]) / 1e3
      }
      (p50, p90, p99) = (quantile(50), quantile(90), quantile(99))
    }
  }
}
