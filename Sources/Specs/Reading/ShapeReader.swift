import Domain

/// Reads nodes as their shapes say, and records all that does not fit.
struct ShapeReader {
  let findings: Findings

  /// Far above any table. Near names are looked for among all fields, so their number must be bounded.
  private static let mostFields = 256

  /// Reads a mapping. `place` is where a missing field is reported: the key the mapping stands under.
  func object(_ node: Node, as shape: ObjectShape, place: Span? = nil) -> Fields? {
    guard case .mapping(let nodes) = node.content else {
      findings.error(
        at: node.span, "\(shape.title) must be a mapping, found \(node.description)",
        hint: shape.allowedNames.isEmpty ? "it has no fields: write '{}'" : "fields: \(list(shape.allowedNames))")
      return nil
    }
    guard nodes.count <= Self.mostFields else {
      findings.error(
        at: node.span, "\(shape.title) has \(nodes.count) fields, more than the limit of \(Self.mostFields)")
      return nil
    }
    var entries: [Fields.Entry] = []
    entries.reserveCapacity(nodes.count)
    for entry in nodes {
      guard let field = shape.field(entry.key) else {
        unknown(entry, in: shape)
        continue
      }
      switch field.role {
      case .required, .optional, .descriptive:
        let reading = value(entry.value, as: field.shape, name: "'\(field.name)'", place: entry.keySpan)
        entries.append(Fields.Entry(field: field, keySpan: entry.keySpan, reading: reading))
      case .later:
        later("the field '\(field.name)'", at: entry.keySpan, hint: "take it out until then")
      case .refused(let reason):
        findings.error(at: entry.keySpan, "'\(field.name)' cannot stand here: \(reason)", hint: "take it out")
      }
    }
    let place = place ?? node.span
    checkPresence(of: nodes, in: shape, place: place)
    return Fields(entries: entries)
  }

  /// Reads one value. `name` says what it is, for messages: `'missing'` or `an item of 'missing'`.
  func value(_ node: Node, as shape: Shape, name: String, place: Span) -> Reading? {
    switch shape {
    case .object(let object):
      return self.object(node, as: object, place: place).map { Reading(value: .object($0), span: node.span) }
    case .either(let plain, let object):
      if case .mapping = node.content {
        return self.object(node, as: object).map { Reading(value: .object($0), span: node.span) }
      }
      guard case .scalar = node.content else {
        findings.error(at: node.span, "\(object.title) is \(plain.title) or a mapping, found \(node.description)")
        return nil
      }
      return value(node, as: plain, name: name, place: place)
    case .list(let item, let count):
      return list(node, of: item, count: count, name: name)
    case .map(let value, let maximum):
      return map(node, of: value, maximum: maximum, name: name)
    default:
      guard case .scalar(let scalar) = node.content else {
        wrongType(node, shape, name)
        return nil
      }
      return self.scalar(scalar, node, as: shape, name: name)
    }
  }

  func wrongType(_ node: Node, _ shape: Shape, _ name: String, hint: String? = nil) {
    findings.error(
      at: node.span, "\(name) must be \(shape.title), found \(node.description)", hint: hint ?? shape.example)
  }

  func later(_ what: String, at span: Span, hint: String? = nil) {
    findings.error(at: span, "\(what) is known, but this version cannot carry it out", hint: hint)
  }

  private func list(_ node: Node, of shape: Shape, count: ClosedRange<Int>, name: String) -> Reading? {
    guard case .sequence(let nodes) = node.content else {
      findings.error(
        at: node.span, "\(name) must be a list, found \(node.description)", hint: "write [..] or lines with '- '")
      return nil
    }
    guard count.contains(nodes.count) else {
      findings.error(
        at: node.span,
        nodes.count < count.lowerBound
          ? "\(name) needs at least \(counted(count.lowerBound, "item"))"
          : "\(name) has \(nodes.count) items, more than the limit of \(count.upperBound)")
      return nil
    }
    let items = nodes.map { value($0, as: shape, name: "an item of \(name)", place: $0.span) }
    return Reading(value: .list(items), span: node.span)
  }

