/// A shape in words, for messages.
extension Shape {
  /// What is expected: `a duration such as 50ms`.
  var title: String {
    switch self {
    case .text, .anyText: "a string"
    case .name: "a name of 1 to 63 of a-z, 0-9 and '-'"
    case .gateName: "a name of 1 to 63 of a-z, 0-9 and '-_/.'"
    case .path: "a path"
    case .fileName: "the name of a file, without a folder"
    case .digest: "a digest (sha256: and 64 digits)"
    case .integer: "a whole number"
    case .number: "a number"
    case .duration: "a duration with a unit"
    case .share: "a percentage"
    case .size: "a size with a unit"
    case .choice(let words, _): words.count == 1 ? "'\(words[0])'" : "one of \(words.joined(separator: ", "))"
    case .list: "a list"
    case .map: "a mapping of strings"
    case .object(let object): object.title
    case .either(let plain, let object): "\(plain.title) or \(object.title)"
    }
  }

  /// How to write one, when that is not obvious.
  var example: String? {
    switch self {
    case .duration: "such as 50ms, 30s, 10m, 6h or 1h30m"
    case .share: "such as 5% or 0.25%, at most two decimals"
    case .size: "such as 512MiB or 4GiB"
    case .name: "it starts and ends with a letter or digit"
    default: nil
    }
  }

  /// Whether any text fits, so that quotes mend a wrong type.
  var takesFreeText: Bool {
    switch self {
    case .text, .anyText, .name, .gateName, .fileName, .path: true
    default: false
    }
  }

  var mayBeEmpty: Bool {
    if case .anyText = self { true } else { false }
  }
}
