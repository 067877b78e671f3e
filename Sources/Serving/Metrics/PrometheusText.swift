/// Writes the text exposition format of Prometheus, version 0.0.4.
struct PrometheusText {
  private(set) var bytes: [UInt8] = []

  init() {
    bytes.reserveCapacity(4096)
  }

  /// Begins a family of samples.
  mutating func family(_ name: String, _ type: String, _ help: String) {
    append("# HELP \(name) \(help)\n# TYPE \(name) \(type)\n")
  }

  /// Writes one sample.
  mutating func sample(_ name: String, _ labels: [(String, String)], _ value: Double) {
    append(name)
    if !labels.isEmpty {
      append("{")
      for (index, (label, text)) in labels.enumerated() {
        append(index == 0 ? "\(label)=\"" : ",\(label)=\"")
        for byte in text.utf8 {
          switch byte {
          case UInt8(ascii: "\\"): append("\\\\")
          case UInt8(ascii: "\""): append("\\\"")
          case UInt8(ascii: "\n"): append("\\n")
          default: bytes.append(byte)
          }
        }
        append("\"")
      }
      append("}")
    }
    let whole = Int(exactly: value)
    append(" \(whole.map(String.init) ?? value.description)\n")
  }

  private mutating func append(_ text: String) {
    bytes.append(contentsOf: text.utf8)
  }
}
