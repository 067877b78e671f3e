import HeadgateTensors

/// Reads regular expressions in the syntax of RE2.
///
/// Not read, with an error that says so: rare scripts (`\p{Ogham}`), `\C`. What RE2 refuses is refused too:
/// backreferences, look-around, possessive repetition, counts above 1000.
struct PatternParser {
  private struct Flags {
    var ignoresCase = false
    var isMultiline = false
    var dotMatchesNewline = false
  }

  /// As deep as groups may be nested, for each level is a call below.
  private static let maxDepth = 200
  private static let maxCount = 1000
  private static let maxLength = 1 << 15

  private let scalars: [Unicode.Scalar]
  private var position = 0
  private var depth = 0
  private var flags = Flags()
  /// Characters of a quotation that stand before the atom that was read last.
  private var quoted: [PatternSyntax] = []

  /// The tree of a whole pattern.
  ///
  /// - Throws: `TensorError.invalidValue` for what is no expression, `.unsupported` for what is not read.
  static func parse(_ pattern: String) throws(TensorError) -> PatternSyntax {
    var parser = PatternParser(scalars: Array(pattern.unicodeScalars))
    guard parser.scalars.count <= maxLength else { throw parser.failure("it is longer than \(maxLength) characters") }
    let syntax = try parser.parseChoice()
    guard parser.position == parser.scalars.count else { throw parser.failure("a ')' closes no group") }
    return syntax
  }

  private init(scalars: [Unicode.Scalar]) {
    self.scalars = scalars
  }

  private var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

  private func failure(_ what: String) -> TensorError {
    TensorError(.invalidValue, "attribute 'pattern', at character \(position): \(what)")
  }

  private static func isDigit(_ scalar: Unicode.Scalar, below base: UInt32) -> Bool {
    scalar.value >= 0x30 && scalar.value < 0x30 + base
  }

  private mutating func skip(_ text: String) -> Bool {
    let wanted = text.unicodeScalars
    guard scalars[position...].starts(with: wanted) else { return false }
    position += wanted.count
    return true
  }

  private mutating func parseChoice() throws(TensorError) -> PatternSyntax {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.maxDepth else { throw failure("groups are nested deeper than \(Self.maxDepth)") }
    var branches = [try parseSequence()]
    while skip("|") { branches.append(try parseSequence()) }
    return branches.count == 1 ? branches[0] : .choice(branches)
  }

  private mutating func parseSequence() throws(TensorError) -> PatternSyntax {
    var parts: [PatternSyntax] = []
    while let scalar = next, scalar != "|", scalar != ")" {
      guard let part = try parseAtom() else { continue }
      parts += quoted
      quoted = []
      parts.append(try parseRepetition(of: part))
    }
    return parts.count == 1 ? parts[0] : parts.isEmpty ? .empty : .sequence(parts)
  }

  /// Wraps an atom in the repetition that follows it. Whether it is greedy makes no difference to a full match.
  private mutating func parseRepetition(of atom: PatternSyntax) throws(TensorError) -> PatternSyntax {
    guard let (minimum, maximum) = try parseCount() else { return atom }
    _ = skip("?")
    let start = position
    if try parseCount() != nil {
      position = start
      throw failure("a repetition follows a repetition")
    }
    return .repetition(atom, minimum: minimum, maximum: maximum)
  }

  private mutating func parseCount() throws(TensorError) -> (Int, Int?)? {
    if skip("*") { return (0, nil) }
    if skip("+") { return (1, nil) }
    if skip("?") { return (0, 1) }
    let start = position
    guard skip("{"), let minimum = parseNumber() else {
      position = start
      return nil
    }
    var maximum: Int? = minimum
    if skip(",") { maximum = parseNumber() }
    // Braces that hold no count stand for themselves.
    guard skip("}") else {
      position = start
      return nil
    }
    guard minimum <= Self.maxCount, maximum ?? 0 <= Self.maxCount, maximum ?? minimum >= minimum else {
      position = start
      throw failure("a count is above \(Self.maxCount), or its least is above its greatest")
    }
    return (minimum, maximum)
  }

  /// A decimal number, cut off above what any count may be.
  private mutating func parseNumber() -> Int? {
    let start = position
    var number = 0
    while let digit = next, Self.isDigit(digit, below: 10) {
      number = min(number * 10 + Int(digit.value - 0x30), Self.maxCount + 1)
      position += 1
    }
    return position > start ? number : nil
  }

