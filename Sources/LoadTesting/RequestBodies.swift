import Connections
import Datasets

/// The requests of a load, written once before it begins.
struct RequestBodies: Sendable {
  /// One request of the file.
  struct Item: Sendable {
    let body: [UInt8]
    let key: String?
    /// The rows it asks about; `nil` when the file is a request of the user's own.
    let rowCount: Int?
  }

  let items: [Item]

  /// - Parameters:
  ///   - bytes: the input file.
  ///   - metadata: what the model says of itself.
  init(_ bytes: [UInt8], name: String, metadata: ModelMetadata, keyColumn: String?) throws(LoadError) {
    let first = bytes.first { $0 > 0x20 }
    guard first != UInt8(ascii: "{") else {
      items = [Item(body: bytes, key: nil, rowCount: nil)]
      return
    }
    let table = try CSVTable(load: bytes, name: name)
    let keyIndex: Int?
    if let keyColumn {
      guard let index = table.index(of: keyColumn) else {
        throw LoadError("\(name) has no column '\(keyColumn)'")
      }
      keyIndex = index
    } else {
      keyIndex = nil
    }
    let bindings = try Self.bind(table.columns, metadata, name: name, keyColumn: keyColumn)
    var items: [Item] = []
    items.reserveCapacity(table.rowCount)
    for number in 0..<table.rowCount {
      let row = table.row(number)
      items.append(
        Item(
          body: try Self.body(of: row, bindings, place: "\(name), row \(number + 1)"), key: keyIndex.map { row[$0] },
          rowCount: 1))
    }
    self.items = items
  }

  /// An input and the columns that fill one row of it.
  private struct Binding {
    let input: ModelMetadata.Port
    let shape: [Int]
    let columns: [Int]
  }

  /// Inputs take the columns of their names. A model whose only input has several values a row takes the columns in the
  /// file's order, when there are just as many.
  private static func bind(
    _ columns: [String], _ metadata: ModelMetadata, name: String, keyColumn: String?
  ) throws(LoadError) -> [Binding] {
    var bindings: [Binding] = []
    for input in metadata.inputs {
      let shape = [1] + input.shape.dropFirst().map { $0 < 0 ? 1 : $0 }
      let width = shape.reduce(1, *)
      if width == 1, let index = columns.firstIndex(of: input.name) {
        bindings.append(Binding(input: input, shape: input.shape.isEmpty ? [] : shape, columns: [index]))
      } else if metadata.inputs.count == 1 {
        let indices = columns.indices.filter { columns[$0] != keyColumn }
        let isOpen = input.shape.count == 2 && input.shape[1] < 0
        guard isOpen || indices.count == width else {
          throw LoadError(
            "input '\(input.name)' takes \(width) values a row, but \(name) has \(indices.count) columns; "
              + "keep just the features, in the model's order")
        }
        bindings.append(Binding(input: input, shape: isOpen ? [1, indices.count] : shape, columns: indices))
      } else {
        throw LoadError("\(name) has no column '\(input.name)', which the model takes as an input")
      }
    }
    return bindings
  }

  private static func body(of row: [String], _ bindings: [Binding], place: String) throws(LoadError) -> [UInt8] {
    var text = "{\"inputs\":["
    for (index, binding) in bindings.enumerated() {
      let shape = binding.shape.map(String.init).joined(separator: ",")
      var cells: [String] = []
      for column in binding.columns {
        guard let cell = Self.cell(row[column], datatype: binding.input.datatype) else {
          throw LoadError(
            "\(place): '\(row[column])' is no \(binding.input.datatype) for input '\(binding.input.name)'")
        }
        cells.append(cell)
      }
      text += (index == 0 ? "" : ",") + "{\"name\":\(quoted(binding.input.name)),\"shape\":[\(shape)],"
      text += "\"datatype\":\"\(binding.input.datatype)\",\"data\":[\(cells.joined(separator: ","))]}"
    }
    return Array((text + "]}").utf8)
  }

  /// A cell as JSON; an empty one is a missing number.
  private static func cell(_ text: String, datatype: String) -> String? {
    switch datatype {
    case "BYTES": return quoted(text)
    case "BOOL":
      switch text.lowercased() {
      case "true", "1": return "true"
      case "false", "0": return "false"
      default: return nil
      }
    case "FP32", "FP64":
      if text.isEmpty { return "null" }
      guard let number = Double(text) else { return nil }
      return number.isFinite
        ? number.description : number.isNaN ? "null" : number < 0 ? "\"-Infinity\"" : "\"Infinity\""
    default:
      if let number = Int64(text) { return String(number) }
      guard let number = Double(text), let whole = Int64(exactly: number) else { return nil }
      return String(whole)
    }
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      default:
        if scalar.value < 0x20 {
          let hex = String(scalar.value, radix: 16)
          result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
        } else {
          result.unicodeScalars.append(scalar)
        }
      }
    }
    return result + "\""
  }
}
