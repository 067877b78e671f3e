import Foundation
import HeadgateRuntime
import Testing

@Suite struct `An archive of arrays` {
  // numpy.savez_compressed(x=numpy.arange(6, dtype=numpy.float32).reshape(2, 3), s=numpy.array(["a", "bé", ""])), NumPy 2.
  private static let compressed = """
    UEsDBC0AAAAIAAAAIQBP6QAq//////////8FABQAeC5ucHkBABAAmAAAAAAAAABVAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loG6TZqKuo6Cell9U\
    UpSYF59flJIKEndLzClOBYoXZyQWpAL5GkY6CsaaOgq1CmQDLgYwaLAHEg5ABMQNQLzAAQBQSwMELQAAAAgAAAAhACEnW+j//////////wUAFABzLm5w\
    eQEAEACYAAAAAAAAAE4AAAAAAAAAm+wX6hsQychQxlCtnpJanFykbqWgbhNqpK6joJ6WX1RSlJgXn1+UkgoSd0vMKU4FihdnJBakAvkaxjqaOgq1ChQA\
    rkQGCEgC4pcMCAAAUEsBAi0DLQAAAAgAAAAhAE/pACpVAAAAmAAAAAUAAAAAAAAAAAAAAIABAAAAAHgubnB5UEsBAi0DLQAAAAgAAAAhACEnW+hOAAAA\
    mAAAAAUAAAAAAAAAAAAAAIABjAAAAHMubnB5UEsFBgAAAAACAAIAZgAAABEBAAAAAA==
    """
  // zipfile's entry of numpy.array([1, 2, 3], dtype=">i2") with force_zip64.
  private static let wide = """
    UEsDBC0AAAAAAAAAIQCyykvL//////////8FABQAeC5ucHkBABAAhgAAAAAAAACGAAAAAAAAAJNOVU1QWQEAdgB7J2Rlc2NyJzogJz5pMicsICdmb3J0\
    cmFuX29yZGVyJzogRmFsc2UsICdzaGFwZSc6ICgzLCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg\
    ICAgICAgICAKAAEAAgADUEsBAi0DLQAAAAAAAAAhALLKS8uGAAAAhgAAAAUAAAAAAAAAAAAAAIABAAAAAHgubnB5UEsFBgAAAAABAAEAMwAAAL0AAAAA\
    AA==
    """

  private func read(_ base64: String) throws -> ArrayArchive {
    try ArrayArchive(bytes: ModelBytes(Array(#require(Data(base64Encoded: base64)))))
  }

  /// The bytes of an array file with a header as given.
  private func array(_ header: String, _ elements: [UInt8], format: UInt8 = 1) -> ModelBytes {
    let text = Array(header.utf8)
    let length = (0..<(format == 1 ? 2 : 4)).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }
    return ModelBytes([0x93] + Array("NUMPY".utf8) + [format, 0] + length + text + elements)
  }

  @Test func `is read compressed, with texts`() throws {
    let archive = try read(Self.compressed)
    #expect(archive.arrays.map(\.name) == ["x", "s"])
    #expect(archive.tensors["x"]?.shape == [2, 3])
    #expect(try archive.tensors["x"]?.floats() == [0, 1, 2, 3, 4, 5])
    #expect(try archive.tensors["s"]?.strings() == ["a", "bé", ""])
  }

  @Test func `is read with zip64 sizes and the other order of bytes`() throws {
    let tensor = try #require(try read(Self.wide).tensors["x"])
    #expect(try tensor.array(of: Int16.self) == [1, 2, 3])
  }

  @Test func `is read column by column and in all formats`() throws {
    // numpy.asfortranarray([[1, 2, 3], [4, 5, 6]]) of bytes lies as 1 4 2 5 3 6.
    let header = "{'shape': (2L, 3L), 'fortran_order': True, 'descr': \"|u1\"}\n"
    for format: UInt8 in [1, 2, 3] {
      let tensor = try #require(
        try ArrayArchive(bytes: array(header, [1, 4, 2, 5, 3, 6], format: format)).arrays.first?.tensor)
      #expect(tensor.shape == [2, 3])
      #expect(try tensor.array(of: UInt8.self) == [1, 2, 3, 4, 5, 6])
    }
  }

  static let refusals: [(header: String, count: Int, word: String)] = [
    ("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", 8, "pickle"),
    ("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", 4, "structured"),
    ("{'descr': '<M8[ns]', 'fortran_order': False, 'shape': (1,), }", 8, "<M8[ns]"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 4, "do not fill"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", 5, "do not fill"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4), }", 0, "memory"),
    ("{'descr': '<U0', 'fortran_order': False, 'shape': (1099511627776,), }", 0, "empty texts"),
    ("{'descr': '<U99999999999', 'fortran_order': False, 'shape': (1,), }", 4, "no place"),
    ("{'descr': '<U1', 'fortran_order': False, 'shape': (1,), }", 4, "Unicode"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", 4, "damaged"),
    ("{'descr': '<f4', 'fortran_order': 1, 'shape': (1,), }", 4, "damaged"),
    ("{'descr': '<f4'", 4, "damaged"),
    ("", 4, "damaged"),
  ]

  @Test(arguments: refusals)
  func `refuses what is no plain array`(header: String, count: Int, word: String) throws {
    let error = #expect(throws: ArrayArchiveError.self) {
      try ArrayArchive(bytes: array(header, [UInt8](repeating: 0xFF, count: count)))
    }
    #expect(error?.message.contains(word) == true, "\(error?.message ?? "")")
  }

  @Test func `refuses what takes more memory than allowed`() throws {
    let bytes = ModelBytes(Array(try #require(Data(base64Encoded: Self.compressed))))
    #expect(throws: ArrayArchiveError.self) { try ArrayArchive(bytes: bytes, maxBytes: 200) }
  }

  @Test func `never traps, whatever its bytes are`() throws {
    let bytes = Array(try #require(Data(base64Encoded: Self.wide)))
    for index in bytes.indices {
      for value: UInt8 in [0, 0x7F, 0xFF, 0x28, 0x39] {
        var damaged = bytes
        damaged[index] = value
        _ = try? ArrayArchive(bytes: ModelBytes(damaged))
        // The array by itself, so that no checksum hides the damage.
        _ = try? ArrayArchive(bytes: ModelBytes(damaged.dropFirst(55)))
      }
    }
  }

  @Test func `is written as NumPy writes it`() throws {
    let path = NSTemporaryDirectory() + "arrays-\(UUID().uuidString).npz"
    defer { try? FileManager.default.removeItem(atPath: path) }
    var archive = ArrayArchive()
    archive.add("x", try Tensor(shape: [2, 1], floats: [1.5, -.infinity]))
    archive.add("s", try Tensor(shape: [2], strings: ["größer", "𝄞"]))
    archive.add("b", try Tensor(shape: [], bools: [true]))
    archive.add("none", try Tensor(shape: [0, 3], doubles: []))
    archive.add("h", try Tensor(shape: [1], [BFloat16(2.5)]))
    try archive.write(to: path)
    let back = try ArrayArchive(path: path)
    #expect(back.arrays.map(\.name) == ["x", "s", "b", "none", "h"])
    #expect(try back.tensors["x"]?.floats() == [1.5, -.infinity])
    #expect(try back.tensors["s"]?.strings() == ["größer", "𝄞"])
    #expect(try back.tensors["b"]?.bools() == [true])
    #expect(back.tensors["none"]?.shape == [0, 3])
    #expect(try back.tensors["h"]?.floats() == [2.5])
  }
}
