import Domain
import Foundation
import Testing

@testable import Specs

@Suite struct `The JSON Schema of a kind` {
  @Test(arguments: Kind.allCases) func `is JSON of draft 07`(kind: Kind) throws {
    let schema = try Self.schema(of: kind)
    #expect(schema["$schema"] as? String == "http://json-schema.org/draft-07/schema#")
    #expect(schema["additionalProperties"] as? Bool == false)
    let properties = try #require(schema["properties"] as? [String: Any])
    #expect(Set(properties.keys) == ["apiVersion", "kind", "metadata", "spec", "status"])
  }

  @Test(arguments: [Sample.deployment, Sample.dataset, Sample.environment]) func `accepts a sound spec`(text: String)
    throws
  {
    let (kind, root) = try Self.parse(text)
    #expect(JSONSchemaCheck.accepts(root, try Self.schema(of: kind)))
  }

  @Test(arguments: [
    (Sample.deployment, "rollout:", "rolout:"), (Sample.deployment, "5%", "5"), (Sample.deployment, "roc_auc", "auc"),
    (Sample.deployment, "rollout:", "monitoring: {}\n  rollout:"), (Sample.dataset, "sha256:ab", "sha256:AB"),
    (Sample.environment, "spec:", "status: {}\nspec:"), (Sample.environment, "none", "no"),
  ])
  func `refuses what the decoder refuses`(text: String, written: String, instead: String) throws {
    let (kind, root) = try Self.parse(text.replacing(written, with: instead))
    #expect(!JSONSchemaCheck.accepts(root, try Self.schema(of: kind)))
  }

  /// What JSON Schema cannot say of a single value.
  private static let beyondSchema = ["must lie between", "leaves the repository", "names a folder"]

