import HeadgateArchives
import HeadgateTensors

/// Pixels that PNG and TIFF pack as a zlib stream (RFC 1950).
enum ZlibStream {
  /// The first `length` bytes of the content: what follows is not unpacked, and its checksum not looked at.
  ///
  /// - Throws: `TensorError.invalidValue` when the stream is damaged or too short.
  static func content(of stream: ArraySlice<UInt8>, length: Int) throws(TensorError) -> [UInt8] {
    let head = stream.prefix(2).map(Int.init)
    guard head.count == 2, head[0] & 15 == 8, (head[0] << 8 | head[1]) % 31 == 0, head[1] & 32 == 0 else {
      throw FileBytes.damaged("no zlib stream")
    }
    let content = stream.withUnsafeBytes { bytes in
      Inflate.prefix(of: UnsafeRawBufferPointer(rebasing: bytes[2...]), limit: length)
    }
    guard content.count == length else { throw FileBytes.damaged("its packed pixels are damaged or end too early") }
    return content
  }
}
