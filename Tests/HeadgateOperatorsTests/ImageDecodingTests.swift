import Foundation
import HeadgateTensors
import Testing

@testable import HeadgateOperators

/// Expected values are Pillow's.
@Suite struct `ImageDecoder` {
  @Test(arguments: ImageFile.all)
  func `reads`(file: ImageFile) throws {
    let image = try decode(file.bytes)
    #expect(image.shape == file.shape)
    let samples = try image.array(of: UInt8.self)
    #expect(samples.reduce(0) { $0 + Int($1) } == file.sum)
    let swapped = try decode(file.bytes, "BGR").array(of: UInt8.self)
    #expect(Array(swapped.prefix(3)) == samples.prefix(3).reversed())
    #expect(try decode(file.bytes, "Grayscale").shape == [file.shape[0], file.shape[1], 1])
  }

  @Test func `gives an empty matrix for what is no image`() throws {
    for bytes in [[], [0x50], [0x42, 0x4D], [0xFF, 0xD8, 0xFF], Array("nonsense".utf8)] as [[UInt8]] {
      #expect(try decode(bytes).shape == [0, 0, 3])
      #expect(try decode(bytes, "Grayscale").shape == [0, 0, 1])
    }
    #expect(throws: TensorError.self) { try decode([], "CMYK") }
    #expect(throws: TensorError.self) { try decode(Array("RIFF    WEBPVP8L    ".utf8)) }
  }

  @Test(arguments: ImageFile.all)
  func `gives an empty matrix for every file that ends too early`(file: ImageFile) throws {
    // The end marker of a PNG is 12 bytes, that of a JPEG 2; the TIFF ends with what it points to.
    for length in 0..<file.bytes.count - 12 {
      let image = try decode(Array(file.bytes.prefix(length)))
      #expect(image.count == 0 || file.name.hasSuffix("TIFF"))
    }
  }

  /// The count of damaged files comes from HEADGATE_SCALE_FUZZ.
  @Test(arguments: ImageFile.all)
  func `ends with an image or an error for damaged files`(file: ImageFile) throws {
    var state: UInt64 = 7
    func random(_ below: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % below
    }
    let count = ProcessInfo.processInfo.environment["HEADGATE_SCALE_FUZZ"].flatMap(Int.init) ?? 2000
    for _ in 0..<max(count / ImageFile.all.count, 1) {
      var bytes = file.bytes
      for _ in 0...random(4) { bytes[random(bytes.count)] = UInt8(random(3) == 0 ? 255 : random(256)) }
      if random(4) == 0 { bytes.removeLast(random(bytes.count)) }
      if let image = try? decode(bytes) { #expect(image.rank == 3) }
    }
  }

  private func decode(_ bytes: [UInt8], _ format: String = "RGB") throws -> Tensor {
    let file = try Tensor(shape: [bytes.count], bytes)
    return try run("ImageDecoder", opset: 20, [file], [("pixel_format", .string(format))])[0]
  }
}
