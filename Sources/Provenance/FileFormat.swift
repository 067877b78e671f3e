import HeadgateArchives

/// The formats that model files come in.
enum FileFormat: Hashable {
  case onnx
  /// It begins like ONNX, and ends early or goes on with something else.
  case damagedONNX
  case trees(TreeOutline)
  /// A pickle, and what it lies in: `nil` when the file is the pickle itself.
  case pickle(within: String?)
  case other(Kind)
  case empty
  case unknown

  /// A format that is known by a few bytes at a fixed place.
  struct Kind: Hashable {
    let rule: String
    let words: String
    let offset: Int
    let magic: [UInt8]
    let extensions: Set<String>

    init(_ rule: String, _ words: String, at offset: Int = 0, _ magic: [UInt8], _ extensions: Set<String>) {
      self.rule = rule
      self.words = words
      self.offset = offset
      self.magic = magic
      self.extensions = extensions
    }
  }

  private static let kinds: [Kind] = [
    Kind("HDF5", "an HDF5 file (Keras)", [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A], ["h5", "hdf5", "keras"]),
    Kind("GGUF", "a GGUF file (llama.cpp)", Array("GGUF".utf8), ["gguf"]),
    Kind("TFLite", "a TensorFlow Lite file", at: 4, Array("TFL3".utf8), ["tflite"]),
    Kind("NumPy", "a NumPy array", [0x93] + Array("NUMPY".utf8), ["npy"]),
    Kind("Tar", "a tar archive", at: 257, Array("ustar".utf8), ["tar"]),
    Kind("Zip", "a zip archive", [0x50, 0x4B, 0x03, 0x04], ["zip", "npz", "keras", "mar", "pt", "pth"]),
    Kind("Zip", "an empty zip archive", [0x50, 0x4B, 0x05, 0x06], ["zip"]),
    Kind("Gzip", "a gzip file", [0x1F, 0x8B], ["gz", "tgz"]),
    Kind("Bzip2", "a bzip2 file", Array("BZh".utf8), ["bz2"]),
    Kind("XZ", "an xz file", [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], ["xz"]),
    Kind("Zstandard", "a Zstandard file", [0x28, 0xB5, 0x2F, 0xFD], ["zst"]),
    Kind("LZ4", "an LZ4 file", [0x04, 0x22, 0x4D, 0x18], ["lz4"]),
    Kind("SevenZip", "a 7z archive", [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], ["7z"]),
    Kind("Executable", "a program (ELF)", [0x7F, 0x45, 0x4C, 0x46], ["so"]),
    Kind("Executable", "a program (PE)", [0x4D, 0x5A, 0x90, 0x00], ["exe", "dll"]),
    Kind("Script", "a script", Array("#!".utf8), ["sh", "py"]),
    Kind("SavedModel", "a TensorFlow SavedModel", [0x08, 0x01, 0x12], ["pb"]),
    Kind("Safetensors", "a safetensors file", at: 8, Array("{\"".utf8), ["safetensors"]),
    Kind("XML", "an XML file (PMML)", Array("<?xml".utf8), ["xml", "pmml"]),
    Kind("JSON", "a JSON file", Array("{".utf8), ["json"]),
  ]

  private static let zlib = Kind("Zlib", "a zlib stream", [0x78], ["z"])

  init(of bytes: UnsafeRawBufferPointer) {
    guard !bytes.isEmpty else {
      self = .empty
      return
    }
    switch ONNXOutline(of: bytes) {
    case .whole:
      self = .onnx
      return
    case .damaged where bytes[0] == 0x08 && !Self.begins(bytes, with: [0x08, 0x01, 0x12], at: 0):
      self = .damagedONNX
      return
    case .damaged, .foreign: break
    }
    if PickleOutline.matches(bytes) {
      self = .pickle(within: nil)
      return
    }
    if let content = Self.decompressedStart(of: bytes) {
      let inside = content.bytes.withUnsafeBytes { PickleOutline.matches($0, isWhole: false) }
      self = inside ? .pickle(within: content.kind.words) : .other(content.kind)
      return
    }
    if let trees = TreeOutline(of: bytes) {
      self = .trees(trees)
      return
    }
    guard let kind = Self.kinds.first(where: { Self.begins(bytes, with: $0.magic, at: $0.offset) }) else {
      self = .unknown
      return
    }
    self =
      kind.rule == "Zip" && ZipOutline.holdsPickle(bytes) ? .pickle(within: "a zip archive (PyTorch)") : .other(kind)
  }

