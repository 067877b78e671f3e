import HeadgateTensors

/// The header of a safetensors file: eight bytes of length, then JSON, then the bytes of the tensors without gaps.
struct WeightHeader {
  private(set) var weights: [WeightFile.Weight] = []
  private(set) var metadata: [String: String] = [:]
  private(set) var places: [String: Int] = [:]

  /// The limit of the format's own library.
  static let maxByteCount = 100_000_000
  /// Extents and ranks beyond this make no tensor.
  private static let maxRank = 64

  init(_ bytes: UnsafeRawBufferPointer) throws(ModelFileError) {
    guard bytes.count >= 8 else { throw Self.malformed("it has \(bytes.count) bytes", at: 0) }
    let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    guard length <= UInt64(Self.maxByteCount) else {
      throw ModelFileError(
        .tooLarge, "safetensors: a header of \(length) bytes; the format allows \(Self.maxByteCount)", byteOffset: 0)
    }
    guard length <= UInt64(bytes.count - 8) else {
      throw Self.malformed("a header of \(length) bytes in a file of \(bytes.count)", at: 0)
    }
    let start = 8 + Int(length)
    guard length > 0, bytes[8] == UInt8(ascii: "{") else { throw Self.malformed("the header is no object", at: 8) }
    var reader = JSONReader(bytes, range: 8..<start, subject: "safetensors file")
    var entries: [Entry] = []
    var hasMetadata = false
    try reader.object { (reader: inout JSONReader, name: DocumentKey) throws(ModelFileError) in
      let offset = reader.position
      if name == "__metadata__" {
        guard !hasMetadata else { throw Self.malformed("'__metadata__' stands there twice", at: offset) }
        hasMetadata = true
        return try readMetadata(&reader)
      }
      entries.append(try Entry(name.text, &reader, offset))
    }
    try reader.finish()
    entries.sort { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
    try lay(entries, from: start, to: bytes.count)
  }

  private mutating func readMetadata(_ reader: inout JSONReader) throws(ModelFileError) {
    try reader.object { (reader: inout JSONReader, key: DocumentKey) throws(ModelFileError) in
      let offset = reader.position
      guard metadata.updateValue(try reader.string(), forKey: key.text) == nil else {
        throw Self.malformed("'\(key.text.prefix(200))' stands twice in the metadata", at: offset)
      }
    }
  }

  /// Checks that the tensors fill the rest of the file, one after the other.
  private mutating func lay(_ entries: [Entry], from start: Int, to end: Int) throws(ModelFileError) {
    var position = 0
    for entry in entries {
      let name = entry.name.prefix(200)
      guard entry.range.lowerBound == position else {
        let what = entry.range.lowerBound < position ? "overlap the weights before them" : "leave a gap before them"
        throw Self.malformed("weights '\(name)' \(what)", at: entry.offset)
      }
      guard entry.range.upperBound <= end - start else {
        throw Self.malformed("weights '\(name)' end beyond the file", at: entry.offset)
      }
      position = entry.range.upperBound
      guard places.updateValue(weights.count, forKey: entry.name) == nil else {
        throw Self.malformed("weights '\(name)' stand there twice", at: entry.offset)
      }
      weights.append(
        WeightFile.Weight(
          name: entry.name, elementType: entry.type, shape: entry.shape,
          bytes: start + entry.range.lowerBound..<start + entry.range.upperBound))
    }
    guard position == end - start else {
      throw Self.malformed("\(end - start - position) bytes after the last weights", at: start + position)
    }
  }

  static func malformed(_ what: String, at offset: Int) -> ModelFileError {
    ModelFileError(
      .malformed, "not a readable safetensors file: \(what); the file is damaged, incomplete or of another format",
      byteOffset: offset)
  }

  /// One tensor as the header lists it.
  private struct Entry {
    let name: String
    let offset: Int
    let type: ElementType
    let shape: Shape
    let range: Range<Int>

    init(_ name: String, _ reader: inout JSONReader, _ offset: Int) throws(ModelFileError) {
      let short = name.prefix(200)
      var dtype: String?
      var extents: [Int64]?
      var ends: [Int64]?
      try reader.object { (reader: inout JSONReader, key: DocumentKey) throws(ModelFileError) in
        let isNew: Bool
        switch key {
        case "dtype":
          isNew = dtype == nil
          dtype = try reader.string()
        case "shape":
          isNew = extents == nil
          extents = try reader.numbers(Int64.self)
        case "data_offsets":
          isNew = ends == nil
          ends = try reader.numbers(Int64.self)
        default: throw WeightHeader.malformed("weights '\(short)' have '\(key.text.prefix(200))'", at: offset)
        }
        guard isNew else { throw WeightHeader.malformed("weights '\(short)' have '\(key)' twice", at: offset) }
      }
      guard let dtype, let extents, let ends, ends.count == 2, ends[0] >= 0, ends[0] <= ends[1] else {
        throw WeightHeader.malformed("weights '\(short)' lack a type, a shape or their place", at: offset)
      }
      guard let (type, bits) = Self.types[dtype] else {
        throw ModelFileError(
          .unsupported,
          "safetensors: weights '\(short)' have elements of type \(dtype.prefix(40)), which this version "
            + "does not read", byteOffset: offset)
      }
      guard extents.count <= WeightHeader.maxRank, extents.allSatisfy({ $0 >= 0 }) else {
        throw WeightHeader.malformed("weights '\(short)' have a senseless shape", at: offset)
      }
      let shape = extents.map { Int($0) }
      let count: Int
      do {
        count = try shape.elementCount()
      } catch {
        throw WeightHeader.malformed("weights '\(short)': \(error)", at: offset)
      }
      let (size, overflow) = count.multipliedReportingOverflow(by: bits)
      guard !overflow, size.isMultiple(of: 8), Int64(size / 8) == ends[1] - ends[0] else {
        throw WeightHeader.malformed(
          "weights '\(short)' of type \(dtype) and shape \(shape) do not fill \(ends[1] - ends[0]) bytes", at: offset)
      }
      self.name = name
      self.offset = offset
      self.type = type
      self.shape = shape
      range = Int(ends[0])..<Int(ends[1])
    }

    /// The types by their names, with the bits of an element. Those of 6 bits have no tensors here.
    private static let types: [String: (ElementType, bits: Int)] = [
      "BOOL": (.bool, 8), "U8": (.uint8, 8), "I8": (.int8, 8), "U16": (.uint16, 16), "I16": (.int16, 16),
      "U32": (.uint32, 32), "I32": (.int32, 32), "U64": (.uint64, 64), "I64": (.int64, 64), "F16": (.float16, 16),
      "BF16": (.bfloat16, 16), "F32": (.float, 32), "F64": (.double, 64), "C64": (.complex64, 64),
      "F8_E4M3": (.float8e4m3fn, 8), "F8_E5M2": (.float8e5m2, 8), "F8_E8M0": (.float8e8m0, 8), "F4": (.float4e2m1, 4),
    ]
  }
}
