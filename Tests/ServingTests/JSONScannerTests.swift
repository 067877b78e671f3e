import Foundation
import Testing

@testable import Serving

/// Whether the scanner takes the text as one JSON value.
private func isAccepted(_ text: [UInt8]) -> Bool {
  text.withUnsafeBufferPointer { bytes in
    var scanner = JSONScanner(bytes)
    do throws(JSONError) {
      try scanner.skipValue()
      try scanner.expectEnd()
      return true
    } catch {
      return false
    }
  }
}

private func scan<Element: JSONElement>(_ text: String, _: Element.Type = Element.self) throws -> Element {
  try Array(text.utf8).withUnsafeBufferPointer { bytes in
    var scanner = JSONScanner(bytes)
    let element = try Element.scan(&scanner)
    try scanner.expectEnd()
    return element
  }
}

@Suite struct `The JSON scanner` {
  static let rounds = ProcessInfo.processInfo.environment["HEADGATE_SCALE_FUZZ"].flatMap { Int($0) } ?? 2000

  @Test(arguments: [
    "0", "-0", "1.5", "-1e10", "1E-3", "1e+7", "\"\"", "\"a\\u00e9\\n\\/\"", "\"\\ud83d\\ude00\"", "[]", "[1,[2,[]]]",
    "{}",
    "{\"a\":{\"b\":[true,false,null]}}", " [ 1 , 2 ] ",
  ])
  func `takes what RFC 8259 allows`(text: String) {
    #expect(isAccepted(Array(text.utf8)))
  }

  @Test(arguments: [
    "", "01", "-", "+1", ".5", "1.", "1e", "1e+", "0x10", "nul", "truee", "\"", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"",
    "\"\\udc00\"", "\"\n\"", "[1,]", "[1 2]", "[", "{\"a\"}", "{\"a\":}", "{a:1}", "{\"a\":1,}", "1 2", "NaN", "'a'",
    "[1]]", "\u{FEFF}1",
  ])
  func `refuses what RFC 8259 does not allow`(text: String) {
    #expect(!isAccepted(Array(text.utf8)))
  }

  @Test func `refuses text that is not UTF-8`() {
    #expect(!isAccepted([0x22, 0xC3, 0x28, 0x22]))
    #expect(!isAccepted([0x22, 0xED, 0xA0, 0x80, 0x22]))
  }

  @Test func `bounds the depth`() {
    let fits = String(repeating: "[", count: 60) + String(repeating: "]", count: 60)
    #expect(isAccepted(Array(fits.utf8)))
    #expect(!isAccepted([UInt8](repeating: UInt8(ascii: "["), count: 1_000_000)))
  }

  @Test func `reads doubles as the standard library does`() throws {
    var generator = SeededGenerator(state: 7)
    for _ in 0..<Self.rounds {
      let value = Double(bitPattern: .random(in: .min ... .max, using: &generator))
      guard value.isFinite else { continue }
      #expect(try scan("\(value)", Double.self) == value)
      let digits = String(
        (0..<Int.random(in: 1...25, using: &generator)).map { _ in "0123456789".randomElement(using: &generator) ?? "0"
        })
      let exponent = Int.random(in: -40...40, using: &generator)
      let text = "1\(digits).\(digits)e\(exponent)"
      #expect(try scan(text, Double.self) == Double(text))
    }
  }

  @Test func `reads whole numbers exactly`() throws {
    #expect(try scan("9223372036854775807", Int64.self) == .max)
    #expect(try scan("-9223372036854775808", Int64.self) == .min)
    #expect(try scan("18446744073709551615", UInt64.self) == .max)
    #expect(try scan("1e3", Int32.self) == 1000)
    #expect(try scan("12.00", Int32.self) == 12)
    #expect(try scan("-0", UInt8.self) == 0)
    #expect(throws: JSONError.self) { try scan("18446744073709551616", UInt64.self) }
    #expect(throws: JSONError.self) { try scan("1.5", Int64.self) }
    #expect(throws: JSONError.self) { try scan("1e400", Int64.self) }
  }

  @Test func `agrees with Foundation on mutated documents, and reads nothing outside of them`() throws {
    var generator = SeededGenerator(state: 42)
    let seeds = [
      #"{"id":"a","inputs":[{"name":"x","shape":[2,3],"datatype":"FP32","data":[1,2.5,-3e-2,4,5,6]}],"outputs":[{"name":"y"}]}"#,
      #"[[1,2],[3,4],{"a":null,"b":[true,false]},"t\u00e9xt\\ \n \ud83d\ude00"]"#,
    ]
    var accepted = 0
    for round in 0..<Self.rounds {
      var text = Array(seeds[round % seeds.count].utf8)
      for _ in 0..<Int.random(in: 0...3, using: &generator) {
        let place = Int.random(in: 0..<text.count, using: &generator)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: text[place] = Array("{}[],:\"\\0123e-.tn ".utf8).randomElement(using: &generator) ?? 0
        case 1: text.remove(at: place)
        case 2: text.insert(text[place], at: place)
        default: text.removeSubrange(place...)
        }
        if text.isEmpty { text = [UInt8(ascii: "1")] }
      }
      let isValid = (try? JSONSerialization.jsonObject(with: Data(text), options: .fragmentsAllowed)) != nil
      let isTaken = isAccepted(text)
      // Foundation takes lone surrogates, which no String can hold, and numbers beyond Double, in its own ways.
      let shown = String(decoding: text, as: UTF8.self)
      if !shown.contains("\\u") && !shown.contains("e") || isTaken {
        #expect(isTaken == isValid || shown.contains("e"), "\(shown)")
      }
      if isTaken { accepted += 1 }
      // Whatever the bytes are, a request made of them is read or refused.
      text.withUnsafeBufferPointer { bytes in _ = try? InferenceRequest(json: bytes) }
    }
    #expect(accepted > Self.rounds / 10)
  }

  @Test func `writes what Foundation reads back`() throws {
    var generator = SeededGenerator(state: 3)
    for _ in 0..<200 {
      let text = String(
        String.UnicodeScalarView(
          (0..<20).compactMap { _ in Unicode.Scalar(UInt32.random(in: 0..<0x3000, using: &generator)) }))
      let number = Double(bitPattern: .random(in: .min ... .max, using: &generator))
      var writer = JSONWriter()
      writer.array { writer in
        writer.value(text)
        writer.value(number.isFinite ? number : 1)
        writer.value(Int64.min)
      }
      let values = try #require(JSONSerialization.jsonObject(with: Data(writer.bytes)) as? [Any])
      #expect(values[0] as? String == text)
      #expect(values[2] as? Int64 == .min)
      // JSONSerialization rounds some numbers wrongly; the C library does not.
      let written = String(decoding: writer.bytes, as: UTF8.self).split(separator: ",").dropLast().last.map(String.init)
      #expect(strtod(try #require(written), nil) == (number.isFinite ? number : 1))
    }
  }
}
