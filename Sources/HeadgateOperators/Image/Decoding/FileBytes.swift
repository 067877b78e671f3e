import HeadgateTensors

/// The bytes of a file, read with checks.
struct FileBytes: Sendable {
  let bytes: [UInt8]

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  var count: Int { bytes.count }

  static func damaged(_ what: String) -> TensorError { TensorError(.invalidValue, "the image is damaged: \(what)") }

  func starts(with prefix: [UInt8]) -> Bool { bytes.starts(with: prefix) }

  func byte(_ offset: Int) throws(TensorError) -> Int {
    guard offset >= 0, offset < bytes.count else { throw FileBytes.damaged("it ends too early") }
    return Int(bytes[offset])
  }

  func range(_ offset: Int, _ length: Int) throws(TensorError) -> ArraySlice<UInt8> {
    guard offset >= 0, length >= 0, offset <= bytes.count, length <= bytes.count - offset else {
      throw FileBytes.damaged("it ends too early")
    }
    return bytes[offset..<offset + length]
  }

  func little16(_ offset: Int) throws(TensorError) -> Int { try byte(offset) | byte(offset &+ 1) << 8 }
  func little32(_ offset: Int) throws(TensorError) -> Int { try little16(offset) | little16(offset &+ 2) << 16 }
  func big16(_ offset: Int) throws(TensorError) -> Int { try byte(offset) << 8 | byte(offset &+ 1) }
  func big32(_ offset: Int) throws(TensorError) -> Int { try big16(offset) << 16 | big16(offset &+ 2) }
}

/// Samples of 1 to 16 bits in a row, highest bits first; rows begin at whole bytes.
struct PackedSamples {
  let bits: Int

  func rowByteCount(_ samples: Int) -> Int { (samples * bits + 7) / 8 }

  /// The sample at an index of a row; of 16 bits the upper 8.
  @inline(__always)
  func sample(_ row: ArraySlice<UInt8>, _ index: Int) -> Int {
    switch bits {
    case 8: return Int(row[row.startIndex + index])
    case 16: return Int(row[row.startIndex + 2 * index])
    default:
      let byte = Int(row[row.startIndex + index * bits / 8])
      return byte >> (8 - bits - index * bits % 8) & (1 << bits - 1)
    }
  }

  /// The factor from a sample to 0...255.
  var scale: Int { bits >= 8 ? 1 : 255 / (1 << bits - 1) }
}
