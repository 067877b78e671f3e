import Foundation
import HeadgateTensors
import Testing

@testable import HeadgateRuntime

@Suite struct `A file of weights` {
  private static func file(_ header: String, _ bytes: [UInt8]) -> ModelBytes {
    let length = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) }
    return ModelBytes(length + Array(header.utf8) + bytes)
  }

  /// The bytes of [1.5, -2] as floats, of [7] as int64, and of [1, 0] as bools.
  private static let bytes: [UInt8] =
    [0, 0, 0xC0, 0x3F, 0, 0, 0, 0xC0] + [7, 0, 0, 0, 0, 0, 0, 0] + [1, 0]
  private static let header = """
    {"__metadata__":{"format":"pt"},"b":{"dtype":"I64","shape":[1],"data_offsets":[8,16]},\
    "a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"c":{"dtype":"BOOL","shape":[2],"data_offsets":[16,18]},\
    "d":{"dtype":"F32","shape":[0,3],"data_offsets":[18,18]}}
    """

  @Test func `gives names, types, shapes and tensors in the order of its bytes`() throws {
    let file = try WeightFile(bytes: Self.file(Self.header, Self.bytes))
    #expect(file.names == ["a", "b", "c", "d"])
    #expect(file.metadata == ["format": "pt"])
    #expect(file.weights.map(\.elementType) == [.float, .int64, .bool, .float])
    #expect(file.weight("a")?.shape == [2, 1])
    #expect(try file.tensor("a").floats() == [1.5, -2])
    #expect(try file.tensor("b").integers() == [7])
    #expect(try file.tensor("c").bools() == [true, false])
    #expect(try file.tensor("d").shape == [0, 3])
    #expect(file.weight("e") == nil)
    #expect(throws: TensorError.self) { try file.tensor("e") }
  }

  @Test func `may hold a scalar, and nothing at all`() throws {
    let scalar = try WeightFile(
      bytes: Self.file("{\"s\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}   ", [0, 0, 0xC0, 0x3F]))
    #expect(try scalar.tensor("s").floats() == [1.5])
    #expect(try WeightFile(bytes: Self.file("{}", [])).weights.isEmpty)
  }

  @Test(
    arguments: [
      ("overlap", "\"data_offsets\":[8,16]", "\"data_offsets\":[7,15]"),
      ("gap", "\"data_offsets\":[8,16]", "\"data_offsets\":[9,17]"),
      ("fill", "\"data_offsets\":[8,16]", "\"data_offsets\":[8,18]"),
      ("lack", "\"data_offsets\":[8,16]", "\"data_offsets\":[16,8]"),
      ("lack", "\"data_offsets\":[8,16]", "\"data_offsets\":[8]"),
      ("lack", "\"data_offsets\":[8,16]", "\"data_offsets\":[-8,0]"),
      ("fit", "\"data_offsets\":[8,16]", "\"data_offsets\":[8,99999999999999999999]"),
      ("fill", "\"dtype\":\"I64\"", "\"dtype\":\"I32\""),
      ("twice", "\"b\":{", "\"a\":{"),
      ("twice", "\"dtype\":\"I64\",", "\"dtype\":\"I64\",\"dtype\":\"I64\","),
      ("'more'", "\"dtype\":\"I64\",", "\"dtype\":\"I64\",\"more\":1,"),
      ("shape", "\"shape\":[1]", "\"shape\":[-1]"),
      ("limit", "\"shape\":[1]", "\"shape\":[4611686018427387904,4]"),
      ("text in quotes", "\"format\":\"pt\"", "\"format\":3"),
      ("twice", "\"format\":\"pt\"", "\"format\":\"pt\",\"format\":\"pt\""),
      ("F6_E2M3", "\"I64\"", "\"F6_E2M3\""),
    ])
  func `is refused when its header does not describe its bytes`(naming: String, from: String, to: String) {
    let header = Self.header.replacing(from, with: to)
    let error = #expect(throws: ModelFileError.self) { try WeightFile(bytes: Self.file(header, Self.bytes)) }
    #expect(error?.message.contains(naming) == true, "\(error?.message ?? "")")
    #expect(error?.byteOffset != nil)
  }

  @Test func `is refused with bytes too many or too few`() {
    for bytes in [Self.bytes + [0], Array(Self.bytes.dropLast())] {
      #expect(throws: ModelFileError.self) { try WeightFile(bytes: Self.file(Self.header, bytes)) }
    }
    var whole = Self.file(Self.header, Self.bytes).withUnsafeBytes { Array($0) }
    for count in whole.indices {
      #expect(throws: ModelFileError.self) { try WeightFile(bytes: ModelBytes(whole[..<count])) }
    }
    whole[7] = 0x7F
    #expect(throws: ModelFileError.self) { try WeightFile(bytes: ModelBytes(whole)) }
  }

  @Test func `is told from a model`() {
    let error = #expect(throws: ModelFileError.self) { try Model(bytes: Self.file(Self.header, Self.bytes)) }
    #expect(error?.message.contains("WeightFile") == true)
  }

  /// The count comes from HEADGATE_SCALE_FUZZ.
  @Test func `never traps, whichever bytes are changed`() {
    let count = ProcessInfo.processInfo.environment["HEADGATE_SCALE_FUZZ"].flatMap(Int.init) ?? 2000
    let original = Self.file(Self.header, Self.bytes).withUnsafeBytes { Array($0) }
    var random = SplitMix(state: 5)
    var loaded = 0
    for _ in 0..<count {
      let bytes = `A hostile tree model`.changed(original, using: &random)
      guard let file = try? WeightFile(bytes: ModelBytes(bytes)) else { continue }
      loaded += 1
      for name in file.names { _ = try? file.tensor(name) }
    }
    #expect(loaded > 0 && loaded < count)
  }
}
