import Domain

/// A plan as text for people.
package struct PlanRenderer {
  /// Whether to use terminal colours.
  package let colour: Bool
  /// Longer values are cut, in characters.
  private let width = 100

  package init(colour: Bool = false) {
    self.colour = colour
  }

  /// One block for each object, a last line of counts.
  package func render(_ plan: Plan) -> String {
    var lines: [String] = []
    for entry in plan.entries {
      lines.append(paint("\(symbol(of: entry.action)) \(title(of: entry))", entry.action))
      if let reason = entry.reason { lines.append("      \(reason)") }
      if entry.action != .create || entry.object?.kind != .modelDeployment {
        lines += entry.changes.map { "      " + line(for: $0) }
      } else {
        lines += entry.changes.compactMap { change in change.new.map { "      \(change.field): \(cut($0))" } }
      }
    }
    if !lines.isEmpty { lines.append("") }
    lines.append(counts(of: plan))
    return lines.joined(separator: "\n") + "\n"
  }

  /// The last line, such as `1 to create, 2 to replace, 17 unchanged`.
  package func counts(of plan: Plan) -> String {
    guard plan.hasChanges else { return "no changes, \(plan.unchangedCount) unchanged" }
    let words: [(PlanAction, String)] = [
      (.create, "to create"), (.update, "to update"), (.replace, "to replace"), (.delete, "to delete"),
      (.blocked, "blocked"),
    ]
    let parts = words.compactMap { action, word in
      let count = plan.count(of: action)
      return count == 0 ? nil : "\(count) \(word)"
    }
    return (parts + ["\(plan.unchangedCount) unchanged"]).joined(separator: ", ")
  }

  private func symbol(of action: PlanAction) -> String {
    switch action {
    case .create: "  +"
    case .update: "  ~"
    case .replace: "-/+"
    case .delete: "  -"
    case .blocked: "  !"
    case .none: "   "
    }
  }

  private func title(of entry: PlanEntry) -> String {
    let name = entry.object?.description ?? entry.path?.description ?? ""
    guard entry.object != nil, let path = entry.path else { return name }
    return "\(name)  (\(path))"
  }

  private func line(for change: FieldChange) -> String {
    "\(change.field): \(change.old.map(cut) ?? "(none)") -> \(change.new.map(cut) ?? "(none)")"
  }

  private func cut(_ text: String) -> String {
    let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
    guard let digest = Digest(line) else {
      return line.count <= width ? line : line.prefix(width - 1) + "…"
    }
    return "sha256:\(digest.short)"
  }

  private func paint(_ text: String, _ action: PlanAction) -> String {
    guard colour else { return text }
    let code =
      switch action {
      case .create: "32"
      case .update, .replace: "33"
      case .delete, .blocked: "31"
      case .none: "0"
      }
    return "\u{1B}[\(code)m\(text)\u{1B}[0m"
  }
}
