/// Where a node stands: line and column from 1, and how many columns it takes on its first line.
struct Span: Hashable, Sendable {
  let line: Int
  let column: Int
  let length: Int

  init(line: Int, column: Int, length: Int = 1) {
    self.line = line
    self.column = column
    self.length = max(1, length)
  }
}

/// A value of a YAML document with its place.
struct Node: Sendable {
  enum Content: Sendable {
    case scalar(Scalar)
    case sequence([Node])
    case mapping([Entry])
  }

  /// A key and its value. Keys are always scalars.
  struct Entry: Sendable {
    let key: String
    let keySpan: Span
    let value: Node
  }

  let content: Content
  let span: Span

  /// What the node is, for people: `a mapping`, `the number 5`, `the string 'no'`.
  var description: String {
    switch content {
    case .mapping: "a mapping"
    case .sequence: "a list"
    case .scalar(let scalar): scalar.description
    }
  }

  /// The value under a key of a mapping.
  subscript(key: String) -> Node? {
    guard case .mapping(let entries) = content else { return nil }
    return entries.first { $0.key == key }?.value
  }
}

/// A scalar as it was written.
struct Scalar: Hashable, Sendable {
  enum Style: Sendable {
    case plain, quoted, block
  }

  let text: String
  let style: Style

  /// What the text means under the core schema of YAML 1.2; quoted and block scalars are strings.
  ///
  /// Only `true` and `false` are booleans: `yes`, `no`, `on` and `off` are the strings they look like.
  var tag: ScalarTag {
    style == .plain ? ScalarTag(plain: text) : .string
  }

  var description: String {
    switch tag {
    case .null: "nothing"
    case .boolean: "the boolean \(text)"
    case .integer, .float: "the number \(text.shown)"
    case .string: "the string \(text.quoted)"
    }
  }
}
