import HeadgateTensors

/// One case: a model, and the inputs and outputs of some runs of it.
public struct ConformanceCase: Sendable, Hashable {
  /// Where the values of its runs come from.
  enum Source: Sendable, Hashable {
    /// `test_data_set_*` folders with `input_*.pb` and `output_*.pb` each.
    case folders
    /// The inputs are made by a rule, and the outputs lie beside the model as `NAME_output_*.pb`.
    case made
    /// The case cannot be run here, for the reason.
    case none(String)
  }

  /// The group and the case's own folder, as `node/test_abs`.
  public let name: String
  /// The folder above the case's own.
  public let group: String
  /// Where the model lies.
  public let modelPath: String

  let folder: String
  let source: Source
  let tolerance: Tolerance

  /// Runs all data sets; returns why the case fails, or nil.
  public func failure(options: ConformanceSuite.Options = ConformanceSuite.Options()) -> String? {
    if case .none(let reason) = source { return reason }
    let clock = ContinuousClock()
    let start = clock.now
    do {
      let model = try Model(path: modelPath, options: options.model)
      for set in try sets() {
        if let difference = try difference(model, set) { return difference }
        let time = clock.now - start
        if let limit = options.maxCaseTime, time > limit { return "takes \(time), longer than \(limit)" }
      }
      return nil
    } catch {
      return "\(error)"
    }
  }

  /// One run: the values by their place among the model's inputs and outputs.
  struct DataSet {
    var inputs: (Model) throws -> [Value?]
    var outputs: (Model) throws -> [Value]
  }

  /// The case's runs. Their files are read only when they are asked for.
  func sets() throws(ModelFileError) -> [DataSet] {
    switch source {
    case .none: return []
    case .made:
      let outputs = CaseFiles(stem: modelPath.droppingExtension + "_output_")
      return [
        DataSet(
          inputs: { try MadeInputs.values(for: $0) },
          outputs: { try outputs.leadingValues($0.outputs) })
      ]
    case .folders:
      let names = try Directory.entries(folder).filter { $0.hasPrefix("test_data_set") }
      guard !names.isEmpty else { throw ModelFileError(.unreadable, "the case has no test_data_set_*") }
      return names.sorted().map { name in
        let set = folder + "/" + name + "/"
        return DataSet(
          inputs: { try CaseFiles(stem: set + "input_").values($0.inputs) },
          outputs: { try CaseFiles(stem: set + "output_").leadingValues($0.outputs) })
      }
    }
  }

  private func difference(_ model: Model, _ set: DataSet) throws -> String? {
    var inputs: [String: Value] = [:]
    for (info, value) in zip(model.inputs, try set.inputs(model)) { inputs[info.name] = value }
    let expected = try set.outputs(model)
    guard expected.count == model.outputs.count else {
      return "gives \(model.outputs.count) outputs, and the case has files for the first \(expected.count)"
    }
    // The first run is a plain one, the second is recorded, and the third repeats it, see `RecordedRuns`.
    for run in 1...3 {
      let answer = try model.run(values: inputs)
      for (info, expected) in zip(model.outputs, expected) {
        guard let actual = answer[info.name] else { return "output \(info.name) is absent" }
        if let difference = try tolerance.difference(actual, expected) {
          return "output \(info.name)\(run == 1 ? "" : " of run \(run)"): \(difference)"
        }
      }
    }
    return nil
  }
}

extension String {
  /// A path without the last part's extension.
  fileprivate var droppingExtension: String {
    guard let dot = lastIndex(of: "."), !self[dot...].contains("/") else { return self }
    return String(self[..<dot])
  }
}
