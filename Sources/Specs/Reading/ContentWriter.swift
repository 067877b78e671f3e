import Domain

/// Writes readings as bytes that are equal exactly when two specs ask for the same: keys sorted, values resolved,
/// layout, comments and descriptive fields left out.
struct ContentWriter {
  private var bytes: [UInt8] = []

  /// The digest of the content of one object.
  /// - Parameter defaults: Fields of the spec that only say what holds without them.
  static func digest(of kind: Kind, name: String, spec: Fields, leavingOut defaults: Set<String> = []) -> Digest {
    var writer = ContentWriter()
    writer.write(Fields(entries: spec.entries.filter { !defaults.contains($0.field.name) }))
    var builder = DigestBuilder("headgate spec content v1")
    builder.add(kind.rawValue)
    builder.add(name)
    builder.add(bytes: writer.bytes)
    return builder.finish()
  }

  private mutating func write(_ fields: Fields) {
    let entries = fields.entries.filter { if case .descriptive = $0.field.role { false } else { true } }
      .sorted { $0.field.name < $1.field.name }
    tag("{", count: entries.count)
    for entry in entries {
      text(entry.field.name)
      write(entry.reading)
    }
  }

  private mutating func write(_ reading: Reading?) {
    switch reading?.value {
    case nil: tag("-", count: 0)
    case .text(let value)?:
      tag("t", count: 0)
      text(value)
    case .path(let path)?:
      tag("p", count: 0)
      text(path.text)
    case .digest(let digest)?:
      tag("d", count: digest.bytes.count)
      bytes += digest.bytes
    case .integer(let value)?: tag("i", count: value)
    case .number(let value)?: tag("n", count: Int(bitPattern: UInt(value.bitPattern)))
    case .duration(let duration)?:
      let (seconds, attoseconds) = duration.components
      tag("s", count: Int(seconds))
      tag("a", count: Int(attoseconds))
    case .share(let share)?: tag("%", count: share.basisPoints)
    case .size(let size)?: tag("b", count: size)
    case .list(let items)?:
      tag("[", count: items.count)
      for item in items { write(item) }
    case .map(let entries)?:
      tag("m", count: entries.count)
      for entry in entries.sorted(by: { $0.key < $1.key }) {
        text(entry.key)
        write(entry.value)
      }
    case .object(let fields)?: write(fields)
    }
  }

  private mutating func text(_ text: String) {
    var text = text
    text.withUTF8 { utf8 in
      tag("\"", count: utf8.count)
      bytes += utf8
    }
  }

  private mutating func tag(_ tag: Unicode.Scalar, count: Int) {
    bytes.append(UInt8(ascii: tag))
    withUnsafeBytes(of: Int64(count).littleEndian) { bytes += $0 }
  }
}
