import Foundation
import HeadgateRuntime
import Serving

/// What `bench` measured.
struct BenchmarkReport {
  let model: String
  let batch: Int
  let threads: Int
  let concurrency: Int
  /// The rows that were walked through.
  let rowCount: Int
  let kernels: String
  let precision: Precision
  /// From the path of the file to a model that is ready, in milliseconds.
  let loadMilliseconds: Double
  /// How much more memory is resident once the model is loaded and what loading took besides is given back. Nil where
  /// the system does not tell.
  let keptByteCount: Int?
  let timing: ModelBenchmark.Timing
  /// Nil where the system does not tell.
  let peakByteCount: Int?
  /// Nil when it was not asked for.
  let profile: RunProfile?
  let peak: MachinePeak?

  /// Loads, runs and measures.
  init(_ command: Bench) throws {
    FreeMemory.giveBack()
    let before = Self.byteCount("VmRSS")
    let began = ContinuousClock.now
    var options = command.precision.options
    options.maxThreads = command.threads
    let model = try Model(path: command.model, options: options)
    loadMilliseconds = (ContinuousClock.now - began) / .milliseconds(1)
    FreeMemory.giveBack()
    keptByteCount = before.flatMap { before in Self.byteCount("VmRSS").map { max($0 - before, 0) } }
    let slices = try RowSlices(
      try command.inputs.read(for: model).values, of: command.batch, whole: Set(command.whole))
    var benchmark = ModelBenchmark(model, slices)
    try benchmark.warmUp(for: .seconds(command.warmUp))
    timing = try benchmark.measure(for: .seconds(command.seconds), concurrency: command.concurrency)
    peakByteCount = Self.byteCount("VmHWM")
    profile = command.profile ? try benchmark.profile(for: .seconds(command.seconds)) : nil
    peak = command.profile ? try MachinePeak() : nil
    self.model = command.model
    (batch, threads, rowCount) = (command.batch, command.threads, slices.count * slices.sliceRowCount)
    concurrency = command.concurrency
    kernels = KernelSet.current.name.rawValue
    precision = command.precision.precision
  }

  /// What the system says of the process's memory: `VmRSS` is resident, and `VmHWM` the most that was at one time.
  private static func byteCount(_ name: String) -> Int? {
    // getrusage would give the most of whatever program began this process, if that was more.
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("\(name):") }
    return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
  }
}

extension BenchmarkReport {
  /// How close an operator came to what the machine can do.
  struct Rates {
    let gflops: Double?
    let ofPeak: Double?
    let gigabytesPerSecond: Double?
    let ofBandwidth: Double?

    init(_ entry: RunProfile.Entry, _ peak: MachinePeak) {
      let (work, seconds) = (entry.work, entry.seconds)
      let operations = work.floatOperations + work.doubleOperations
      let hasOperations = operations > 0 && seconds > 0
      gflops = hasOperations ? operations / seconds / 1e9 : nil
      ofPeak =
        hasOperations
        ? (work.floatOperations / peak.floatOperations + work.doubleOperations / peak.doubleOperations) / seconds : nil
      let moves = work.bytes > 0 && seconds > 0
      gigabytesPerSecond = moves ? work.bytes / seconds / 1e9 : nil
      ofBandwidth = moves ? work.bytes / seconds / peak.bandwidth : nil
    }
  }
}
