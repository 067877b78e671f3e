import Domain

/// One document of a file.
struct Document {
  /// `nil` for a document without content.
  let root: Node?
  /// Whether the document could be read without an error of form, such as a key given twice.
  let isSound: Bool
}

/// Builds the documents of a file from libyaml's events, within limits.
///
/// What is wrong with the form of the file goes to the findings. The documents before a fault that stops the parser are
/// still returned, so that their own faults are told in the same run.
struct NodeBuilder {
  private enum Anchor {
    /// Its node is still being read: an alias to it would be a cycle.
    case open
    case complete(Node, nodes: Int, height: Int)
  }

  /// The parser cannot go on; the finding is recorded.
  private struct Stop: Error {}

  private struct Built {
    let node: Node
    /// Levels of nesting in the node, itself included.
    let height: Int
  }

  private let findings: Findings
  private let limits: NodeLimits
  private let events: EventReader
  private var anchors: [String: Anchor] = [:]
  private var nodes = 0

  /// Reads all documents of a file. `isComplete` is false when the parser had to stop early.
  static func documents(of source: SourceText, limits: NodeLimits, findings: Findings) -> (
    documents: [Document], isComplete: Bool
  ) {
    let start = Span(line: 1, column: 1)
    guard source.bytes.count <= limits.bytes else {
      findings.error(
        at: start, "the file has \(source.bytes.count) bytes, more than the limit of \(limits.bytes)",
        hint: "split it into several files")
      return ([], false)
    }
    if let offset = source.firstInvalidByte {
      let (line, column) = source.position(ofByte: offset)
      findings.error(
        at: Span(line: line, column: column), "the file is not UTF-8 (byte \(offset))", hint: "save it as UTF-8")
      return ([], false)
    }
    guard let events = EventReader(bytes: source.bytes) else {
      findings.error(at: start, "no memory to read the file", hint: "free memory and try again")
      return ([], false)
    }
    var builder = NodeBuilder(findings: findings, limits: limits, events: events)
    return builder.readAll()
  }

  private init(findings: Findings, limits: NodeLimits, events: EventReader) {
    self.findings = findings
    self.limits = limits
    self.events = events
  }

  private mutating func readAll() -> ([Document], Bool) {
    var documents: [Document] = []
    do {
      while true {
        switch try next().kind {
        case .streamEnd: return (documents, true)
        case .documentStart: documents.append(try document())
        default: continue
        }
      }
    } catch {
      return (documents, false)
    }
  }

  private mutating func document() throws(Stop) -> Document {
    // Anchors do not reach from one document into another.
    anchors = [:]
    let errorsBefore = findings.errorCount
    let first = try next()
    let root = try node(from: first, depth: 1).node
    while true {
      if case .documentEnd = try next().kind { break }
    }
    var isEmpty = false
    if case .scalar(let scalar) = root.content, scalar.style == .plain, scalar.text.isEmpty { isEmpty = true }
    return Document(root: isEmpty ? nil : root, isSound: findings.errorCount == errorsBefore)
  }

  private mutating func next() throws(Stop) -> Event {
    do {
      return try events.next()
    } catch {
      report(error)
      throw Stop()
    }
  }

  private mutating func node(from event: Event, depth: Int) throws(Stop) -> Built {
    nodes += 1
    let nodesBefore = nodes
    guard nodes <= limits.nodes else {
      throw stop(event.span, "the file has more than \(limits.nodes) nodes", hint: "split it into several files")
    }
    guard depth <= limits.depth else {
      throw stop(event.span, "nested more than \(limits.depth) levels deep", hint: "no spec needs such depth")
    }
    if let tag = event.tag {
      findings.error(
        at: event.span, "tags such as \(tag.quoted) are not used in specs",
        hint: "leave the tag out; quote a value to make it a string")
    }
    if case .alias(let name) = event.kind {
      return try expand(alias: name, at: event.span, depth: depth)
    }
    if let anchor = event.anchor { anchors[anchor] = .open }
    let built: Built
    switch event.kind {
    case .sequenceStart: built = try sequence(event.span, depth: depth)
    case .mappingStart: built = try mapping(event.span, depth: depth)
    case .scalar(let scalar): built = Built(node: Node(content: .scalar(scalar), span: event.span), height: 1)
    // libyaml's grammar allows no other event here; to be told so is better than to trap.
    default: throw stop(event.span, "the parser gave an unexpected event")
    }
    if let anchor = event.anchor {
      anchors[anchor] = .complete(built.node, nodes: nodes - nodesBefore + 1, height: built.height)
    }
    return built
  }

