import HeadgateTensors

/// Measures how long a model takes for the rows of an input, slice after slice.
package struct ModelBenchmark {
  private let model: Model
  private var slices: RowSlices

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
    repeat { _ = try model.run(values: try nextSlice()) } while ContinuousClock.now < end
  }

  /// Measures single calls for some time, at least one and at most `maxCalls`.
  package mutating func measure(for duration: Duration) throws(RunError) -> Timing {
    var wall: [UInt64] = []
    var thread: [UInt64] = []
    wall.reserveCapacity(Self.maxCalls)
    thread.reserveCapacity(Self.maxCalls)
    let idle = Self.clockTime
    let othersBegan = Self.timeOfOthers
    let end = ContinuousClock.now + duration
    repeat {
      let slice = try nextSlice()
      let threadBegan = ClockReading.thread
      let began = ClockReading.wall
      let answer = try model.run(values: slice)
      let ended = ClockReading.wall
      let threadEnded = ClockReading.thread
      withExtendedLifetime(answer) {}
      wall.append(ended - began)
      thread.append(threadEnded - threadBegan)
    } while wall.count < Self.maxCalls && ContinuousClock.now < end
    // Nobody can tell which call another thread worked for just now, so that each has its part of all that they did.
    let others = (Self.timeOfOthers - min(othersBegan, Self.timeOfOthers)) / UInt64(wall.count)
    let seconds = wall.reduce(0) { $0 + Double($1) } / 1e9
    return Timing(
      callCount: wall.count, wall: .init(wall), cpu: .init(thread.map { $0 - min($0, idle) + others }),
      rowsPerSecond: seconds > 0 ? Double(wall.count * slices.sliceRowCount) / seconds : 0)
  }

  /// Runs the model for some time and says where the time goes.
  package mutating func profile(for duration: Duration) throws(RunError) -> RunProfile {
    var profile = RunProfile()
    let end = ContinuousClock.now + duration
    repeat {
      let slice = try nextSlice()
      _ = try model.run(values: slice, observer: { profile.add($0) })
      profile.runCount += 1
    } while ContinuousClock.now < end
    return profile
  }

  private mutating func nextSlice() throws(RunError) -> [String: Value] {
    do {
      return try slices.next()
    } catch {
      throw RunError(.invalidInput, error.message, cause: error)
    }
  }

  /// The time in which processors worked for the other threads of this process.
  private static var timeOfOthers: UInt64 {
    let thread = ClockReading.thread
    return max(ClockReading.process, thread) - thread
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
    /// The rows of all calls by the time that passed in them.
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
