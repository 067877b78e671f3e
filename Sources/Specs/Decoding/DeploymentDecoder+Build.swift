import Domain

/// Builds: steps that see only what they declare.
extension DeploymentDecoder {
  mutating func build(_ fields: Fields) -> BuildSpec? {
    let requirements = fields["python"]?.fields?["requirements"]
    if let requirements, let path = requirements.path {
      references.files.append(FileReference(path: path, span: requirements.span))
    }
    guard let stepsReading = fields["steps"], case .list(let items) = stepsReading.value else { return nil }
    var earlier = EarlierSteps(all: items.compactMap { $0?.fields?["name"]?.text })
    var steps: [BuildStep] = []
    for item in items {
      guard let fields = item?.fields else { continue }
      let step = step(fields, earlier: earlier)
      if let step { steps.append(step) }
      note(fields, in: &earlier)
    }
    guard steps.count == items.count else { return nil }
    return BuildSpec(requirements: requirements?.path, steps: steps)
  }

  /// The steps above the one being read.
  struct EarlierSteps {
    /// Names of all steps of the build, for messages.
    let all: [String]
    /// Outputs by step; `nil` inside when the output did not fit.
    var outputs: [String: String?] = [:]
    var places: [String: Span] = [:]
  }

  private func note(_ fields: Fields, in earlier: inout EarlierSteps) {
    guard let nameReading = fields["name"], let name = nameReading.text else { return }
    if let first = earlier.places[name] {
      findings.error(
        at: nameReading.span,
        "two steps are named \(name.quoted), the first at line \(first.line), column \(first.column)",
        hint: "give this one another name")
      return
    }
    earlier.places[name] = nameReading.span
    earlier.outputs.updateValue(fields["output"]?.text, forKey: name)
  }

  private mutating func step(_ fields: Fields, earlier: EarlierSteps) -> BuildStep? {
    let own = fields["name"]?.text
    var inputs: [StepInput] = []
    var places: [String: Span] = [:]
    let readings = fields["inputs"]?.items ?? []
    for reading in readings {
      guard let input = input(reading, of: own, earlier: earlier) else { continue }
      inputs.append(input)
      let fileName = input.fileName
      if let first = places[fileName] {
        findings.error(
          at: reading.span,
          "two inputs have the file name \(fileName.quoted), the first at line \(first.line), column \(first.column)",
          hint: "a step sees its inputs side by side in one folder: rename one of the files")
      }
      places[fileName] = reading.span
    }
    if let output = fields["output"], let name = output.text, let input = places[name] {
      findings.error(
        at: output.span,
        "the output \(name.quoted) has the name of an input, at line \(input.line), column \(input.column)",
        hint: "give the output a name of its own")
    }
    guard let name = own, let run = fields["run"]?.text, let output = fields["output"]?.text,
      inputs.count == readings.count
    else { return nil }
    return BuildStep(name: name, run: run, inputs: inputs, output: output, limits: limits(fields["limits"]?.fields))
  }

  private mutating func input(_ reading: Reading, of own: String?, earlier: EarlierSteps) -> StepInput? {
    if let path = reading.path {
      references.files.append(FileReference(path: path, span: reading.span))
      return .file(path)
    }
    guard let fields = reading.fields else { return nil }
    if let step = fields["step"], let name = step.text {
      return self.step(named: name, at: step.span, of: own, earlier: earlier)
    }
    guard let dataset = fields["dataset"], let name = dataset.text, let split = fields["split"],
      let splitName = split.text
    else { return nil }
    references.datasets.append(
      DatasetReference(
        name: DatasetName(name), span: dataset.span, split: (splitName, split.span), isJudgedOn: false, attributes: []))
    return .dataset(DatasetName(name), split: splitName)
  }

  private func step(named name: String, at span: Span, of own: String?, earlier: EarlierSteps) -> StepInput? {
    if let output = earlier.outputs[name] { return output.map { .step(name, output: $0) } }
    if name == own {
      findings.error(at: span, "the step \(name.quoted) cannot take its own output")
    } else if earlier.all.contains(name) {
      findings.error(
        at: span, "the step \(name.quoted) comes later", hint: "a step takes outputs of the steps above it: move it up")
    } else {
      let names = Array(earlier.outputs.keys)
      findings.error(
        at: span, "there is no step \(name.quoted) above this one",
        hint: findings.suggestion(for: name, among: names)
          ?? (names.isEmpty ? nil : "steps above: \(names.sorted().joined(separator: ", "))"))
    }
    return nil
  }

  private func limits(_ fields: Fields?) -> BuildLimits {
    let standard = BuildLimits()
    return BuildLimits(
      timeout: fields?["timeout"]?.duration ?? standard.timeout,
      memoryBytes: fields?["memory"]?.size ?? standard.memoryBytes,
      outputBytes: fields?["output"]?.size ?? standard.outputBytes)
  }
}
