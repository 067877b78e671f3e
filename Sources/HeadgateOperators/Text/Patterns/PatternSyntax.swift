/// A regular expression as a tree.
indirect enum PatternSyntax {
  case empty
  case character(CharacterTest)
  case assertion(PatternAssertion)
  case sequence([PatternSyntax])
  case choice([PatternSyntax])
  /// At least `minimum` times, at most `maximum` times; without end when that is nil.
  case repetition(PatternSyntax, minimum: Int, maximum: Int?)
}

/// A condition on a place between two characters.
enum PatternAssertion: Sendable {
  case textStart, textEnd, lineStart, lineEnd, wordBoundary, noWordBoundary

  /// - Parameters: the characters around the place; nil beyond the ends of the text.
  func holds(after previous: Unicode.Scalar?, before next: Unicode.Scalar?) -> Bool {
    switch self {
    case .textStart: previous == nil
    case .textEnd: next == nil
    case .lineStart: previous == nil || previous == "\n"
    case .lineEnd: next == nil || next == "\n"
    case .wordBoundary: Self.isWord(previous) != Self.isWord(next)
    case .noWordBoundary: Self.isWord(previous) == Self.isWord(next)
    }
  }

  private static func isWord(_ scalar: Unicode.Scalar?) -> Bool {
    guard let scalar else { return false }
    return CharacterSets.word.contains { $0.contains(scalar.value) }
  }
}

/// A set of Unicode scalars: ranges and named sets, or all others.
struct CharacterTest: Sendable {
  /// A set that a pattern names, such as `\D`, `[:alpha:]` or `\p{Lu}`, or all others.
  struct NamedSet: Sendable {
    var ranges: [ClosedRange<UInt32>] = []
    var categories: Set<Unicode.GeneralCategory> = []
    var isNegated = false

    fileprivate func lists(_ scalar: Unicode.Scalar) -> Bool {
      ranges.contains { $0.contains(scalar.value) }
        || (!categories.isEmpty && categories.contains(scalar.properties.generalCategory))
    }
  }

  private let ranges: [ClosedRange<UInt32>]
  private let sets: [NamedSet]
  private let isNegated: Bool
  private let ignoresCase: Bool
  private static let shortRange = 256
  /// The answers for ASCII, a bit each.
  private var ascii: (UInt64, UInt64) = (0, 0)

  init(
    ranges: [ClosedRange<UInt32>], sets: [NamedSet] = [], isNegated: Bool = false, ignoresCase: Bool = false
  ) {
    self.ranges = Self.joined(ignoresCase ? ranges + Self.otherCases(of: ranges) : ranges)
    self.sets = sets
    self.isNegated = isNegated
    self.ignoresCase = ignoresCase
    // Short ranges hold their other forms already, so that most sets are read off without trying each character.
    if sets.isEmpty, !ignoresCase || ranges.allSatisfy({ $0.count <= Self.shortRange }) {
      for range in self.ranges where range.lowerBound < 128 {
        for value in range.lowerBound...min(range.upperBound, 127) { mark(value) }
      }
      if isNegated { ascii = (~ascii.0, ~ascii.1) }
    } else {
      for value in UInt8(0)..<128 where decide(Unicode.Scalar(value)) { mark(UInt32(value)) }
    }
  }

  private mutating func mark(_ value: UInt32) {
    if value < 64 { ascii.0 |= 1 << UInt64(value) } else { ascii.1 |= 1 << UInt64(value - 64) }
  }

  /// Whether a character belongs to the set.
  func matches(_ scalar: Unicode.Scalar) -> Bool {
    let value = scalar.value
    guard value >= 128 else {
      return (value < 64 ? ascii.0 >> UInt64(value) : ascii.1 >> UInt64(value - 64)) & 1 == 1
    }
    return decide(scalar)
  }

  /// Case is ignored before a set is negated: `(?i)[^a]` excludes both forms.
  private func decide(_ scalar: Unicode.Scalar) -> Bool {
    let forms = ignoresCase ? [scalar] + CharacterSets.sameInOtherCase(scalar) : [scalar]
    let isListed =
      forms.contains { lists($0) }
      || sets.contains { set in forms.contains { set.lists($0) } != set.isNegated }
    return isListed != isNegated
  }