  @Test(arguments: [Sample.deployment, Sample.dataset, Sample.environment, artifact, full])
  func `agrees with the decoder on every changed spec`(text: String) throws {
    let (kind, root) = try Self.parse(text)
    let schema = try Self.schema(of: kind)
    var generator = SeededGenerator(seed: 11)
    var accepted = 0
    var refused = 0
    for _ in 0..<fuzzCount / 5 {
      var changed = root
      for _ in 0...Int.random(in: 0...2, using: &generator) { changed = Mutations.tree(changed, using: &generator) }
      let source = SourceText(path: try #require(RepositoryPath("specs/a.yaml")), bytes: [])
      let findings = Findings(source: source, limit: 100)
      _ = ShapeReader(findings: findings).object(changed, as: .document(of: kind))
      let errors = findings.diagnostics.map(\.message)
      if JSONSchemaCheck.accepts(changed, schema) {
        accepted += 1
        let others = errors.filter { error in !Self.beyondSchema.contains { error.contains($0) } }
        try #require(others.isEmpty, "the schema accepts: \(changed.content)")
      } else {
        refused += 1
        try #require(!errors.isEmpty, "the schema refuses: \(changed.content)")
      }
    }
    guard fuzzCount >= 1000 else { return }
    #expect(accepted > fuzzCount / 1000)
    #expect(refused > fuzzCount / 1000)
  }

  private static let artifact = """
    apiVersion: headgate.dev/v1
    kind: ModelDeployment
    metadata: {name: imported}
    spec: {model: {artifact: {path: model.onnx, digest: \(Sample.digest)}}}
    """

  private static let full = """
    apiVersion: headgate.dev/v1
    kind: ModelDeployment
    metadata: {name: full, labels: {a: b}, annotations: {c: ""}}
    spec:
      environment: production
      serving: {features: [a, b], outputs: {class: label}}
      model:
        build:
          steps:
          - {name: a, run: b, inputs: [{dataset: adult, split: train}], output: c, limits: {timeout: 1h, memory: 1GiB, output: 1B}}
          - {name: b, run: b, inputs: [{step: a}], output: d}
      gates:
      - {name: mine, quality: {dataset: adult, split: test, metric: f1, atMost: 1}}
    """

  private static func schema(of kind: Kind) throws -> [String: Any] {
    let json = try JSONSerialization.jsonObject(with: Data(Schema.json(for: kind).utf8))
    return try #require(json as? [String: Any])
  }

  private static func parse(_ text: String) throws -> (Kind, Node) {
    let source = SourceText(path: try #require(RepositoryPath("specs/a.yaml")), bytes: Array(text.utf8))
    let findings = Findings(source: source, limit: 10)
    let (documents, _) = NodeBuilder.documents(of: source, limits: NodeLimits(), findings: findings)
    let root = try #require(documents.first?.root)
    guard case .scalar(let kind)? = root["kind"]?.content else {
      throw CancellationError()
    }
    return (try #require(Kind(rawValue: kind.text)), root)
  }
}

/// As much of JSON Schema draft-07 as the schemas use, written from the standard and not from the tables. A keyword it
/// does not know fails the test.
enum JSONSchemaCheck {
  static func accepts(_ node: Node, _ schema: [String: Any]) -> Bool {
    schema.allSatisfy { keyword, rule in accepts(node, keyword, rule, schema) }
  }

  private static func accepts(_ node: Node, _ keyword: String, _ rule: Any, _ schema: [String: Any]) -> Bool {
    switch keyword {
    case "$schema", "title", "description": return true
    case "type": return rule as? String == type(of: node) || rule as? String == "number" && type(of: node) == "integer"
    case "enum": return (rule as? [String])?.contains { text(of: node) == $0 } ?? false
    case "not": return !accepts(node, rule as? [String: Any] ?? ["unknown": 0])
    case "anyOf": return (rule as? [[String: Any]] ?? []).contains { accepts(node, $0) }
    case "allOf": return (rule as? [[String: Any]] ?? []).allSatisfy { accepts(node, $0) }
    case "oneOf": return (rule as? [[String: Any]] ?? []).filter { accepts(node, $0) }.count == 1
    case "minLength": return text(of: node).map { $0.unicodeScalars.count >= int(rule) } ?? true
    case "maxLength": return text(of: node).map { $0.unicodeScalars.count <= int(rule) } ?? true
    case "pattern":
      guard let text = text(of: node), let regex = try? Regex(rule as? String ?? "(") else {
        return text(of: node) == nil
      }
      return text.firstMatch(of: regex.matchingSemantics(.unicodeScalar)) != nil
    case "minimum": return number(of: node).map { $0 >= (rule as? NSNumber)?.doubleValue ?? .nan } ?? true
    case "maximum": return number(of: node).map { $0 <= (rule as? NSNumber)?.doubleValue ?? .nan } ?? true
    case "items":
      guard case .sequence(let items) = node.content else { return true }
      return items.allSatisfy { accepts($0, rule as? [String: Any] ?? ["unknown": 0]) }
    case "minItems":
      guard case .sequence(let items) = node.content else { return true }
      return items.count >= int(rule)
    case "maxItems":
      guard case .sequence(let items) = node.content else { return true }
      return items.count <= int(rule)
    case "properties", "additionalProperties", "maxProperties", "required", "dependencies":
      guard case .mapping(let entries) = node.content else { return true }
      return accepts(entries, keyword, rule, schema)
    default:
      Issue.record("the keyword '\(keyword)' is not known")
      return false
    }
  }

  private static func accepts(
    _ entries: [Node.Entry], _ keyword: String, _ rule: Any, _ schema: [String: Any]
  ) -> Bool {
    let keys = Set(entries.map(\.key))
    switch keyword {
    case "required": return Set(rule as? [String] ?? ["?"]).isSubset(of: keys)
    case "maxProperties": return entries.count <= int(rule)
    case "dependencies":
      return (rule as? [String: [String]] ?? [:]).allSatisfy {
        !keys.contains($0.key) || Set($0.value).isSubset(of: keys)
      }
    case "properties":
      let properties = rule as? [String: [String: Any]] ?? [:]
      return entries.allSatisfy { entry in properties[entry.key].map { accepts(entry.value, $0) } ?? true }
    default:
      let properties = schema["properties"] as? [String: Any] ?? [:]
      let others = entries.filter { properties[$0.key] == nil }
      if let allowed = rule as? [String: Any] { return others.allSatisfy { accepts($0.value, allowed) } }
      return others.isEmpty
    }
  }

  private static func int(_ rule: Any) -> Int { (rule as? NSNumber)?.intValue ?? -1 }

  private static func type(of node: Node) -> String {
    switch node.content {
    case .mapping: "object"
    case .sequence: "array"
    case .scalar(let scalar):
      switch scalar.tag {
      case .null: "null"
      case .boolean: "boolean"
      case .integer: "integer"
      case .float: "number"
      case .string: "string"
      }
    }
  }

  private static func text(of node: Node) -> String? {
    guard case .scalar(let scalar) = node.content, scalar.tag == .string else { return nil }
    return scalar.text
  }

  private static func number(of node: Node) -> Double? {
    guard case .scalar(let scalar) = node.content else { return nil }
    return scalar.tag == .integer || scalar.tag == .float ? Double(scalar.text) : nil
  }
}
