/// JSON that is written with its keys in the given order.
indirect enum JSONText {
  case string(String)
  case integer(Int)
  case number(Double)
  case boolean(Bool)
  case array([JSONText])
  case object([(String, JSONText)])

  /// The text, indented by two blanks a level.
  var text: String {
    var result = ""
    write(to: &result, indent: "")
    return result
  }

  private func write(to result: inout String, indent: String) {
    let inner = indent + "  "
    switch self {
    case .string(let text): Self.quote(text, to: &result)
    case .integer(let integer): result += "\(integer)"
    case .number(let number): result += number.shown
    case .boolean(let boolean): result += "\(boolean)"
    case .array(let items):
      Self.writeAll(items, to: &result, open: "[", close: "]", indent: indent) { $0.write(to: &$1, indent: inner) }
    case .object(let entries):
      Self.writeAll(entries, to: &result, open: "{", close: "}", indent: indent) { entry, result in
        Self.quote(entry.0, to: &result)
        result += ": "
        entry.1.write(to: &result, indent: inner)
      }
    }
  }

  private static func writeAll<Item>(
    _ items: [Item], to result: inout String, open: String, close: String, indent: String,
    _ write: (Item, inout String) -> Void
  ) {
    result += open
    for (index, item) in items.enumerated() {
      result += (index == 0 ? "\n" : ",\n") + indent + "  "
      write(item, &result)
    }
    result += items.isEmpty ? close : "\n" + indent + close
  }

  private static func quote(_ text: String, to result: inout String) {
    result += "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case _ where scalar.value < 0x20:
        result += "\\u" + String(repeating: "0", count: scalar.value < 16 ? 3 : 2) + String(scalar.value, radix: 16)
      default: result.unicodeScalars.append(scalar)
      }
    }
    result += "\""
  }
}