  /// One character, class, group or assertion; nil for what only sets flags or quotes nothing.
  private mutating func parseAtom() throws(TensorError) -> PatternSyntax? {
    guard let scalar = next else { return .empty }
    switch scalar {
    case "(": return try parseGroup()
    case "[": return .character(try parseClass())
    case "\\": return try parseEscape()
    case "*", "+", "?": throw failure("a repetition has nothing to repeat")
    default: position += 1
    }
    switch scalar {
    case "^": return .assertion(flags.isMultiline ? .lineStart : .textStart)
    case "$": return .assertion(flags.isMultiline ? .lineEnd : .textEnd)
    case ".":
      return .character(CharacterTest(ranges: flags.dotMatchesNewline ? [] : [0x0a...0x0a], isNegated: true))
    default: return literal(scalar)
    }
  }

  private func literal(_ scalar: Unicode.Scalar) -> PatternSyntax {
    .character(CharacterTest(ranges: [scalar.value...scalar.value], ignoresCase: flags.ignoresCase))
  }

  private mutating func parseGroup() throws(TensorError) -> PatternSyntax? {
    position += 1
    let outer = flags
    if skip("?P<") || (!startsLookBehind && skip("?<")) {
      guard next != ">" else { throw failure("a group's name is empty") }
      while let scalar = next, scalar != ">" {
        guard scalar == "_" || scalar.properties.isAlphabetic || Self.isDigit(scalar, below: 10) else {
          throw failure("a group's name holds other characters than letters, digits and '_'")
        }
        position += 1
      }
      guard skip(">") else { throw failure("a group's name has no end") }
    } else if skip("?") {
      // Without a colon the flags hold until the group around them ends.
      guard try parseFlags() else { return nil }
    }
    let content = try parseChoice()
    guard skip(")") else { throw failure("a group has no end") }
    flags = outer
    return content
  }

  private var startsLookBehind: Bool {
    let rest = scalars[position...]
    return rest.starts(with: "?<=".unicodeScalars) || rest.starts(with: "?<!".unicodeScalars)
  }

  /// Reads `flags:` or `flags)`; true when a group follows.
  private mutating func parseFlags() throws(TensorError) -> Bool {
    var isOn = true
    while let scalar = next {
      position += 1
      switch scalar {
      case "i": flags.ignoresCase = isOn
      case "m": flags.isMultiline = isOn
      case "s": flags.dotMatchesNewline = isOn
      case "U": break
      case "-" where isOn: isOn = false
      case ":": return true
      case ")": return false
      default:
        throw failure("'(?\(scalar)' is no group of this syntax, which knows no look-around and no backreferences")
      }
    }
    throw failure("a group has no end")
  }
}

// MARK: Classes and escapes

extension PatternParser {
  private mutating func parseClass() throws(TensorError) -> CharacterTest {
    position += 1
    let isNegated = skip("^")
    var ranges: [ClosedRange<UInt32>] = []
    var sets: [CharacterTest.NamedSet] = []
    var isFirst = true
    while let scalar = next, scalar != "]" || isFirst {
      defer { isFirst = false }
      if skip("[:") {
        sets.append(try parsePosixName())
      } else if let named = try parseNamedSet() {
        sets.append(named)
      } else {
        let low = try parseClassCharacter()
        var high = low
        if next == "-", position + 1 < scalars.count, scalars[position + 1] != "]" {
          position += 1
          high = try parseClassCharacter()
        }
        guard low <= high else { throw failure("a range of characters runs backwards") }
        ranges.append(low.value...high.value)
      }
    }
    guard skip("]") else { throw failure("a class of characters has no end") }
    return CharacterTest(ranges: ranges, sets: sets, isNegated: isNegated, ignoresCase: flags.ignoresCase)
  }

  private mutating func parsePosixName() throws(TensorError) -> CharacterTest.NamedSet {
    let isNegated = skip("^")
    var name = ""
    while let scalar = next, scalar.properties.isLowercase {
      name.unicodeScalars.append(scalar)
      position += 1
    }
    guard let ranges = CharacterSets.posix(name), skip(":]") else {
      throw failure("'[:\(name)' is no class of characters")
    }
    return CharacterTest.NamedSet(ranges: ranges, isNegated: isNegated)
  }

  private mutating func parseClassCharacter() throws(TensorError) -> Unicode.Scalar {
    guard let scalar = next else { throw failure("a class of characters has no end") }
    position += 1
    return scalar == "\\" ? try parseEscapedCharacter() : scalar
  }

