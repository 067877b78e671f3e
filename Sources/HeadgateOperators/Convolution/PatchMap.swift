import HeadgateTensors

/// Where the taps of a window lie, so that the patches that it sees are a matrix: see `ImagePatches`.
///
/// The patches are those of the input itself, or, with pads or a stride along its rows, of a copy: padding stands around
/// it, and elements one stride apart are neighbours, so that a line of outputs reads neighbours at each tap.
struct PatchMap {
  /// For each channel and tap how far it lies from the first.
  private let steps: OffsetTable
  /// For each line of outputs where the first tap of its first one lies.
  private let lines: OffsetTable
  /// The outputs of a line.
  private let length: Int
  /// What the input is copied to; nil when it is read as it is.
  private let spread: SpreadPlane?

  /// - Throws: `TensorError.memoryLimit` when the budget has no room for the tables.
  init(_ window: SlidingWindow, channels: Int, _ budget: MemoryBudget) throws(TensorError) {
    let mustSpread = window.hasPads || window.row.stride > 1 || window.axes.contains { $0.reachesBeyond }
    let spread = mustSpread ? try SpreadPlane(window, budget) : nil
    self.spread = spread
    let extents = spread?.axes.map(\.extent) ?? window.axes.map(\.input)
    _ = try [channels, spread?.count ?? window.inputCount].elementCount()
    try budget.requireRoom(for: try ([channels] + window.axes.map(\.kernel)).elementCount())
    if window.isPointwise {
      // All outputs are one line.
      length = window.outputCount
      lines = try OffsetTable([], budget)
    } else {
      length = window.row.output
      var outputs = zip(window.axes, extents).dropLast().map { axis, extent in
        let stride = spread == nil ? axis.stride : 1
        return (offsets: (0..<axis.output).map { $0 &* stride }, extent: extent)
      }
      outputs.append(([0], extents.last ?? 1))
      lines = try OffsetTable(outputs, budget)
    }
    var taps = [(offsets: Array(0..<channels), extent: channels)]
    for (index, axis) in window.axes.enumerated() {
      taps.append((spread?.axes[index].taps ?? (0..<axis.kernel).map { $0 &* axis.dilation }, extents[index]))
    }
    steps = try OffsetTable(taps, budget)
  }

  var lineCount: Int { lines.count }

  /// The elements of a channel's copy; 0 when there is none.
  var copyCount: Int { spread?.count ?? 0 }

  /// Calls `body` with the patches of an input, of which a copy is made in `scratch` when there must be one.
  func withPatches<T: Real>(
    of input: UnsafePointer<T>, channels: Int, padding: T = T.zero, scratch: UnsafeMutablePointer<T>,
    team: ThreadTeam = .alone, _ body: (ImagePatches<T>) -> Void
  ) {
    spread?.copy(input, channels: channels, padding: padding, into: scratch, team)
    let start = spread == nil ? input : UnsafePointer(scratch)
    body(ImagePatches(start, steps: steps.start, lines: lines.start, length: length))
    withExtendedLifetime(self) {}
  }
}

/// All sums of one offset of each axis, the last axis fastest: a place `(i, j, k)` lies at `((i * b) + j) * c + k` where
/// axes have the extents `a`, `b` and `c`. A sum with a negative offset is -1.
private struct OffsetTable {
  let count: Int
  private let storage: Storage

  /// - Throws: `TensorError.memoryLimit` when the budget has no room.
  init(_ axes: [(offsets: [Int], extent: Int)], _ budget: MemoryBudget) throws(TensorError) {
    count = try axes.map(\.offsets.count).elementCount()
    storage = try Storage(.int64, count: max(count, 1), budget: budget)
    let table = storage.base.bindMemory(to: Int.self, capacity: max(count, 1))
    table[0] = 0
    guard count > 0 else { return }
    var known = 1
    for axis in axes {
      // From the last on, so that what is read was not yet written over.
      for index in stride(from: known - 1, through: 0, by: -1) {
        let base = table[index]
        for (rank, offset) in axis.offsets.enumerated().reversed() {
          table[index &* axis.offsets.count &+ rank] = base < 0 || offset < 0 ? -1 : base &* axis.extent &+ offset
        }
      }
      known *= axis.offsets.count
    }
  }

  var start: UnsafePointer<Int> { UnsafePointer(storage.base.assumingMemoryBound(to: Int.self)) }
}

/// A channel of an input with padding around it, where elements one stride apart are neighbours.
private struct SpreadPlane {
  struct Axis {
    /// The remainders, by the stride, of the places that taps lie on.
    let phases: [Int]
    /// The elements of each.
    let length: Int
    /// For each tap how far it lies from the first.
    let taps: [Int]

    init(_ axis: SlidingWindow.Axis) {
      let places = (0..<axis.kernel).map { $0 &* axis.dilation }
      let phases = Set(places.map { $0 % axis.stride }).sorted()
      let length = axis.output &+ max(0, axis.kernel &- 1) &* axis.dilation / axis.stride
      let ranks = Dictionary(uniqueKeysWithValues: phases.enumerated().map { ($1, $0) })
      self.phases = phases
      self.length = length
      taps = places.map { ranks[$0 % axis.stride, default: 0] &* length &+ $0 / axis.stride }
    }

    var extent: Int { phases.count &* length }
  }

  let axes: [Axis]
  let count: Int
  private let inputCount: Int
  /// For each line of the copy where it begins in the input; -1 for a line of padding.
  private let sources: OffsetTable
  private let lines: SpreadLines

  init(_ window: SlidingWindow, _ budget: MemoryBudget) throws(TensorError) {
    let axes = window.axes.map { Axis($0) }
    self.axes = axes
    inputCount = window.inputCount
    let row = window.row
    count = try axes.map(\.extent).elementCount()
    try budget.requireRoom(for: try axes.dropLast().map(\.extent).elementCount())
    var outer = zip(window.axes, axes).dropLast().map { axis, spread in
      (
        offsets: spread.phases.flatMap { phase in
          (0..<spread.length).map { index in
            let place = index &* axis.stride &+ phase &- axis.before
            return place < axis.input ? max(place, -1) : -1
          }
        }, extent: axis.input
      )
    }
    outer.append(([0], row.input))
    sources = try OffsetTable(outer, budget)
    let (phases, length) = axes.last.map { ($0.phases, $0.length) } ?? ([], 0)
    lines = SpreadLines(
      sources: sources.start, count: sources.count,
      phases: phases.map { phase in
        let first = max(0, row.before &- phase &+ row.stride &- 1) / row.stride
        let end = max(0, row.input &+ row.before &- phase &+ row.stride &- 1) / row.stride
        let lower = min(first, length)
        return .init(origin: phase &- row.before, inside: lower..<max(lower, min(end, length)))
      }, length: length, stride: row.stride)
  }

  func copy<T: Real>(
    _ input: UnsafePointer<T>, channels: Int, padding: T, into target: UnsafeMutablePointer<T>, _ team: ThreadTeam
  ) {
    guard count > 0 else { return }
    team.split(channels, each: Double(count) * 0.3) { range, _ in
      T.spread(
        lines, channels: range.count, plane: inputCount, of: input + range.lowerBound * inputCount, padding: padding,
        into: target + range.lowerBound * count, .current)
    }
    withExtendedLifetime(sources) {}
  }
}

extension MemoryBudget {
  /// Checks that there is room for a table, before the parts are made that it is made of.
  fileprivate func requireRoom(for count: Int) throws(TensorError) {
    _ = try Storage(.int64, count: count, budget: self)
  }
}