  private func map(_ node: Node, of shape: Shape, maximum: Int, name: String) -> Reading? {
    guard case .mapping(let nodes) = node.content else {
      findings.error(at: node.span, "\(name) must be a mapping of strings, found \(node.description)")
      return nil
    }
    guard nodes.count <= maximum else {
      findings.error(at: node.span, "\(name) has \(nodes.count) entries, more than the limit of \(maximum)")
      return nil
    }
    var entries: [(key: String, value: Reading)] = []
    for entry in nodes {
      guard !entry.key.isEmpty, entry.key.utf8.count <= 253 else {
        findings.error(at: entry.keySpan, "a key of \(name) must have 1 to 253 characters")
        continue
      }
      guard let value = value(entry.value, as: shape, name: entry.key.quoted, place: entry.keySpan) else { continue }
      entries.append((entry.key, value))
    }
    return Reading(value: .map(entries), span: node.span)
  }

  private func unknown(_ entry: Node.Entry, in shape: ObjectShape) {
    let allowed = shape.allowedNames
    let hint: String
    if let nearest = Suggestions.nearest(to: entry.key, among: shape.fields.map(\.name)) {
      hint = "did you mean '\(nearest)'?"
    } else if allowed.isEmpty {
      hint = "it has no fields: write '{}'"
    } else {
      hint = "fields: \(list(allowed))"
    }
    findings.error(at: entry.keySpan, "unknown field \(entry.key.quoted) in \(shape.title)", hint: hint)
  }

  private func checkPresence(of nodes: [Node.Entry], in shape: ObjectShape, place: Span) {
    func isPresent(_ name: String) -> Bool { nodes.contains { $0.key == name } }
    for field in shape.fields {
      guard case .required = field.role, !isPresent(field.name) else { continue }
      // A misspelt field is told once: the unknown field already names this one.
      if nodes.contains(where: { shape.field($0.key) == nil && nearest($0.key, in: shape) == field.name }) { continue }
      findings.error(
        at: place, "\(shape.title) needs the field '\(field.name)'", hint: field.summary)
    }
    for group in shape.exactlyOne {
      let present = nodes.filter { group.contains($0.key) }
      if present.isEmpty {
        // A known field of a later version, or a misspelt one, stands for the missing one.
        let isExplained = nodes.contains { entry in
          switch shape.field(entry.key)?.role {
          case .later?: true
          case nil: nearest(entry.key, in: shape).map(group.contains) ?? false
          default: false
          }
        }
        if isExplained { continue }
        findings.error(at: place, "\(shape.title) needs one of \(list(group))")
      }
      for extra in present.dropFirst() {
        findings.error(
          at: extra.keySpan, "\(shape.title) takes only one of \(list(group))",
          hint: "keep '\(present[0].key)' or '\(extra.key)'")
      }
    }
    for (one, other) in shape.together {
      for (field, partner) in [(one, other), (other, one)] where !isPresent(partner) {
        guard let entry = nodes.first(where: { $0.key == field }),
          !nodes.contains(where: { shape.field($0.key) == nil && nearest($0.key, in: shape) == partner })
        else { continue }
        findings.error(
          at: entry.keySpan, "'\(field)' needs '\(partner)' beside it", hint: shape.field(partner)?.summary)
      }
    }
  }

  private func nearest(_ key: String, in shape: ObjectShape) -> String? {
    Suggestions.nearest(to: key, among: shape.fields.map(\.name))
  }

  private func list(_ names: [String]) -> String {
    names.joined(separator: ", ")
  }
}

/// `1 item`, `2 items`.
func counted(_ count: Int, _ noun: String) -> String {
  count == 1 ? "1 \(noun)" : "\(count) \(noun)s"
}
