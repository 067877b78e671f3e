import Domain

/// Tells a file's format from its content, and lets only those pass that hold no code and that the runtime reads: ONNX,
/// and the own files of XGBoost (JSON and UBJSON) and LightGBM (text). Whether one makes a model is not said here.
///
/// Formats that run code when they are loaded (pickle, also inside archives and compressed files) are named as such. Nothing
/// is ever executed here: bytes are compared and, for archives, a few of them unpacked within bounds.
package struct FormatScanner: Scanner {
  package init() {}

  package func scan(_ bytes: UnsafeRawBufferPointer, name: String) -> [Finding] {
    let format = FileFormat(of: bytes)
    let file = name.split(separator: "/").last.map(String.init) ?? name
    var findings: [Finding] = []
    if let rule = format.rule {
      findings.append(
        Finding(
          rule: rule, blocks: true,
          message: "'\(file)' is \(format.words); export the model to ONNX, or save it as XGBoost or LightGBM do"))
    }
    if let fileExtension = Self.fileExtension(of: file), !format.extensions.isEmpty,
      !format.extensions.contains(fileExtension)
    {
      findings.append(
        Finding(
          rule: "ExtensionMismatch", blocks: false,
          message: "'\(file)' is named .\(fileExtension), but its content is \(format.words)"))
    }
    return findings
  }

  private static func fileExtension(of file: String) -> String? {
    guard let dot = file.lastIndex(of: "."), dot != file.startIndex else { return nil }
    return file[file.index(after: dot)...].lowercased()
  }
}
