import HeadgateRuntime

/// What a run's outputs say to people: a table of rows where all outputs have as many, else one output after the other.
enum RunText {
  private static let maxRows = 50
  private static let maxColumns = 12
  /// Wider outputs are no tables that anyone reads.
  private static let maxTableWidth = 256

  /// - Parameter isWide: whether all rows and columns are shown.
  static func text(_ outputs: RunOutputs, isWide: Bool) -> String {
    let parts = outputs.outputs
    let heads = parts.map { "\(Terminal.plain($0.name)): \(summary($0.value))" }
    if let rows = commonRowCount(parts) {
      return (heads + ["", table(parts, rows, isWide: isWide)]).joined(separator: "\n")
    }
    return zip(heads, parts).map { head, part in
      ([head] + lines(part.value, isWide: isWide).map { "  " + $0 }).joined(separator: "\n")
    }.joined(separator: "\n")
  }

  /// What a value is: `float[3, 2]`, `maps of 2 keys`.
  static func summary(_ value: Value) -> String {
    switch value {
    case .tensor(let tensor): "\(tensor.elementType)\(tensor.shape)"
    case .maps(let keys, let scores): "maps of \(keys.count) keys, \(scores.shape.first ?? 0) rows"
    case .sequence(let values): "sequence of \(values.count)"
    case .absent: "no value"
    }
  }

  private static func commonRowCount(_ parts: [(name: String, value: Value)]) -> Int? {
    var counts: Set<Int> = []
    for (_, value) in parts {
      switch value {
      case .tensor(let tensor), .maps(_, let tensor):
        guard tensor.rank == 1 || (tensor.rank == 2 && tensor.shape[1] <= maxTableWidth) else { return nil }
        counts.insert(tensor.shape[0])
      case .sequence, .absent: return nil
      }
    }
    return counts.count == 1 ? counts.first : nil
  }

  private static func table(_ parts: [(name: String, value: Value)], _ rows: Int, isWide: Bool) -> String {
    var headings = ["ROW"]
    var columns: [(cells: [String], width: Int, index: Int)] = []
    let shownRows = isWide ? rows : min(rows, maxRows)
    var hidden = 0
    for (name, value) in parts {
      guard let tensor = value.scores else { continue }
      let width = tensor.rank == 1 ? 1 : tensor.shape[1]
      let cells = self.cells(tensor, shownRows * width)
      for index in 0..<width {
        guard isWide || columns.count < maxColumns else {
          hidden += 1
          continue
        }
        headings.append(heading(name, value, index, tensor))
        columns.append((cells, width, index))
      }
    }
    var table = TextTable(headings)
    for row in 0..<shownRows {
      table.add(["\(row)"] + columns.map { $0.cells[row * $0.width + $0.index] })
    }
    var lines = [table.text]
    if rows > shownRows || hidden > 0 {
      lines.append("... \(rows - shownRows) more rows and \(hidden) more columns; -o wide, -o json or --to give all")
    }
    return lines.joined(separator: "\n")
  }

  private static func heading(_ name: String, _ value: Value, _ index: Int, _ tensor: Tensor) -> String {
    let name = Terminal.plain(name)
    return switch value {
    case .maps(.strings(let keys), _) where index < keys.count: "\(name)[\(Terminal.plain(keys[index]))]"
    case .maps(.integers(let keys), _) where index < keys.count: "\(name)[\(keys[index])]"
    default: tensor.rank == 1 ? name : "\(name)[\(index)]"
    }
  }

  private static func lines(_ value: Value, isWide: Bool) -> [String] {
    switch value {
    case .tensor(let tensor), .maps(_, let tensor):
      let limit = isWide ? tensor.count : min(tensor.count, maxRows)
      let width = max(tensor.shape.last ?? 1, 1)
      let cells = cells(tensor, limit)
      let perLine = isWide ? width : min(width, maxColumns)
      var lines = stride(from: 0, to: cells.count, by: perLine).map { start in
        cells[start..<min(start + perLine, cells.count)].joined(separator: " ")
      }
      if limit < tensor.count { lines.append("... \(tensor.count - limit) more; -o wide, -o json or --to give all") }
      return lines
    case .sequence(let values):
      return values.enumerated().flatMap { index, value in
        ["\(index): \(summary(value))"] + lines(value, isWide: isWide).map { "  " + $0 }
      }
    case .absent: return []
    }
  }

  /// The first elements as text.
  private static func cells(_ tensor: Tensor, _ count: Int) -> [String] {
    func texts<T: TensorElement & CustomStringConvertible>(_ type: T.Type) -> [String] {
      (try? tensor.withElements(type) { $0.prefix(count).map(\.description) }) ?? []
    }
    switch tensor.elementType {
    case .float: return texts(Float.self)
    case .double: return texts(Double.self)
    case .int8: return texts(Int8.self)
    case .int16: return texts(Int16.self)
    case .int32: return texts(Int32.self)
    case .int64: return texts(Int64.self)
    case .uint8: return texts(UInt8.self)
    case .uint16: return texts(UInt16.self)
    case .uint32: return texts(UInt32.self)
    case .uint64: return texts(UInt64.self)
    case .bool: return texts(Bool.self)
    case .string: return (try? tensor.withElements(String.self) { $0.prefix(count).map { Terminal.plain($0) } }) ?? []
    case .int4, .int2: return (try? self.cells(tensor.reinterpreted(as: .int8), count)) ?? []
    case .uint4, .uint2: return (try? self.cells(tensor.reinterpreted(as: .uint8), count)) ?? []
    default:
      let floats = (try? tensor.convertedToFloats()) ?? []
      return floats.isEmpty ? [String](repeating: "?", count: count) : floats.prefix(count).map(\.description)
    }
  }
}

extension Value {
  /// The numbers of a tensor or of maps.
  fileprivate var scores: Tensor? {
    switch self {
    case .tensor(let tensor), .maps(_, let tensor): tensor
    case .sequence, .absent: nil
    }
  }
}
