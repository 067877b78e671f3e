import HeadgateTensors

/// JPEG files (ITU-T T.81) with Huffman codes and 8 bits a sample, sequential and progressive, in grey or three
/// colours. The pixels are those of libjpeg with its accurate transform and smooth upsampling.
struct JPEGFile: ImageDecoding.Decoder {
  /// Coefficients of 16 bits and planes of bytes, each up to twice the image for it is whole units.
  static let workingBytes = 20
  let width: Int
  let height: Int
  private let file: FileBytes
  private let frame: JPEGFrame

  init(_ file: FileBytes) throws(TensorError) {
    self.file = file
    var position = 2
    while true {
      let segment = try Segment(file, &position)
      switch segment.marker {
      case 0xC0, 0xC1, 0xC2:
        frame = try JPEGFrame(file, segment.start, segment.length, isProgressive: segment.marker == 0xC2)
        width = frame.width
        height = frame.height
        return
      case 0xC3, 0xC5...0xC7, 0xC9...0xCB, 0xCD...0xCF:
        throw TensorError(.unsupported, "this kind of JPEG (marker \(segment.marker)) is not decoded by this version")
      case 0xD9, 0xDA: throw FileBytes.damaged("it has no frame")
      default: break
      }
    }
  }

  func pixels() throws(TensorError) -> ImageDecoding.Pixels {
    var frame = frame
    var tables = JPEGTables()
    var isRGB = frame.components.map(\.id) == [0x52, 0x47, 0x42]
    var scanCount = 0
    var position = 2
    while true {
      let segment = try Segment(file, &position)
      let start = segment.start
      switch segment.marker {
      case 0xDB: try tables.readQuantizers(file, start, segment.length)
      case 0xC4: try tables.readCodes(file, start, segment.length)
      case 0xDD: tables.restartInterval = try file.big16(start)
      // Adobe's marker says whether three colours are YCbCr.
      case 0xEE where segment.length >= 12:
        if file.bytes[start..<start + 5].elementsEqual([0x41, 0x64, 0x6F, 0x62, 0x65]) {
          isRGB = try file.byte(start + 11) == 0
        }
      case 0xE0 where segment.length >= 5:
        if file.bytes[start..<start + 4].elementsEqual([0x4A, 0x46, 0x49, 0x46]) { isRGB = false }
      case 0xDA:
        scanCount += 1
        // A picture has about ten. Each may take the time of the whole picture for next to no bytes.
        guard scanCount <= 500 else { throw FileBytes.damaged("more than 500 scans") }
        frame.takeQuantizers(tables)
        position = try JPEGScan.decode(file, start, tables, into: &frame)
      case 0xD9:
        guard scanCount > 0 else { throw FileBytes.damaged("it has no pixels") }
        return try JPEGPixels.make(frame, isRGB: isRGB)
      default: break
      }
    }
  }

  /// A marker and the place of what belongs to it.
  private struct Segment {
    let marker: Int
    let start: Int
    let length: Int

    /// Reads the next segment and moves the position behind it.
    init(_ file: FileBytes, _ position: inout Int) throws(TensorError) {
      guard try file.byte(position) == 0xFF else { throw FileBytes.damaged("no marker where one must be") }
      while try file.byte(position) == 0xFF { position += 1 }
      marker = try file.byte(position)
      start = position + 3
      if marker == 0xD9 || (0xD0...0xD7).contains(marker) {
        length = 0
        position += 1
      } else {
        length = try file.big16(position + 1) - 2
        _ = try file.range(start, length)
        position = start + length
      }
    }
  }
}

/// The image as a frame header describes it, with the coefficients that scans have given so far.
struct JPEGFrame {
  struct Component {
    let id: Int
    /// How often it is sampled across and down, in relation to the other components.
    let (across, down): (Int, Int)
    let quantizer: Int
    /// The blocks of 8 by 8 samples that whole units of the scan cover.
    let (blocksWide, blocksHigh): (Int, Int)
    /// The samples that belong to the image.
    let (width, height): (Int, Int)
    /// 64 for each block, in rows of blocks.
    var coefficients: [Int16] = []
    /// In the order of the coefficients; as of the component's first scan.
    var steps: [Int]?
  }

  let width: Int
  let height: Int
  let isProgressive: Bool
  let (mostAcross, mostDown): (Int, Int)
  let (unitsWide, unitsHigh): (Int, Int)
  var components: [Component] = []

  init(_ file: FileBytes, _ start: Int, _ length: Int, isProgressive: Bool) throws(TensorError) {
    self.isProgressive = isProgressive
    height = try file.big16(start + 1)
    width = try file.big16(start + 3)
    let count = try file.byte(start + 5)
    guard try file.byte(start) == 8, count == 1 || count == 3, length >= 6 + 3 * count else {
      throw TensorError(.unsupported, "only JPEG files of 8 bits in grey or three colours are decoded")
    }
    // Each block takes a bit at least in the first scan that has it.
    _ = try ImageDecoding.checkedCount(width, height, byteCount: file.count, pixelsPerByte: 512)
    let factors = try (0..<count).map { (index) throws(TensorError) in try file.byte(start + 7 + 3 * index) }
    guard factors.allSatisfy({ (1...4).contains($0 >> 4) && (1...4).contains($0 & 15) }) else {
      throw FileBytes.damaged("sampling factors \(factors)")
    }
    // A single component is never interleaved: its factors mean nothing.
    let across = count == 1 ? [1] : factors.map { $0 >> 4 }
    let down = count == 1 ? [1] : factors.map { $0 & 15 }
    mostAcross = across.max() ?? 1
    mostDown = down.max() ?? 1
    unitsWide = (width + 8 * mostAcross - 1) / (8 * mostAcross)
    unitsHigh = (height + 8 * mostDown - 1) / (8 * mostDown)
    for index in 0..<count {
      components.append(
        Component(
          id: try file.byte(start + 6 + 3 * index), across: across[index], down: down[index],
          quantizer: try file.byte(start + 8 + 3 * index), blocksWide: unitsWide * across[index],
          blocksHigh: unitsHigh * down[index], width: (width * across[index] + mostAcross - 1) / mostAcross,
          height: (height * down[index] + mostDown - 1) / mostDown))
    }
  }

  /// Keeps the quantizers that hold when a scan begins, for components that have none yet.
  mutating func takeQuantizers(_ tables: JPEGTables) {
    for index in components.indices where components[index].steps == nil && components[index].quantizer < 4 {
      components[index].steps = tables.quantizers[components[index].quantizer]
    }
  }
}
