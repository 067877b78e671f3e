import Foundation

@testable import Specs

/// Random numbers that are the same in each run (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// How many cases the fuzz tests try.
let fuzzCount = ProcessInfo.processInfo.environment["HEADGATE_SCALE_FUZZ"].flatMap(Int.init) ?? 2000

enum Mutations {
  /// Pieces that mean something to YAML or to the specs.
  static let pieces: [String] = [
    "\n", "\r\n", "\t", ": ", "- ", "? ", "---\n", "...\n", "&a ", "*a", "<<: *a", "!!str ", "!x!y ", "%YAML 1.2\n",
    "[", "]",
    "{", "}", ",", "'", "\"", "\\", "|\n", ">\n", "#", "@", "`", "~", "null", "true", "1e999", "0x", "-1",
    "99999999999999999999",
    "5%", "4GiB", "1h", "\u{0}", "\u{1B}[2J", "\u{2028}", "\u{202E}", "\u{FEFF}", "é", "😀", "\\u0000", "spec:",
    "status: {}",
    "../../..", "/etc/passwd",
  ]

  /// Bytes of a spec after a few random edits.
  static func bytes(of corpus: [[UInt8]], using generator: inout SeededGenerator) -> [UInt8] {
    if Int.random(in: 0..<20, using: &generator) == 0 {
      return (0..<Int.random(in: 0...300, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }
    var bytes = corpus.randomElement(using: &generator) ?? []
    for _ in 0...Int.random(in: 0...1, using: &generator) {
      let place = Int.random(in: 0...bytes.count, using: &generator)
      let length = min(Int.random(in: 0...12, using: &generator), bytes.count - place)
      switch Int.random(in: 0...5, using: &generator) {
      case 0: bytes.removeSubrange(place..<place + length)
      case 1: bytes.insert(contentsOf: Array((pieces.randomElement(using: &generator) ?? "").utf8), at: place)
      case 2 where place < bytes.count: bytes[place] = UInt8.random(in: 0...255, using: &generator)
      case 3: bytes.insert(contentsOf: bytes[place..<place + length], at: place)
      case 4:
        bytes.replaceSubrange(
          place..<place + length, with: Array((pieces.randomElement(using: &generator) ?? "").utf8))
      default:
        let other = corpus.randomElement(using: &generator) ?? []
        let start = Int.random(in: 0...other.count, using: &generator)
        bytes.insert(contentsOf: other[start..<min(other.count, start + 80)], at: place)
      }
    }
    return bytes
  }

  /// The same tree with one value or key changed.
  static func tree(_ node: Node, using generator: inout SeededGenerator) -> Node {
    guard Int.random(in: 0..<5, using: &generator) != 0 else { return replacement(using: &generator) }
    switch node.content {
    case .scalar: return replacement(using: &generator)
    case .sequence(var items):
      guard let index = items.indices.randomElement(using: &generator) else { return replacement(using: &generator) }
      switch Int.random(in: 0...5, using: &generator) {
      case 0: items.remove(at: index)
      case 1: items.append(replacement(using: &generator))
      default: items[index] = tree(items[index], using: &generator)
      }
      return Node(content: .sequence(items), span: node.span)
    case .mapping(var entries):
      guard let index = entries.indices.randomElement(using: &generator) else { return replacement(using: &generator) }
      let entry = entries[index]
      switch Int.random(in: 0...5, using: &generator) {
      case 0: entries.remove(at: index)
      case 1:
        let key = keys.randomElement(using: &generator) ?? ""
        if !entries.contains(where: { $0.key == key }) {
          entries.append(Node.Entry(key: key, keySpan: entry.keySpan, value: replacement(using: &generator)))
        }
      default:
        entries[index] = Node.Entry(
          key: entry.key, keySpan: entry.keySpan, value: tree(entry.value, using: &generator))
      }
      return Node(content: .mapping(entries), span: node.span)
    }
  }

  private static let keys = [
    "name", "status", "spec", "atLeast", "atMost", "notWorseThan", "margin", "monitoring", "shadow", "artifact",
    "build",
    "dataset", "split", "step", "column", "bins", "licence", "labels", "environment", "limits", "x",
  ]

  private static let scalars = [
    "x", "a-b", "No Name", "", "5%", "0.25%", "12.345%", "100%", "50ms", "1h30m", "5", "0", "-1", "0.5", "2.5", "true",
    "null",
    "4GiB", "4GB", "push", "champion", "roc_auc", "f1", "revert", "hold", "ModelDeployment", "headgate.dev/v1",
    "model.onnx", "a/b",
    "..", "/x", "kubernetes", Sample.digest, String(repeating: "a", count: 64),
  ]

  private static func replacement(using generator: inout SeededGenerator) -> Node {
    let span = Span(line: 1, column: 1)
    switch Int.random(in: 0...9, using: &generator) {
    case 0: return Node(content: .sequence([]), span: span)
    case 1: return Node(content: .mapping([]), span: span)
    case 2: return Node(content: .sequence([replacement(using: &generator)]), span: span)
    case 3:
      let key = keys.randomElement(using: &generator) ?? ""
      let entry = Node.Entry(key: key, keySpan: span, value: replacement(using: &generator))
      return Node(content: .mapping([entry]), span: span)
    default:
      let style: Scalar.Style = Bool.random(using: &generator) ? .plain : .quoted
      return Node(
        content: .scalar(Scalar(text: scalars.randomElement(using: &generator) ?? "", style: style)), span: span)
    }
  }
}