  /// `\d`, `\W`, `\pL`, `\P{Lu}` and the like; nil when something else stands there.
  private mutating func parseNamedSet() throws(TensorError) -> CharacterTest.NamedSet? {
    guard next == "\\", position + 1 < scalars.count else { return nil }
    let set: CharacterTest.NamedSet
    switch scalars[position + 1] {
    case "d": set = CharacterTest.NamedSet(ranges: CharacterSets.digit)
    case "D": set = CharacterTest.NamedSet(ranges: CharacterSets.digit, isNegated: true)
    case "s": set = CharacterTest.NamedSet(ranges: CharacterSets.space)
    case "S": set = CharacterTest.NamedSet(ranges: CharacterSets.space, isNegated: true)
    case "w": set = CharacterTest.NamedSet(ranges: CharacterSets.word)
    case "W": set = CharacterTest.NamedSet(ranges: CharacterSets.word, isNegated: true)
    case "p", "P": return try parseCategory()
    default: return nil
    }
    position += 2
    return set
  }

  private mutating func parseCategory() throws(TensorError) -> CharacterTest.NamedSet {
    var isNegated = scalars[position + 1] == "P"
    position += 2
    var name = ""
    if skip("{") {
      if skip("^") { isNegated.toggle() }
      while let scalar = next, scalar != "}", name.utf8.count < 32 {
        name.unicodeScalars.append(scalar)
        position += 1
      }
      guard skip("}") else { throw failure("the name of a category has no end") }
    } else if let scalar = next {
      name.unicodeScalars.append(scalar)
      position += 1
    }
    if name == "Any" { return CharacterTest.NamedSet(ranges: CharacterSets.all, isNegated: isNegated) }
    if let ranges = CharacterSets.script(name) { return CharacterTest.NamedSet(ranges: ranges, isNegated: isNegated) }
    guard let categories = CharacterSets.categories(name) else {
      throw TensorError(
        .unsupported,
        "attribute 'pattern': \\p{\(name)} is neither a general category nor a script that this version knows")
    }
    return CharacterTest.NamedSet(categories: categories, isNegated: isNegated)
  }

  private mutating func parseEscape() throws(TensorError) -> PatternSyntax? {
    if let named = try parseNamedSet() {
      return .character(CharacterTest(ranges: [], sets: [named], ignoresCase: flags.ignoresCase))
    }
    position += 1
    guard let letter = next else { throw failure("a '\\' stands at the end") }
    switch letter {
    case "A", "z", "b", "B":
      position += 1
      return .assertion(
        letter == "A" ? .textStart : letter == "z" ? .textEnd : letter == "b" ? .wordBoundary : .noWordBoundary)
    case "Q":
      position += 1
      return parseQuotation()
    case "C": throw TensorError(.unsupported, "attribute 'pattern': \\C, a single byte, is not read by this version")
    default: return literal(try parseEscapedCharacter())
    }
  }

  /// What stands between `\Q` and `\E`: gives the last character, for only that may be repeated.
  private mutating func parseQuotation() -> PatternSyntax? {
    var parts: [PatternSyntax] = []
    while !skip("\\E"), let scalar = next {
      parts.append(literal(scalar))
      position += 1
    }
    let last = parts.popLast()
    quoted = parts
    return last
  }

  /// The character after a `\`: punctuation stands for itself, some letters and numbers for others.
  private mutating func parseEscapedCharacter() throws(TensorError) -> Unicode.Scalar {
    guard let scalar = next else { throw failure("a '\\' stands at the end") }
    position += 1
    switch scalar {
    case "a": return "\u{07}"
    case "f": return "\u{0c}"
    case "t": return "\t"
    case "n": return "\n"
    case "r": return "\r"
    case "v": return "\u{0b}"
    case "x": return try parseHexadecimal()
    case _ where Self.isDigit(scalar, below: 8):
      // A single digit but 0 would be a backreference.
      let isReference = scalar != "0" && !(next.map { Self.isDigit($0, below: 8) } ?? false)
      guard !isReference else { throw failure("backreferences are no part of this syntax") }
      var value = scalar.value - 0x30
      for _ in 0..<2 {
        guard let digit = next, Self.isDigit(digit, below: 8) else { break }
        value = value * 8 + digit.value - 0x30
        position += 1
      }
      return Unicode.Scalar(value) ?? "\0"
    default:
      guard scalar.isASCII, !CharacterSets.word.contains(where: { $0.contains(scalar.value) }) || scalar == "_" else {
        throw failure("'\\\(scalar)' has no meaning")
      }
      return scalar
    }
  }

  /// `\x7f` or `\x{10ffff}`.
  private mutating func parseHexadecimal() throws(TensorError) -> Unicode.Scalar {
    let isBraced = skip("{")
    var value: UInt32 = 0
    var digits = 0
    while digits < (isBraced ? 8 : 2), let digit = next, digit.isASCII, let number = Character(digit).hexDigitValue {
      value = value &* 16 &+ UInt32(number)
      digits += 1
      position += 1
    }
    guard isBraced ? digits > 0 && skip("}") : digits == 2, let scalar = Unicode.Scalar(value) else {
      throw failure("a '\\x' names no character")
    }
    return scalar
  }
}
