import Glibc

/// Text out: results to descriptor 1, everything else to descriptor 2.
enum Terminal {
  /// Whether colour and moving progress may go to standard output.
  static let isRich = isatty(1) == 1 && allowsColour

  /// Whether they may go to standard error.
  static let complaintsAreRich = isatty(2) == 1 && allowsColour

  /// NO_COLOR counts when it is not empty, whatever it says.
  private static let allowsColour = getenv("NO_COLOR").map { $0.pointee == 0 } ?? true

  /// Writes a result.
  static func show(_ text: String) {
    write(text.hasSuffix("\n") ? text : text + "\n", to: 1)
  }

  /// Writes a remark, a warning or an error, which may speak of names from outside.
  static func complain(_ text: String) {
    complain(coloured: plain(text, keepsLines: true))
  }

  /// Writes what has colours of our own, and nothing else that steers a terminal.
  static func complain(coloured text: String) {
    write(text.hasSuffix("\n") ? text : text + "\n", to: 2)
  }

  /// Writes a part of a line that the next part may overwrite.
  static func move(_ text: String) {
    write(text, to: 2)
  }

  /// Text from outside, such as names in a model file, with `?` for each control character: none may steer a terminal.
  /// - Parameter keepsLines: whether line ends stay as they are.
  static func plain(_ text: String, keepsLines: Bool = false) -> String {
    let characters: [Character] = text.unicodeScalars.map { scalar in
      let isKept = scalar.properties.generalCategory != .control || (keepsLines && scalar == "\n")
      return isKept ? Character(scalar) : "?"
    }
    return String(characters)
  }

  private static func write(_ text: String, to descriptor: Int32) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return }
      bytes = bytes.dropFirst(count)
    }
  }
}
