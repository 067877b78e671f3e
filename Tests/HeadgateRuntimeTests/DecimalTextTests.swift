import Testing

@testable import HeadgateRuntime

/// Expected values come from the standard library, which rounds text correctly.
@Suite struct `A decimal number` {
  private func withNumber<Result>(_ text: String, _ body: (DecimalText?) throws -> Result) rethrows -> Result {
    try Array(text.utf8).withUnsafeBytes { try body(DecimalText($0, from: 0, to: $0.count)) }
  }

  @Test(
    arguments: [
      "0", "-0", "1", "-1.5", "5E-1", "1e22", "1e23", "9007199254740993", "0.1", "1E-45", "7e-46", "1.17549435E-38",
      "3.4028235E38", "3.4028236E38", "1e39", "1e400", "-1e400", "1e-400", "0.37779988348484045",
      "-0.51097813248634327",
      "16777217", "16777219", "1.000000059604644775390625", "1.0000000596046447", "1.00000005960464478",
      "8.5899345920000005e9", "123456789012345678901234567890", "0.000000000000000000000000000000000000001",
      "00012.50", "1.", ".5", "+3", "2.2250738585072011e-308",
    ])
  func `is the nearest float and the nearest double`(text: String) throws {
    try withNumber(text) { number in
      let number = try #require(number)
      #expect(number.range == 0..<text.utf8.count)
      let standard = text.hasSuffix(".") ? text + "0" : text
      #expect(number.double.bitPattern == Double(standard)?.bitPattern)
      #expect(number.float.bitPattern == Float(standard)?.bitPattern)
    }
  }

  @Test func `is the number it was written from`() {
    var random = SplitMix(state: 1)
    for _ in 0..<20_000 {
      let double = Double(bitPattern: random.next())
      let float = Float(bitPattern: UInt32(truncatingIfNeeded: random.next()))
      if double.isFinite { #expect(withNumber("\(double)") { $0?.double } == double) }
      if float.isFinite { #expect(withNumber("\(float)") { $0?.float } == float) }
      // Close to the middle of two floats.
      let middle = (Double(float) + Double(float.nextUp)) / 2
      if middle.isFinite {
        for near in [middle, middle.nextUp, middle.nextDown] {
          #expect(withNumber("\(near)") { $0?.float } == Float("\(near)"))
        }
      }
    }
  }

  @Test func `has up to eight digits read together`() {
    for text in ["12345678", "1234567.", "0000000 ", "9x999999", "99999999", "./:09999", "12\u{FF}34", "40-50e70"] {
      let bytes = Array((text + "        ").utf8)
      let expected = text.prefix { $0.isASCII && $0.isNumber }
      let digits = bytes.withUnsafeBytes { DecimalDigits($0, at: 0) }
      #expect(digits.count == expected.count)
      #expect(digits.value == UInt64(expected) ?? 0)
      #expect(Double(digits.scale) == (0..<digits.count).reduce(1.0) { scale, _ in scale * 10 })
    }
  }

  @Test func `is divided as a division divides`() {
    var random = SplitMix(state: 3)
    let divisors: [UInt64] = [1, 2, 3, 10, 1 << 63, .max, .max - 1, 10_000_000_000_000_000_000]
    for index in 0..<50_000 {
      let number = index < divisors.count ? divisors[index] : max(random.next() >> (random.next() % 64), 1)
      let divisor = WordDivisor(number)
      for high in [0, 1, divisor.value / 2, divisor.value - 1, random.next() % divisor.value] {
        for low in [0, UInt64.max, random.next()] {
          let (quotient, remainder) = divisor.divide(high, low)
          #expect((quotient, remainder) == divisor.value.dividingFullWidth((high, low)))
        }
      }
    }
  }

  @Test func `is rounded once, also from a whole quotient`() {
    var random = SplitMix(state: 2)
    for _ in 0..<100_000 {
      // Of 1 to 19 digits, in the range where the digits over a power of ten are divided as integers, and beside it.
      let digits = random.next() % 10_000_000_000_000_000_000 >> (random.next() % 60)
      let text = "\(digits)e-\(random.next() % 21)"
      #expect(withNumber(text) { $0?.double.bitPattern } == Double(text)?.bitPattern)
      // The middle of two doubles of 54 bits, and its neighbours.
      let middle = (random.next() >> 10 | 1) &+ (random.next() % 3 &- 1)
      let halves = "\(middle * 5)e-1"
      #expect(withNumber(halves) { $0?.double.bitPattern } == Double(halves)?.bitPattern)
    }
  }

  @Test(arguments: ["", "-", "e5", ".", "1e", "1e+", "nan", "0x10e", "--1"])
  func `is not read from what is none`(text: String) {
    withNumber(text) { number in
      // A leading digit alone is a number; what follows is the caller's to refuse.
      #expect(number == nil || number?.range.upperBound != text.utf8.count)
    }
  }

  @Test(
    arguments: [
      ("127", 127), ("-128", -128), ("128", nil), ("1e2", 100), ("1.0", 1), ("1.5", nil), ("-0", 0),
      ("99999999999999999999", nil),
      ("1e99", nil),
    ] as [(String, Int8?)])
  func `is a whole number when it fits`(text: String, expected: Int8?) {
    withNumber(text) { #expect($0?.integer(Int8.self) == expected) }
    withNumber("-9223372036854775808") { #expect($0?.integer(Int64.self) == .min) }
    withNumber("9223372036854775808") { #expect($0?.integer(Int64.self) == nil) }
  }

  @Test func `has a bounded length`() {
    withNumber(String(repeating: "1", count: 100_000)) { #expect($0 == nil) }
  }
}