  private func lists(_ scalar: Unicode.Scalar) -> Bool {
    var (low, high) = (0, ranges.count)
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].upperBound < scalar.value { low = middle + 1 } else { high = middle }
    }
    return low < ranges.count && ranges[low].contains(scalar.value)
  }

  /// The other forms of the characters of short ranges. A text's character is tried in its other forms too, but
  /// not every form leads back: the micro sign has the capital of the letter my, whose small form is that letter.
  private static func otherCases(of ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
    ranges.filter { $0.count <= shortRange }.joined().compactMap { Unicode.Scalar($0) }
      .flatMap { CharacterSets.sameInOtherCase($0) }.map { $0.value...$0.value }
  }

  /// The same ranges in order, without overlaps.
  private static func joined(_ ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
    var result: [ClosedRange<UInt32>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = result.last, range.lowerBound <= last.upperBound {
        result[result.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
      } else {
        result.append(range)
      }
    }
    return result
  }
}

/// The sets of characters that patterns name.
enum CharacterSets {
  static let all: [ClosedRange<UInt32>] = [0...0x10ffff]
  static let digit: [ClosedRange<UInt32>] = [0x30...0x39]
  static let space: [ClosedRange<UInt32>] = [0x09...0x0a, 0x0c...0x0d, 0x20...0x20]
  static let word: [ClosedRange<UInt32>] = [0x30...0x39, 0x41...0x5a, 0x5f...0x5f, 0x61...0x7a]

  /// The ranges of a name as in `[[:alpha:]]`.
  static func posix(_ name: String) -> [ClosedRange<UInt32>]? {
    switch name {
    case "alnum": [0x30...0x39, 0x41...0x5a, 0x61...0x7a]
    case "alpha": [0x41...0x5a, 0x61...0x7a]
    case "ascii": [0x00...0x7f]
    case "blank": [0x09...0x09, 0x20...0x20]
    case "cntrl": [0x00...0x1f, 0x7f...0x7f]
    case "digit": digit
    case "graph": [0x21...0x7e]
    case "lower": [0x61...0x7a]
    case "print": [0x20...0x7e]
    case "punct": [0x21...0x2f, 0x3a...0x40, 0x5b...0x60, 0x7b...0x7e]
    case "space": [0x09...0x0d, 0x20...0x20]
    case "upper": [0x41...0x5a]
    case "word": word
    case "xdigit": [0x30...0x39, 0x41...0x46, 0x61...0x66]
    default: nil
    }
  }

  /// The general categories of a name as in `\p{Lu}`; nil for other names.
  static func categories(_ name: String) -> Set<Unicode.GeneralCategory>? {
    let groups: [(String, Unicode.GeneralCategory)] = [
      ("Lu", .uppercaseLetter), ("Ll", .lowercaseLetter), ("Lt", .titlecaseLetter), ("Lm", .modifierLetter),
      ("Lo", .otherLetter), ("Mn", .nonspacingMark), ("Mc", .spacingMark), ("Me", .enclosingMark),
      ("Nd", .decimalNumber), ("Nl", .letterNumber), ("No", .otherNumber), ("Pc", .connectorPunctuation),
      ("Pd", .dashPunctuation), ("Ps", .openPunctuation), ("Pe", .closePunctuation), ("Pi", .initialPunctuation),
      ("Pf", .finalPunctuation), ("Po", .otherPunctuation), ("Sm", .mathSymbol), ("Sc", .currencySymbol),
      ("Sk", .modifierSymbol), ("So", .otherSymbol), ("Zs", .spaceSeparator), ("Zl", .lineSeparator),
      ("Zp", .paragraphSeparator), ("Cc", .control), ("Cf", .format), ("Cs", .surrogate), ("Co", .privateUse),
    ]
    guard (1...2).contains(name.utf8.count) else { return nil }
    let found = groups.filter { $0.0.hasPrefix(name) }.map(\.1)
    return found.isEmpty ? nil : Set(found)
  }

  /// The characters that differ from one in nothing but case, by the simple mappings of Unicode.
  static func sameInOtherCase(_ scalar: Unicode.Scalar) -> [Unicode.Scalar] {
    let (lower, upper) = (simple(scalar.properties.lowercaseMapping), simple(scalar.properties.uppercaseMapping))
    var result = [lower, upper].compactMap { $0 }
    if let lower, let capital = simple(lower.properties.uppercaseMapping) { result.append(capital) }
    if let upper, let small = simple(upper.properties.lowercaseMapping) { result.append(small) }
    for (letter, sign) in signs where result.contains(letter) { result.append(sign) }
    return result
  }

  /// Signs whose small form is a letter that has another capital: Kelvin, the long s, Angstrom.
  private static let signs: [(Unicode.Scalar, Unicode.Scalar)] = [
    ("k", "\u{212a}"), ("s", "\u{17f}"), ("\u{e5}", "\u{212b}"),
  ]

  private static func simple(_ mapping: String) -> Unicode.Scalar? {
    let scalars = mapping.unicodeScalars
    return scalars.count == 1 ? scalars.first : nil
  }
}
