import Domain

/// Reads scalars.
extension ShapeReader {
  func scalar(_ scalar: Scalar, _ node: Node, as shape: Shape, name: String) -> Reading? {
    guard let value = scalarValue(scalar, node, as: shape, name: name) else { return nil }
    return Reading(value: value, span: node.span)
  }

  private func scalarValue(_ scalar: Scalar, _ node: Node, as shape: Shape, name: String) -> Reading.Value? {
    switch shape {
    case .integer(let range): return integer(scalar, node, shape, range, name)
    case .number(let range): return number(scalar, node, shape, range, name)
    default: break
    }
    guard scalar.tag == .string else {
      // `split: 2024` and `positive: true` are no strings in YAML.
      let hint = shape.takesFreeText && scalar.tag != .null ? "put it in quotes: \"\(scalar.text.shown)\"" : nil
      wrongType(node, shape, name, hint: hint)
      return nil
    }
    let text = scalar.text
    switch shape {
    case .text(let maximum), .anyText(let maximum):
      return freeText(text, node, maximum, mayBeEmpty: shape.mayBeEmpty, name)
    case .name: return pattern(text, node, shape, name, isName(text))
    case .gateName: return pattern(text, node, shape, name, isGateName(text))
    case .fileName: return pattern(text, node, shape, name, isFileName(text))
    case .path: return path(text, node, name)
    case .digest: return digest(text, node, shape, name)
    case .duration(let range):
      guard let duration = Units.duration(text) else { break }
      guard range.contains(duration) else {
        return outOfRange(node, name, Units.text(range.lowerBound), Units.text(range.upperBound))
      }
      return .duration(duration)
    case .share(let least):
      guard let share = Units.share(text) else { break }
      guard share.basisPoints >= least else {
        return outOfRange(node, name, "0.01%", "100%")
      }
      return .share(share)
    case .size(let range):
      guard let size = Units.size(text) else { break }
      guard range.contains(size) else {
        return outOfRange(node, name, Units.text(size: range.lowerBound), Units.text(size: range.upperBound))
      }
      return .size(size)
    case .choice(let words, let later): return choice(text, node, words, later, name)
    default: break
    }
    wrongType(node, shape, name)
    return nil
  }

  // MARK: - Numbers

  private func integer(
    _ scalar: Scalar, _ node: Node, _ shape: Shape, _ range: ClosedRange<Int>, _ name: String
  ) -> Reading.Value? {
    guard scalar.tag == .integer else {
      wrongType(node, shape, name)
      return nil
    }
    guard let integer = scalar.integer, range.contains(integer) else {
      return outOfRange(node, name, "\(range.lowerBound)", "\(range.upperBound)")
    }
    return .integer(integer)
  }

  private func number(
    _ scalar: Scalar, _ node: Node, _ shape: Shape, _ range: ClosedRange<Double>, _ name: String
  ) -> Reading.Value? {
    guard scalar.tag == .integer || scalar.tag == .float else {
      wrongType(node, shape, name)
      return nil
    }
    guard let number = scalar.number, range.contains(number) else {
      guard range.upperBound < .greatestFiniteMagnitude else {
        findings.error(at: node.span, "\(name) must be a finite number, found \(scalar.text.shown)")
        return nil
      }
      return outOfRange(node, name, range.lowerBound.shown, range.upperBound.shown)
    }
    // 0.0 and -0.0 mean the same.
    return .number(number == 0 ? 0 : number)
  }

  private func outOfRange(_ node: Node, _ name: String, _ lower: String, _ upper: String) -> Reading.Value? {
    findings.error(at: node.span, "\(name) must lie between \(lower) and \(upper)")
    return nil
  }

  // MARK: - Texts

  private func freeText(
    _ text: String, _ node: Node, _ maximum: Int, mayBeEmpty: Bool, _ name: String
  ) -> Reading.Value? {
    if text.isEmpty, !mayBeEmpty {
      findings.error(at: node.span, "\(name) must not be empty")
      return nil
    }
    // Bytes bound characters, and counting characters of a huge text is slow.
    if text.utf8.count > maximum, text.unicodeScalars.count > maximum {
      findings.error(at: node.span, "\(name) has more than \(maximum) characters")
      return nil
    }
    if text.utf8.contains(0) {
      findings.error(at: node.span, "\(name) holds a NUL character")
      return nil
    }
    return .text(text)
  }

  private func pattern(_ text: String, _ node: Node, _ shape: Shape, _ name: String, _ fits: Bool) -> Reading.Value? {
    guard !fits else { return .text(text) }
    findings.error(at: node.span, "\(name) must be \(shape.title), found \(text.quoted)", hint: shape.example)
    return nil
  }

  private func choice(
    _ text: String, _ node: Node, _ words: [String], _ later: [String], _ name: String
  ) -> Reading.Value? {
    if words.contains(text) { return .text(text) }
    if later.contains(text) {
      self.later("\(text.quoted) for \(name)", at: node.span, hint: "it can be: \(words.joined(separator: ", "))")
      return nil
    }
    findings.error(
      at: node.span, "\(name) cannot be \(text.quoted)",
      hint: findings.suggestion(for: text, among: words) ?? "it can be: \(words.joined(separator: ", "))")
    return nil
  }

  private func path(_ text: String, _ node: Node, _ name: String) -> Reading.Value? {
    let folder = findings.source.path.folder
    guard !text.isEmpty, text.utf8.count <= 4096, !text.unicodeScalars.contains(where: { $0.value < 0x20 }) else {
      findings.error(at: node.span, "\(name) must be a path of 1 to 4096 characters, without control characters")
      return nil
    }
    guard let path = RepositoryPath(text, relativeTo: folder) else {
      let what = text.hasPrefix("/") ? "is absolute" : "leaves the repository"
      findings.error(
        at: node.span, "the path \(text.quoted) \(what)", hint: "write it relative to the folder of this file")
      return nil
    }
    guard path != .root, !text.hasSuffix("/") else {
      findings.error(at: node.span, "the path \(text.quoted) names a folder", hint: "name a file")
      return nil
    }
    return .path(path)
  }

  private func digest(_ text: String, _ node: Node, _ shape: Shape, _ name: String) -> Reading.Value? {
    if let digest = Digest(text) { return .digest(digest) }
    let count = text.utf8.count
    let hint: String
    if text.utf8.count == 71, Digest(text.lowercased()) != nil {
      hint = "write it in lower case"
    } else if Digest("sha256:" + text) != nil {
      hint = "put 'sha256:' before it"
    } else if text.hasPrefix("sha256:") {
      hint = count == 71 ? "only the digits 0-9 and a-f" : "it has \(count - 7) digits instead of 64"
    } else {
      hint = "sha256sum FILE prints the digits"
    }
    findings.error(at: node.span, "\(name) must be \(shape.title), found \(text.quoted)", hint: hint)
    return nil
  }

  private func isName(_ text: String) -> Bool {
    let bytes = text.utf8
    return (1...63).contains(bytes.count) && bytes.allSatisfy(isNameByte) && bytes.first != UInt8(ascii: "-")
      && bytes.last != UInt8(ascii: "-")
  }

  private func isGateName(_ text: String) -> Bool {
    (1...63).contains(text.utf8.count)
      && text.utf8.allSatisfy {
        isNameByte($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: ".")
      }
  }

  private func isNameByte(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      || byte == UInt8(ascii: "-")
  }

  private func isFileName(_ text: String) -> Bool {
    (1...255).contains(text.utf8.count) && text != "." && text != ".."
      && text.unicodeScalars.allSatisfy { $0 != "/" && $0.value >= 0x20 && $0.value != 0x7F }
  }
}