  /// The first bytes of what a gzip file or a zlib stream (joblib's default) holds.
  private static func decompressedStart(of bytes: UnsafeRawBufferPointer) -> (kind: Kind, bytes: [UInt8])? {
    if begins(bytes, with: [0x1F, 0x8B, 0x08], at: 0), let kind = kinds.first(where: { $0.rule == "Gzip" }) {
      guard let start = Inflate.gzipContentStart(bytes) else { return (kind, []) }
      return (kind, unpackedStart(of: bytes[start...]))
    }
    // The two bytes of a zlib header are a multiple of 31 (RFC 1950).
    guard bytes.count > 6, bytes[0] == 0x78, (Int(bytes[0]) << 8 | Int(bytes[1])) % 31 == 0 else { return nil }
    let content = unpackedStart(of: bytes[2...])
    return content.isEmpty ? nil : (zlib, content)
  }

  /// The most that is looked at of a deflate stream. The first bytes of its content need far less, and a stream of
  /// nothing but empty blocks would be walked to its end for them.
  static let packedLimit = 16 << 10

  /// The first bytes of what a deflate stream holds.
  static func unpackedStart(of stream: Slice<UnsafeRawBufferPointer>) -> [UInt8] {
    Inflate.prefix(of: UnsafeRawBufferPointer(rebasing: stream.prefix(packedLimit)), limit: 4096)
  }

  private static func begins(_ bytes: UnsafeRawBufferPointer, with magic: [UInt8], at offset: Int) -> Bool {
    bytes.count >= offset + magic.count && bytes[offset..<offset + magic.count].elementsEqual(magic)
  }

  /// The rule of a blocking finding; `nil` for what may pass.
  var rule: String? {
    switch self {
    case .onnx, .trees: nil
    case .damagedONNX: "DamagedONNX"
    case .pickle: "Pickle"
    case .other(let kind): kind.rule
    case .empty: "Empty"
    case .unknown: "UnknownFormat"
    }
  }

  /// What the file is, to follow "is".
  var words: String {
    switch self {
    case .onnx: "an ONNX model"
    case .damagedONNX: "cut off or damaged: it begins like ONNX"
    case .trees(.xgboostJSON): "an XGBoost model (JSON)"
    case .trees(.xgboostUBJSON): "an XGBoost model (UBJSON)"
    case .trees(.lightGBM): "a LightGBM model"
    case .pickle(nil): "a pickle, which runs code when it is loaded"
    case .pickle(let container?): "a pickle within \(container), which runs code when it is loaded"
    case .other(let kind): kind.words
    case .empty: "empty"
    case .unknown: "of no format that is known here"
    }
  }

  /// The extensions that suit the content; none when any does.
  var extensions: Set<String> {
    switch self {
    case .onnx, .damagedONNX: ["onnx"]
    case .trees(.xgboostJSON): ["json", "model"]
    case .trees(.xgboostUBJSON): ["ubj", "ubjson", "model"]
    case .trees(.lightGBM): ["txt", "lgb", "model"]
    case .pickle(nil): ["pkl", "pickle", "joblib", "p"]
    case .pickle: ["pkl", "pickle", "joblib", "gz", "z", "pt", "pth", "zip", "bin", "ckpt"]
    case .other(let kind): kind.extensions
    case .empty, .unknown: []
    }
  }
}
