import HeadgateTensors

/// The arithmetic decoder of VP8 (RFC 6386, section 7).
struct VP8Bits {
  private let bytes: [UInt8]
  private var position: Int
  private let end: Int
  private var value = 0
  private var range = 255
  private var shifts = 0

  init(_ file: FileBytes, _ start: Int, _ length: Int) {
    bytes = file.bytes
    position = start
    end = start + length
    value = next() << 8
    value |= next()
  }

  /// The next byte; zeros after the last, as the encoder may have left them out.
  private mutating func next() -> Int {
    defer { position += 1 }
    return position < end ? Int(bytes[position]) : 0
  }

  /// Whether more was read than an encoder may leave out.
  var isExhausted: Bool { position > end + 8 }

  /// A bit that is 0 with a probability in 1/256.
  mutating func bit(_ probability: UInt8 = 128) -> Bool {
    let split = 1 + ((range - 1) * Int(probability)) >> 8
    let isSet = value >= split << 8
    if isSet {
      range -= split
      value -= split << 8
    } else {
      range = split
    }
    while range < 128 {
      value <<= 1
      range <<= 1
      shifts += 1
      if shifts == 8 {
        shifts = 0
        value |= next()
      }
    }
    return isSet
  }

  /// A number of so many bits, highest first.
  mutating func number(_ count: Int) -> Int {
    (0..<count).reduce(0) { value, _ in value << 1 | (bit() ? 1 : 0) }
  }

  /// A number with a sign behind it.
  mutating func signed(_ count: Int) -> Int {
    let magnitude = number(count)
    return bit() ? -magnitude : magnitude
  }

  /// A number with a sign, if a bit says that there is one.
  mutating func optionalSigned(_ count: Int) -> Int? { bit() ? signed(count) : nil }
}
