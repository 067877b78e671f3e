import Domain

/// Gates: their limits, their names, and what they need of data sets.
extension DeploymentDecoder {
  mutating func gates(_ items: [Reading]) -> [GateSpec] {
    var gates: [GateSpec] = []
    var places: [String: Span] = [:]
    for item in items {
      guard let fields = item.fields, let check = check(fields) else { continue }
      let nameReading = fields["name"]
      let name = nameReading?.text ?? Self.defaultName(of: check)
      let span = nameReading?.span ?? fields.keySpan(check.kind) ?? item.span
      if let first = places[name] {
        findings.error(
          at: span, "two gates are named \(name.quoted), the first at line \(first.line), column \(first.column)",
          hint: nameReading == nil ? "give this one a 'name'" : "give this one another name")
      }
      places[name] = span
      gates.append(GateSpec(name: name, check: check))
    }
    return gates
  }

  /// Kind and metric, and `champion` for a comparison: the same metric often has both an absolute and a relative gate.
  static func defaultName(of check: GateCheck) -> String {
    switch check {
    case .quality(let quality):
      "quality/\(quality.metric.rawValue)" + (check.comparesWithChampion ? "/champion" : "")
    case .fairness(let fairness): "fairness/\(fairness.metric.rawValue)"
    case .security: "security"
    }
  }

  private mutating func check(_ fields: Fields) -> GateCheck? {
    if let quality = fields["quality"]?.fields { return self.quality(quality).map(GateCheck.quality) }
    if let fairness = fields["fairness"]?.fields { return self.fairness(fairness).map(GateCheck.fairness) }
    return fields["security"]?.fields == nil ? nil : .security
  }

  private mutating func quality(_ fields: Fields) -> QualityCheck? {
    note(fields, attributes: [])
    guard let metric = fields["metric"]?.text.flatMap(QualityMetric.init) else { return nil }
    // All metrics but the log loss lie between 0 and 1.
    if metric != .logLoss {
      for name in ["atLeast", "atMost", "margin"] {
        guard let reading = fields[name], let number = reading.number, number > 1 else { continue }
        findings.error(
          at: reading.span, "'\(name)' must lie between 0 and 1 for \(metric.rawValue)",
          hint: number <= 100 ? "did you mean \((number / 100).shown)?" : nil)
      }
    }
    let limit: QualityLimit
    if let atLeast = fields["atLeast"], let number = atLeast.number {
      if metric.smallerIsBetter {
        findings.warning(
          at: fields.keySpan("atLeast") ?? atLeast.span, "\(metric.rawValue) is better when smaller",
          hint: "did you mean 'atMost'?")
      }
      limit = .atLeast(number)
    } else if let atMost = fields["atMost"], let number = atMost.number {
      if !metric.smallerIsBetter {
        findings.warning(
          at: fields.keySpan("atMost") ?? atMost.span, "\(metric.rawValue) is better when greater",
          hint: "did you mean 'atLeast'?")
      }
      limit = .atMost(number)
    } else if fields["notWorseThan"] != nil, let margin = fields["margin"]?.number {
      limit = .notWorseThanChampion(margin: margin)
    } else {
      return nil
    }
    guard let dataset = fields["dataset"]?.text, let split = fields["split"]?.text else { return nil }
    return QualityCheck(
      dataset: DatasetName(dataset), split: split, metric: metric, limit: limit,
      confidence: fields["confidence"]?.number)
  }

  private mutating func fairness(_ fields: Fields) -> FairnessCheck? {
    let by = fields["by"]?.items ?? []
    note(fields, attributes: by.compactMap { reading in reading.text.map { ($0, reading.span) } })
    var seen: [String: Span] = [:]
    for attribute in by {
      guard let text = attribute.text else { continue }
      if seen[text] != nil { findings.error(at: attribute.span, "the attribute \(text.quoted) is listed twice") }
      seen[text] = attribute.span
    }
    guard let metric = fields["metric"]?.text.flatMap(FairnessMetric.init) else { return nil }
    let isRatio = metric == .demographicParityRatio
    let limit: FairnessLimit
    if let atMost = fields["atMost"], let number = atMost.number {
      if isRatio {
        findings.error(
          at: fields.keySpan("atMost") ?? atMost.span, "\(metric.rawValue) is fairest at 1",
          hint: "give it a lower limit: 'atLeast'")
      }
      limit = .atMost(number)
    } else if let atLeast = fields["atLeast"], let number = atLeast.number {
      if !isRatio {
        findings.error(
          at: fields.keySpan("atLeast") ?? atLeast.span, "\(metric.rawValue) is fairest at 0",
          hint: "give it an upper limit: 'atMost'")
      }
      limit = .atLeast(number)
    } else {
      return nil
    }
    guard let dataset = fields["dataset"]?.text, let split = fields["split"]?.text, !by.isEmpty else { return nil }
    return FairnessCheck(
      dataset: DatasetName(dataset), split: split, metric: metric, by: by.compactMap(\.text), limit: limit,
      confidence: fields["confidence"]?.number)
  }

  /// A gate that judges on rows the build has seen proves nothing.
  func checkHeldOut() {
    for input in references.datasets where !input.isJudgedOn {
      guard let split = input.split,
        let gate = references.datasets.first(where: {
          $0.isJudgedOn && $0.name == input.name && $0.split?.name == split.name
        })
      else { continue }
      findings.error(
        at: split.span,
        "a gate judges on the split \(split.name.quoted) of \(input.name.text.quoted), at line \(gate.span.line): "
          + "a build step must not see it",
        hint: "give the step another split")
    }
  }

  private mutating func note(_ fields: Fields, attributes: [(column: String, span: Span)]) {
    guard let dataset = fields["dataset"], let name = dataset.text else { return }
    references.datasets.append(
      DatasetReference(
        name: DatasetName(name), span: dataset.span,
        split: fields["split"].flatMap { split in split.text.map { ($0, split.span) } },
        isJudgedOn: true,
        attributes: attributes))
  }
}