  private mutating func sequence(_ span: Span, depth: Int) throws(Stop) -> Built {
    var items: [Node] = []
    var height = 0
    while true {
      let event = try next()
      if case .sequenceEnd = event.kind { break }
      let item = try node(from: event, depth: depth + 1)
      items.append(item.node)
      height = max(height, item.height)
    }
    return Built(node: Node(content: .sequence(items), span: span), height: height + 1)
  }

  private mutating func mapping(_ span: Span, depth: Int) throws(Stop) -> Built {
    var entries: [Node.Entry] = []
    var places: [String: Span] = [:]
    var height = 0
    while true {
      let event = try next()
      if case .mappingEnd = event.kind { break }
      let key = try key(from: event, depth: depth + 1)
      let value = try node(from: try next(), depth: depth + 1)
      height = max(height, value.height)
      guard let key else { continue }
      if let first = places[key.text] {
        findings.error(
          at: event.span,
          "the key \(key.text.quoted) is given twice, first at line \(first.line), column \(first.column)",
          hint: "keep one of the two")
        continue
      }
      places[key.text] = event.span
      entries.append(Node.Entry(key: key.text, keySpan: event.span, value: value.node))
    }
    return Built(node: Node(content: .mapping(entries), span: span), height: height + 1)
  }

  /// The key an event starts; `nil` when it cannot be one, which is recorded.
  private mutating func key(from event: Event, depth: Int) throws(Stop) -> Scalar? {
    let built = try node(from: event, depth: depth)
    if case .alias = event.kind {
      findings.error(at: event.span, "an alias cannot be a key", hint: "write the key out")
      return nil
    }
    guard case .scalar(let scalar) = built.node.content else {
      findings.error(at: event.span, "a key must be a plain word, not \(built.node.description)")
      return nil
    }
    if scalar.style == .plain, scalar.text == "<<" {
      findings.error(
        at: event.span, "merge keys ('<<') are not part of YAML 1.2",
        hint: "write the fields out, or use an alias for a whole value")
      return nil
    }
    return scalar
  }

  private mutating func expand(alias name: String, at span: Span, depth: Int) throws(Stop) -> Built {
    switch anchors[name] {
    case nil:
      findings.error(
        at: span, "there is no anchor \("&\(name)".quoted) above this alias",
        hint: findings.suggestion(for: name, among: Array(anchors.keys))
          ?? "an anchor must stand before its alias, in the same document")
      return Built(node: Node(content: .scalar(Scalar(text: "", style: .plain)), span: span), height: 1)
    case .open:
      throw stop(span, "the alias \("*\(name)".quoted) stands inside its own anchor", hint: "write the value out")
    case .complete(let node, let count, let height):
      nodes += count
      guard nodes <= limits.nodes else {
        throw stop(
          span, "aliases stand for more than \(limits.nodes) nodes", hint: "write the values out, in several files")
      }
      guard depth + height - 1 <= limits.depth else {
        throw stop(span, "aliases nest more than \(limits.depth) levels deep", hint: "no spec needs such depth")
      }
      return Built(node: node, height: height)
    }
  }

  private func stop(_ span: Span, _ message: String, hint: String? = nil) -> Stop {
    findings.error(at: span, message, hint: hint)
    return Stop()
  }

  private func report(_ problem: ScanProblem) {
    let (span, message, hint) = problem.explained(in: findings.source)
    findings.error(at: span, message, hint: hint)
  }
}
