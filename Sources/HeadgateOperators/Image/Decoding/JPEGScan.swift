import HeadgateTensors

/// One scan: the coefficients of some components, or some bits of them (T.81 parts F and G).
struct JPEGScan {
  private struct Part {
    let component: Int
    let direct: JPEGCodes?
    let alternating: JPEGCodes?
    var prediction = 0
  }

  private let first: Int
  private let last: Int
  /// The bit that this scan gives first, and whether earlier scans gave those above.
  private let low: Int
  private let refines: Bool
  private let isProgressive: Bool
  private var parts: [Part]
  private var bits: JPEGBits
  /// How many more blocks have no coefficients left in this scan.
  private var emptyBlocks = 0

  /// Decodes the scan whose header is at `start`; returns the place of the marker behind it.
  static func decode(
    _ file: FileBytes, _ start: Int, _ tables: JPEGTables, into frame: inout JPEGFrame
  ) throws(TensorError) -> Int {
    var scan = try JPEGScan(file, start, tables, frame)
    try scan.run(tables.restartInterval, &frame)
    var position = scan.bits.position
    // Whole bytes may be left that no block needed.
    while true {
      if try file.byte(position) == 0xFF, try file.byte(position + 1) > 0 { return position }
      position += 1
    }
  }

  private init(_ file: FileBytes, _ start: Int, _ tables: JPEGTables, _ frame: JPEGFrame) throws(TensorError) {
    let count = try file.byte(start)
    guard count == 1 || count == frame.components.count else {
      throw TensorError(.unsupported, "scans of \(count) of \(frame.components.count) components are not decoded")
    }
    isProgressive = frame.isProgressive
    first = isProgressive ? try file.byte(start + 1 + 2 * count) : 0
    last = isProgressive ? try file.byte(start + 2 + 2 * count) : 63
    let approximation = isProgressive ? try file.byte(start + 3 + 2 * count) : 0
    low = approximation & 15
    refines = approximation >> 4 > 0
    guard first <= last, last < 64, low < 14, !isProgressive || (first == 0) == (last == 0), first == 0 || count == 1
    else { throw FileBytes.damaged("a scan of coefficients \(first) to \(last)") }
    parts = []
    for index in 0..<count {
      let id = try file.byte(start + 1 + 2 * index)
      let codes = try file.byte(start + 2 + 2 * index)
      guard let component = frame.components.firstIndex(where: { $0.id == id }), codes & 15 < 4, codes >> 4 < 4 else {
        throw FileBytes.damaged("component \(id)")
      }
      parts.append(
        Part(
          component: component, direct: tables.directCodes[codes >> 4],
          alternating: tables.alternatingCodes[codes & 15]))
    }
    bits = JPEGBits(file, start + 4 + 2 * count)
  }

  private mutating func run(_ interval: Int, _ frame: inout JPEGFrame) throws(TensorError) {
    for part in parts where frame.components[part.component].coefficients.isEmpty {
      let blocks = frame.components[part.component].blocksWide * frame.components[part.component].blocksHigh
      frame.components[part.component].coefficients = [Int16](repeating: 0, count: 64 * blocks)
    }
    var untilRestart = interval
    if parts.count == 1 {
      let component = frame.components[parts[0].component]
      let (wide, high) = ((component.width + 7) / 8, (component.height + 7) / 8)
      for row in 0..<high {
        for column in 0..<wide {
          try restartIfDue(interval, &untilRestart)
          try block(0, row * component.blocksWide + column, &frame)
        }
      }
      return
    }
    for unitRow in 0..<frame.unitsHigh {
      for unitColumn in 0..<frame.unitsWide {
        try restartIfDue(interval, &untilRestart)
        for part in parts.indices {
          let component = frame.components[parts[part].component]
          let (across, down, wide) = (component.across, component.down, component.blocksWide)
          for row in unitRow * down..<(unitRow + 1) * down {
            for column in unitColumn * across..<(unitColumn + 1) * across {
              try block(part, row * wide + column, &frame)
            }
          }
        }
      }
    }
  }

