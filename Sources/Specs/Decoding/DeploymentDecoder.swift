import Domain

/// Makes a `ModelDeployment` of readings, checks what shapes cannot say, and notes what it refers to.
struct DeploymentDecoder {
  let findings: Findings
  var references = References()

  init(findings: Findings) {
    self.findings = findings
  }

  mutating func decode(_ spec: Fields, name: ModelName) -> ModelDeployment? {
    let environment = spec["environment"]
    if let environment, let name = environment.text {
      references.environment = (EnvironmentName(name), environment.span)
    }
    let model = model(spec["model"]?.fields)
    let gates = gates(spec["gates"]?.items ?? [])
    checkHeldOut()
    let rollout = rollout(spec["rollout"]?.fields)
    guard let model else { return nil }
    return ModelDeployment(
      name: name, environment: references.environment?.name ?? .builtIn, model: model,
      serving: serving(spec["serving"]?.fields), gates: gates.isEmpty ? GateSpec.standard : gates, rollout: rollout)
  }

  private mutating func model(_ fields: Fields?) -> ModelSource? {
    if let build = fields?["build"]?.fields { return self.build(build).map(ModelSource.build) }
    let artifact = fields?["artifact"]?.fields
    guard let pathReading = artifact?["path"], let path = pathReading.path else { return nil }
    references.files.append(FileReference(path: path, span: pathReading.span))
    return artifact?["digest"]?.digest.map { .artifact(path: path, digest: $0) }
  }

  private func serving(_ fields: Fields?) -> ServingSpec {
    let outputs = fields?["outputs"]?.fields
    let features = fields?["features"]?.items
    var seen: [String: Span] = [:]
    for feature in features ?? [] {
      guard let text = feature.text else { continue }
      if let first = seen[text] {
        findings.error(
          at: feature.span,
          "the feature \(text.quoted) is listed twice, first at line \(first.line), column \(first.column)")
      }
      seen[text] = feature.span
    }
    let classOutput = outputs?["class"]?.text
    let score = outputs?["score"]
    if let score, let text = score.text, text == classOutput {
      findings.error(at: score.span, "'class' and 'score' cannot both be the output \(text.quoted)")
    }
    return ServingSpec(
      features: features?.compactMap(\.text), classOutput: classOutput, scoreOutput: score?.text,
      precision: fields?["precision"]?.text.flatMap(ReducedPrecision.init))
  }

  private func rollout(_ fields: Fields?) -> RolloutSpec {
    let advance = fields?["advance"]?.fields
    let standard = AdvanceLimits()
    return RolloutSpec(
      steps: steps(fields?["steps"]),
      advance: AdvanceLimits(
        minSamples: advance?["minSamples"]?.integer ?? standard.minSamples,
        maxErrorRate: advance?["maxErrorRate"]?.share, maxP99: advance?["maxP99"]?.duration,
        deadline: advance?["deadline"]?.duration ?? standard.deadline),
      onFailure: fields?["onFailure"]?.text.flatMap(RolloutSpec.OnFailure.init) ?? .revert,
      onDeadline: fields?["onDeadline"]?.text.flatMap(RolloutSpec.OnDeadline.init) ?? .rollback)
  }

  private func steps(_ reading: Reading?) -> [Share] {
    guard let reading, case .list(let items) = reading.value else { return [.all] }
    let weights = items.compactMap { $0?.fields?["weight"] }
    for (weight, next) in zip(weights, weights.dropFirst()) {
      guard let low = weight.share, let high = next.share, low >= high else { continue }
      findings.error(at: next.span, "the weights of the steps must rise, found \(high) after \(low)")
    }
    // When the last step itself did not fit, what it should be is already told.
    if let last = items.last??.fields?["weight"], let share = last.share, share != .all {
      findings.error(
        at: last.span, "the last step must be 100%, found \(share)", hint: "end the steps with {weight: 100%}")
    }
    return weights.compactMap(\.share)
  }
}
