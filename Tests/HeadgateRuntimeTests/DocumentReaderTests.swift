import Testing

@testable import HeadgateRuntime

@Suite struct `A reader of documents` {
  private func json<Result>(_ text: String, _ body: (inout JSONReader) throws -> Result) rethrows -> Result {
    try Array(text.utf8).withUnsafeBytes { bytes in
      var reader = JSONReader(bytes, subject: "document")
      return try body(&reader)
    }
  }

  private func binary<Result>(_ bytes: [UInt8], _ body: (inout UBJSONReader) throws -> Result) rethrows -> Result {
    try bytes.withUnsafeBytes { bytes in
      var reader = UBJSONReader(bytes, subject: "document")
      return try body(&reader)
    }
  }

  @Test(
    arguments: [
      (#""plain""#, "plain"), (#""""#, ""), (#" "a\"b\\c\/d\b\f\n\r\t" "#, "a\"b\\c/d\u{8}\u{C}\n\r\t"),
      (#""\u0041\u00e9\u20AC""#, "Aé€"), (#""\ud83d\ude00""#, "😀"), (#""\ud83dx""#, "\u{FFFD}x"), ("\"é€😀\"", "é€😀"),
      ("12.5", "12.5"), ("true", "true"),
    ])
  func `gives texts without their escapes`(text: String, expected: String) throws {
    #expect(try json(text) { try $0.text() } == expected)
  }

  @Test(arguments: ["\"", "\"a", "\"\\", "\"\\\"", #""\x""#, #""\u12""#, #""\u12g4""#, "", " ", "x", "]"])
  func `refuses texts that are none`(text: String) {
    let error = #expect(throws: ModelFileError.self) { try json(text) { try $0.text() } }
    #expect(error?.code == .malformed && error?.byteOffset != nil)
  }

  @Test func `reads numbers into the type that is asked for`() throws {
    let floats = try json("[1, -2.5e1 ,NaN,Infinity,-Infinity, true,false]") { try $0.numbers(Float.self) }
    #expect(floats.map(\.description) == ["1.0", "-25.0", "nan", "inf", "-inf", "1.0", "0.0"])
    #expect(try json("[]") { try $0.numbers(Int32.self) } == [])
    for text in ["[1.5]", "[3000000000]", "[NaN]", "[1", "[1,]", "[,1]", "[1 2]", "[\"1\"]", "[[1]]", "1", "[1e999]"] {
      #expect(throws: ModelFileError.self, "\(text)") { try json(text) { try $0.numbers(Int32.self) } }
    }
  }

  @Test(
    arguments: [
      "{}", "[]", #"{"a":{"b":[1,{"c":"}]"}]}}"#, "12", "null", #""\"]""#, "[[[]]]",
    ])
  func `passes over what nobody asks for`(value: String) throws {
    let keys = try json("{\"first\":\(value),\"last\":[7]}") { reader in
      var keys: [String] = []
      try reader.object { (reader: inout JSONReader, key: DocumentKey) throws(ModelFileError) in
        keys.append(key.text)
        if key == "last" { _ = try reader.numbers(Int32.self) } else { try reader.skip() }
      }
      try reader.finish()
      return keys
    }
    #expect(keys == ["first", "last"])
  }

  @Test(arguments: [
    "{", "{\"a\"", "{\"a\":", "{\"a\":}", "{\"a\":1", "{\"a\":1,}", "{a:1}", "{\"a\" 1}", "{\"a\":1}x", "[]",
  ])
  func `refuses objects that are none`(text: String) {
    #expect(throws: ModelFileError.self) {
      try json(text) { reader in
        try reader.object { (reader: inout JSONReader, _: DocumentKey) throws(ModelFileError) in try reader.skip() }
        try reader.finish()
      }
    }
  }

  @Test func `knows a name in any spelling`() throws {
    let names = try json(#"{"id":1,"\u0069d":2,"idx":3,"":4}"#) { reader in
      var names: [String] = []
      try reader.object { (reader: inout JSONReader, key: DocumentKey) throws(ModelFileError) in
        switch key {
        case "id": names.append("id")
        case "": names.append("none")
        default: names.append(key.text)
        }
        try reader.skip()
      }
      return names
    }
    #expect(names == ["id", "id", "idx", "none"])
  }

  @Test func `reads binary arrays of one type and of any`() throws {
    let typed: [(String, [UInt8])] = [
      ("d", [0x3F, 0x80, 0, 0, 0xC0, 0, 0, 0]), ("D", [0x3F, 0xF0, 0, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0]),
      ("i", [1, 0xFE]), ("I", [0, 1, 0xFF, 0xFE]), ("l", [0, 0, 0, 1, 0xFF, 0xFF, 0xFF, 0xFE]),
      ("L", [0, 0, 0, 0, 0, 0, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE]),
    ]
    for (type, payload) in typed {
      let bytes = Array("[$\(type)#i".utf8) + [2] + payload
      #expect(try binary(bytes) { try $0.numbers(Float.self) } == [1, -2], "\(type)")
      #expect(try binary(bytes) { try $0.numbers(Int32.self) } == [1, -2], "\(type)")
      try binary(bytes) { reader in
        try reader.skip()
        try reader.finish()
      }
      for count in bytes.indices {
        #expect(throws: ModelFileError.self) { try binary(Array(bytes[..<count])) { try $0.numbers(Float.self) } }
        #expect(throws: ModelFileError.self) { try binary(Array(bytes[..<count])) { try $0.skip() } }
      }
    }
    let mixed =
      Array("[Ti".utf8) + [5] + Array("NU".utf8) + [200] + Array("Fd".utf8) + [0x3F, 0x80, 0, 0] + Array("]".utf8)
    #expect(try binary(mixed) { try $0.numbers(Float.self) } == [1, 5, 200, 0, 1])
  }

  @Test func `reads binary texts, numbers and objects`() throws {
    #expect(try binary(Array("Si".utf8) + [2] + Array("ab".utf8)) { try $0.text() } == "ab")
    #expect(try binary(Array("l".utf8) + [0xFF, 0xFF, 0xFF, 0xFE]) { try $0.integer() } == -2)
    #expect(try binary(Array("d".utf8) + [0x3F, 0, 0, 0]) { try $0.text() } == "0.5")
    let object = Array("{i\u{1}aSi\u{1}xi\u{1}b[#i\u{2}Si\u{1}yT}".utf8)
    var seen: [String: [String]] = [:]
    try binary(object) { reader in
      try reader.object { (reader: inout UBJSONReader, key: DocumentKey) throws(ModelFileError) in
        seen[key.text] = key == "a" ? [try reader.text()] : try reader.texts()
      }
      try reader.finish()
    }
    #expect(seen == ["a": ["x"], "b": ["y", "true"]])
  }
}