  private mutating func restartIfDue(_ interval: Int, _ untilRestart: inout Int) throws(TensorError) {
    guard interval > 0 else { return }
    if untilRestart == 0 {
      try bits.restart()
      for part in parts.indices { parts[part].prediction = 0 }
      emptyBlocks = 0
      untilRestart = interval
    }
    untilRestart -= 1
  }

  private mutating func block(_ part: Int, _ index: Int, _ frame: inout JPEGFrame) throws(TensorError) {
    let component = parts[part].component
    let start = index * 64
    if first == 0 {
      if refines {
        if try bits.take(1) == 1 { frame.components[component].coefficients[start] |= 1 << Int16(low) }
        return
      }
      guard let codes = parts[part].direct else { throw FileBytes.damaged("a code table is missing") }
      let length = try codes.next(&bits)
      guard length <= 16 else { throw FileBytes.damaged("a difference of \(length) bits") }
      parts[part].prediction &+= try bits.takeSigned(length)
      frame.components[component].coefficients[start] = Int16(truncatingIfNeeded: parts[part].prediction << low)
    }
    guard last > 0 else { return }
    guard let codes = parts[part].alternating else { throw FileBytes.damaged("a code table is missing") }
    if refines {
      try refine(codes, start, &frame.components[component].coefficients)
    } else {
      try coefficients(codes, start, &frame.components[component].coefficients)
    }
  }

  private mutating func coefficients(
    _ codes: JPEGCodes, _ start: Int, _ coefficients: inout [Int16]
  ) throws(TensorError) {
    if emptyBlocks > 0 {
      emptyBlocks -= 1
      return
    }
    var index = max(first, 1)
    while index <= last {
      let symbol = try codes.next(&bits)
      let (run, length) = (symbol >> 4, symbol & 15)
      if length == 0 {
        if run == 15 {
          index += 16
          continue
        }
        if isProgressive { emptyBlocks = 1 << run - 1 + (try bits.take(run)) }
        return
      }
      index += run
      guard index <= last else { throw FileBytes.damaged("a block of too many coefficients") }
      let value = try bits.takeSigned(length)
      coefficients[start + JPEGTables.zigzag[index]] = Int16(truncatingIfNeeded: value << low)
      index += 1
    }
  }

  /// Gives one more bit to the coefficients that are not zero, and new ones of one bit (G.1.2.3).
  private mutating func refine(_ codes: JPEGCodes, _ start: Int, _ coefficients: inout [Int16]) throws(TensorError) {
    var index = first
    if emptyBlocks == 0 {
      while index <= last {
        let symbol = try codes.next(&bits)
        var run = symbol >> 4
        var value: Int16 = 0
        if symbol & 15 == 0 {
          if run < 15 {
            emptyBlocks = 1 << run + (try bits.take(run))
            break
          }
        } else {
          value = try bits.take(1) == 1 ? 1 << Int16(low) : -1 << Int16(low)
        }
        while index <= last {
          let place = start + JPEGTables.zigzag[index]
          if coefficients[place] != 0 {
            try refine(&coefficients[place])
          } else {
            if run == 0 {
              if value != 0 { coefficients[place] = value }
              index += 1
              break
            }
            run -= 1
          }
          index += 1
        }
      }
    }
    guard emptyBlocks > 0 else { return }
    while index <= last {
      let place = start + JPEGTables.zigzag[index]
      if coefficients[place] != 0 { try refine(&coefficients[place]) }
      index += 1
    }
    emptyBlocks -= 1
  }

  private mutating func refine(_ coefficient: inout Int16) throws(TensorError) {
    let bit: Int16 = 1 << Int16(low)
    if try bits.take(1) == 1, coefficient & bit == 0 { coefficient &+= coefficient > 0 ? bit : 0 &- bit }
  }
}
