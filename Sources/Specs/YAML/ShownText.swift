/// Text of a file inside a message: short, on one line, and without anything a terminal would obey.
extension String {
  /// At most 60 characters, control and invisible characters replaced.
  var shown: String {
    var result = ""
    for (index, scalar) in unicodeScalars.enumerated() {
      if index == 60 { return result + "..." }
      result.unicodeScalars.append(scalar.visible)
    }
    return result
  }

  /// The same between quotes.
  var quoted: String { "'\(shown)'" }
}

extension Double {
  /// Without a fraction when it has none.
  var shown: String {
    self == rounded() && abs(self) < 1e15 ? "\(Int(self))" : "\(self)"
  }
}

extension Unicode.Scalar {
  /// The scalar itself, or a visible stand-in of one column for one that would move the cursor, hide itself or turn the
  /// direction of the text.
  var visible: Unicode.Scalar {
    switch value {
    case 0x09: "\u{2192}"
    case 0x00...0x1F: Unicode.Scalar(0x2400 + value) ?? "\u{FFFD}"
    case 0x7F: "\u{2421}"
    case 0x80...0x9F, 0xAD, 0x061C, 0x180E, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF, 0xFFF9...0xFFFB,
      0xE0000...0xE0FFF:
      "\u{FFFD}"
    default: self
    }
  }

  /// How many columns a terminal gives it.
  var columns: Int {
    switch value {
    case 0x300...0x36F, 0x1AB0...0x1AFF, 0x20D0...0x20FF, 0xFE00...0xFE0F, 0xFE20...0xFE2F: 0
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
      0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F900...0x1FAFF, 0x20000...0x3FFFD:
      2
    default: 1
    }
  }
}
