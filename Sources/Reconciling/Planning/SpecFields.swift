import Domain

/// A spec as flat pairs of field and text, in the order in which people write it, so that two can be compared.
struct SpecFields {
  private(set) var fields: [(name: String, text: String)] = []

  init(_ deployment: DesiredDeployment) {
    let spec = deployment.spec
    add("environment", spec.environment.text)
    switch spec.model {
    case .artifact(let path, let digest):
      add("model.artifact.path", path.text)
      add("model.artifact.digest", digest.description)
    case .build(let build):
      add("model.build.requirements", build.requirements?.text)
      for step in build.steps { add(step) }
    }
    add("serving.features", spec.serving.features?.joined(separator: ", "))
    add("serving.outputs.class", spec.serving.classOutput)
    add("serving.outputs.score", spec.serving.scoreOutput)
    add("serving.precision", spec.serving.precision?.rawValue)
    for gate in spec.gates { add("gates.\(gate.name)", gate.check.text) }
    add("rollout.steps", spec.rollout.steps.map(\.description).joined(separator: ", "))
    add("rollout.advance.minSamples", "\(spec.rollout.advance.minSamples)")
    add("rollout.advance.maxErrorRate", spec.rollout.advance.maxErrorRate?.description)
    add("rollout.advance.maxP99", spec.rollout.advance.maxP99?.specText)
    add("rollout.advance.deadline", spec.rollout.advance.deadline.specText)
    add("rollout.onFailure", spec.rollout.onFailure.rawValue)
    add("rollout.onDeadline", spec.rollout.onDeadline.rawValue)
    for (name, dataset) in deployment.datasets.sorted(by: { $0.key < $1.key }) {
      add("datasets.\(name)", dataset.digest.description)
    }
    for (path, blob) in deployment.files.sorted(by: { $0.key < $1.key }) where path != deployment.place.path {
      add("files.\(path)", blob.text)
    }
  }

  init(_ dataset: DatasetSpec) {
    add("file.path", dataset.file.text)
    add("file.digest", dataset.digest.description)
    add("missing", dataset.missing.map { "\"\($0)\"" }.joined(separator: ", "))
    add("label.column", dataset.label?.column)
    add("label.positive", dataset.label?.positive)
    add("split.column", dataset.splitColumn)
    add(
      "sensitive",
      dataset.sensitive.map { attribute in
        attribute.bins.map { "\(attribute.column) \($0)" } ?? attribute.column
      }.joined(separator: ", "))
    add("exclude", dataset.exclude.joined(separator: ", "))
  }

  init(_ environment: EnvironmentSpec) {
    add("writeBack", environment.writeBack.rawValue)
    add("historyRewrites", environment.historyRewrites.rawValue)
  }

  private mutating func add(_ name: String, _ text: String?) {
    guard let text, !text.isEmpty else { return }
    fields.append((name, text))
  }

  private mutating func add(_ step: BuildStep) {
    let name = "model.build.steps.\(step.name)"
    add("\(name).run", step.run)
    add("\(name).inputs", step.inputs.map(\.fileName).joined(separator: ", "))
    add("\(name).output", step.output)
    add(
      "\(name).limits",
      "timeout \(step.limits.timeout.specText), memory \(step.limits.memoryBytes), output \(step.limits.outputBytes)")
  }

  /// The fields that differ, in the order of the new side, then those that are gone.
  static func changes(from old: SpecFields?, to new: SpecFields) -> [FieldChange] {
    let before = Dictionary(old?.fields.map { ($0.name, $0.text) } ?? [], uniquingKeysWith: { first, _ in first })
    let after = Set(new.fields.map(\.name))
    var changes = new.fields.compactMap { field in
      before[field.name] == field.text ? nil : FieldChange(field.name, from: before[field.name], to: field.text)
    }
    for field in old?.fields ?? [] where !after.contains(field.name) {
      changes.append(FieldChange(field.name, from: field.text, to: nil))
    }
    return changes
  }
}

extension Duration {
  /// As specs write it, such as `6h` or `50ms`.
  fileprivate var specText: String {
    let units: [(String, Int64)] = [("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1000)]
    for (unit, length) in units where microseconds != 0 && microseconds.isMultiple(of: length) {
      return "\(microseconds / length)\(unit)"
    }
    return "\(microseconds)us"
  }
}

extension GateCheck {
  /// The check in one line.
  fileprivate var text: String {
    switch self {
    case .quality(let check):
      let limit =
        switch check.limit {
        case .atLeast(let value): ">= \(value)"
        case .atMost(let value): "<= \(value)"
        case .notWorseThanChampion(let margin): ">= champion - \(margin)"
        }
      return "\(check.metric.rawValue) \(limit) on \(check.dataset)/\(check.split)\(confidence(check.confidence))"
    case .fairness(let check):
      let limit =
        switch check.limit {
        case .atMost(let value): "<= \(value)"
        case .atLeast(let value): ">= \(value)"
        }
      return "\(check.metric.rawValue) by \(check.by.joined(separator: ", ")) \(limit) on "
        + "\(check.dataset)/\(check.split)\(confidence(check.confidence))"
    case .security:
      return "security"
    }
  }

  private func confidence(_ confidence: Double?) -> String {
    confidence.map { ", confidence \($0)" } ?? ""
  }
}
