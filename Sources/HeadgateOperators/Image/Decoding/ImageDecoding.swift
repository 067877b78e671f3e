import HeadgateTensors

/// ImageDecoder: the pixels of an image file in memory.
enum ImageDecoding {
  static let table: [OperatorDefinition] = [.op("ImageDecoder", since: 20, decode)]

  /// What a file decodes to. Samples are rows of pixels from the top, each of 1 (grey) or 3 (red, green, blue) bytes.
  struct Pixels {
    let channels: Int
    let samples: [UInt8]
  }

  /// A file whose header has been read and found sensible.
  protocol Decoder {
    var width: Int { get }
    var height: Int { get }
    /// The most bytes for each pixel that decoding takes beside the output.
    static var workingBytes: Int { get }
    /// - Throws: `TensorError.invalidValue` when the file is damaged, `TensorError.unsupported` for what is not read.
    func pixels() throws(TensorError) -> Pixels
  }

  /// The output is `[height, width, channels]`; `[0, 0, channels]` when the file is damaged or of no known format, as
  /// the operator says. Formats that it names and this version does not read are an error.
  private static func decode(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let format = try call.attributes.string("pixel_format") ?? "RGB"
    guard ["RGB", "BGR", "Grayscale"].contains(format) else {
      throw TensorError(.unsupported, "pixel_format '\(format)' is unknown")
    }
    let channels = format == "Grayscale" ? 1 : 3
    let bytes = try call.tensor(0).withElements(UInt8.self) { FileBytes(Array($0)) }
    do {
      let decoder = try decoder(for: bytes)
      // Made before the pixels, so that what a header demands is charged before it is allocated. No byte of the working
      // memory is touched: it only stands for what the decoder takes.
      let working = try call.make(
        UInt8.self, [decoder.height, decoder.width, type(of: decoder).workingBytes]
      ) { _ in }
      defer { withExtendedLifetime(working) {} }
      return [
        .tensor(
          try call.make(UInt8.self, [decoder.height, decoder.width, channels]) { (output) throws(TensorError) in
            write(try decoder.pixels(), format, into: output)
          })
      ]
    } catch {
      guard error.code == .invalidValue else { throw error }
      return [.tensor(try call.make(UInt8.self, [0, 0, channels]) { _ in })]
    }
  }

  private static func decoder(for file: FileBytes) throws(TensorError) -> any Decoder {
    if file.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return try PNGFile(file) }
    if file.starts(with: [0xFF, 0xD8, 0xFF]) { return try JPEGFile(file) }
    if file.starts(with: [0x42, 0x4D]) { return try BitmapFile(file) }
    if file.starts(with: [0x49, 0x49, 42, 0]) || file.starts(with: [0x4D, 0x4D, 0, 42]) { return try TIFFFile(file) }
    if file.starts(with: [0, 0, 0, 12, 0x6A, 0x50]) || file.starts(with: [0xFF, 0x4F, 0xFF, 0x51]) {
      return try JPEG2000File(file)
    }
    if file.starts(with: [0x52, 0x49, 0x46, 0x46]), file.bytes.dropFirst(8).starts(with: [0x57, 0x45, 0x42, 0x50]) {
      return try WebPFile(file)
    }
    if file.starts(with: [0x50]) { return try AnymapFile(file) }
    throw FileBytes.damaged("no known format")
  }

  private static func write(_ pixels: Pixels, _ format: String, into output: UnsafeMutableBufferPointer<UInt8>) {
    let samples = pixels.samples
    if format == "Grayscale" {
      for pixel in output.indices {
        output[pixel] =
          pixels.channels == 1
          ? samples[pixel] : luma(samples[3 * pixel], samples[3 * pixel + 1], samples[3 * pixel + 2])
      }
      return
    }
    let order = format == "BGR" ? [2, 1, 0] : [0, 1, 2]
    for pixel in 0..<output.count / 3 {
      for channel in 0..<3 {
        output[3 * pixel + channel] = pixels.channels == 1 ? samples[pixel] : samples[3 * pixel + order[channel]]
      }
    }
  }

  /// ITU-R 601-2 luma in 16-bit fixed point.
  private static func luma(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> UInt8 {
    UInt8(truncatingIfNeeded: (19595 * Int(red) + 38470 * Int(green) + 7471 * Int(blue) + 0x8000) >> 16)
  }

  /// The number of pixels of an image that `byteCount` bytes may describe.
  ///
  /// - Parameter pixelsPerByte: what the format can pack at most; a header that claims more is damaged.
  static func checkedCount(_ width: Int, _ height: Int, byteCount: Int, pixelsPerByte: Int) throws(TensorError) -> Int {
    guard width > 0, height > 0, width < 1 << 24, height < 1 << 24,
      width * height <= byteCount.multipliedReportingOverflow(by: pixelsPerByte).partialValue
    else { throw FileBytes.damaged("\(byteCount) bytes hold no \(width) by \(height) pixels") }
    return width * height
  }
}
