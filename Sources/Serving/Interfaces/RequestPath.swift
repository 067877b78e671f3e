/// The path of a request as decoded segments.
struct RequestPath {
  let segments: [String]

  /// - Throws: `RequestError` when the path is not a valid one.
  init(_ target: String?) throws(RequestError) {
    guard let target, target.utf8.count <= 4096 else { throw RequestError(414, "the path is too long") }
    var segments: [String] = []
    let path = target.prefix { $0 != "?" && $0 != "#" }
    for part in path.split(separator: "/") {
      guard segments.count < 16 else { throw RequestError(404, "there is nothing at this path") }
      segments.append(try Self.decode(part))
    }
    self.segments = segments
  }

  private static func decode(_ part: Substring) throws(RequestError) -> String {
    guard part.utf8.contains(UInt8(ascii: "%")) else { return String(part) }
    var bytes: [UInt8] = []
    var rest = part.utf8[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard let high = rest.popFirst(), let low = rest.popFirst(),
        let value = UInt8(String(decoding: [high, low], as: UTF8.self), radix: 16), high != UInt8(ascii: "+")
      else { throw .invalid("the path has a broken percent sign") }
      bytes.append(value)
    }
    guard let text = String(validating: bytes, as: UTF8.self) else { throw .invalid("the path is not UTF-8") }
    return text
  }
}
