/// The formats that model files come in, told by their content; a file's name says nothing.
public enum ModelFormat: String, Sendable, Hashable, Encodable {
  case onnx
  case xgboostJSON = "xgboost-json"
  case xgboostUBJSON = "xgboost-ubjson"
  case lightGBM = "lightgbm"

  /// - Throws: `ModelFileError.malformed` for bytes of no format that is read.
  init(_ bytes: UnsafeRawBufferPointer) throws(ModelFileError) {
    let blanks: Set<UInt8> = [0x20, 0x09, 0x0A, 0x0D]
    if Self.begins(bytes, "tree\n") || Self.begins(bytes, "tree\r\n") {
      self = .lightGBM
    } else if bytes.count > 9, Self.begins(bytes, "{\"", at: 8),
      UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self)) <= UInt64(bytes.count)
    {
      throw ModelFileError(
        .malformed, "the file holds weights only (safetensors), no model; open it with WeightFile", byteOffset: 0)
    } else if let first = bytes.first, first == UInt8(ascii: "{") || blanks.contains(first),
      let brace = bytes.firstIndex(where: { !blanks.contains($0) }), bytes[brace] == UInt8(ascii: "{"),
      brace + 1 < bytes.count
    {
      // In the binary notation the length of the first key follows, with its type.
      let next = bytes[brace + 1]
      let isText = next == UInt8(ascii: "\"") || next == UInt8(ascii: "}") || blanks.contains(next)
      self = isText || brace > 0 ? .xgboostJSON : .xgboostUBJSON
    } else if let first = bytes.first, Self.tags.contains(first) {
      self = .onnx
    } else {
      throw ModelFileError(
        .malformed,
        "\(bytes.isEmpty ? "the file is empty" : "the file is of no format that is read here"): "
          + "give an ONNX model, an XGBoost model as JSON or UBJSON, or a LightGBM model as text",
        byteOffset: 0)
    }
  }

  /// The first byte of each field that an ONNX model may begin with.
  private static let tags: Set<UInt8> = [0x08, 0x12, 0x1A, 0x22, 0x28, 0x32, 0x3A, 0x42, 0x72, 0xA2, 0xCA]

  private static func begins(_ bytes: UnsafeRawBufferPointer, _ text: StaticString, at offset: Int = 0) -> Bool {
    guard bytes.count - offset >= text.utf8CodeUnitCount else { return false }
    return (0..<text.utf8CodeUnitCount).allSatisfy { bytes[offset + $0] == text.utf8Start[$0] }
  }
}
