import Datasets
import Domain
import HeadgateRuntime
import Statistics

/// Runs the gates of one request. Models are loaded, data sets read and rows predicted once, whatever the number of gates
/// that need them. Blocking: for a thread of its own.
struct GateSession {
  /// A model file, opened once: scanned, hashed and loaded from the same bytes.
  struct ModelFile: Sendable {
    let digest: Digest
    let bytes: Result<ModelBytes, GateError>
    let name: String
    /// What its inputs and outputs are bound by; the champion's may differ from the candidate's.
    let serving: ServingSpec

    var key: ModelKey { ModelKey(digest: digest, serving: serving) }
  }

  /// Two versions may share their bytes and be read differently.
  struct ModelKey: Hashable {
    let digest: Digest
    let serving: ServingSpec
  }

  private struct RowsKey: Hashable {
    let dataset: DatasetName
    let split: String
  }

  private struct AnswersKey: Hashable {
    let model: ModelKey
    let rows: RowsKey
  }

  let candidate: ModelFile
  let champion: ModelFile?
  let scanner: any Scanner
  let minimums: Minimums
  let cancellation: CancellationFlag
  let datasetSpecs: [DatasetName: DatasetSpec]
  let datasetFiles: [DatasetName: Result<BuildInput.Content, GateError>]

  private var models: [ModelKey: Result<JudgedModel, GateError>] = [:]
  private var datasets: [DatasetName: Result<Dataset, GateError>] = [:]
  private var rows: [RowsKey: Result<JudgedRows, GateError>] = [:]
  private var answers: [AnswersKey: Result<BinaryAnswers, GateError>] = [:]

  init(
    candidate: ModelFile, champion: ModelFile?, scanner: any Scanner, minimums: Minimums,
    cancellation: CancellationFlag,
    datasetSpecs: [DatasetName: DatasetSpec],
    datasetFiles: [DatasetName: Result<BuildInput.Content, GateError>]
  ) {
    self.candidate = candidate
    self.champion = champion
    self.scanner = scanner
    self.minimums = minimums
    self.cancellation = cancellation
    self.datasetSpecs = datasetSpecs
    self.datasetFiles = datasetFiles
  }

  /// The report of one gate; a gate that could not run gives a report of verdict `error`.
  ///
  /// - Throws: `Cancelled` only.
  mutating func report(_ requirement: GatePolicy.Requirement) throws(Cancelled) -> GateReport {
    try cancellation.check()
    do {
      return try judge(requirement)
    } catch let error as Cancelled {
      throw error
    } catch let error as GateError {
      return draft(of: requirement).report(error)
    } catch let error as DatasetError {
      return draft(of: requirement).report(GateError(error))
    } catch {
      return draft(of: requirement).report(GateError(.measurementFailed, "\(error)"))
    }
  }

  private func draft(of requirement: GatePolicy.Requirement) -> ReportDraft {
    switch requirement.gate.check {
    case .quality(let check): QualityGate(requirement: requirement, check: check, minimums: minimums).draft
    case .fairness(let check): FairnessGate(requirement: requirement, check: check, minimums: minimums).draft
    case .security: ReportDraft(requirement)
    }
  }

  private mutating func judge(_ requirement: GatePolicy.Requirement) throws -> GateReport {
    switch requirement.gate.check {
    case .security:
      let report = SecurityGate(requirement: requirement, scanner: scanner)
        .judge(try candidate.bytes.get(), fileName: candidate.name)
      if report.verdict == .pass { try requireLoading() }
      return report
    case .fairness(let check):
      let key = RowsKey(dataset: check.dataset, split: check.split)
      return try FairnessGate(requirement: requirement, check: check, minimums: minimums)
        .judge(try answers(of: candidate, key).get(), rows: try judgedRows(key).get())
    case .quality(let check):
      let gate = QualityGate(requirement: requirement, check: check, minimums: minimums)
      let key = RowsKey(dataset: check.dataset, split: check.split)
      switch check.limit {
      case .atLeast(let limit):
        return try gate.judge(
          .atLeast(limit), candidate: try answers(of: candidate, key).get(), rows: try judgedRows(key).get())
      case .atMost(let limit):
        return try gate.judge(
          .atMost(limit), candidate: try answers(of: candidate, key).get(), rows: try judgedRows(key).get())
      case .notWorseThanChampion(let margin):
        return try compare(gate, margin: margin, key)
      }
    }
  }

  /// Loads the candidate in the precision that its spec asks for: evidence names it whatever other gates there are, and
  /// not every model can be computed in it.
  private func requireLoading() throws(GateError) {
    guard let precision = candidate.serving.precision else { return }
    let bytes = try candidate.bytes.get()
    do throws(ModelFileError) {
      _ = try Model(
        bytes: bytes, options: ModelOptions(allowsExternalData: false, precision: Precision(precision)))
    } catch {
      throw GateError(error)
    }
  }

  private mutating func compare(_ gate: QualityGate, margin: Double, _ key: RowsKey) throws -> GateReport {
    guard let champion else {
      return gate.draft.report(
        .notApplicable, GateReport.noChampion,
        "there is no champion to compare with; this gate takes no part in a first release"
      )
    }
    let candidateAnswers = try answers(of: candidate, key).get()
    let rows = try judgedRows(key).get()
    switch try answers(of: champion, key) {
    case .success(let championAnswers):
      return try gate.judge(
        margin: margin, candidate: candidateAnswers, champion: championAnswers, championDigest: champion.digest,
        rows: rows)
    case .failure(let error):
      var draft = gate.draft
      draft.championDigest = champion.digest
      return QualityGate.championUnusable(draft, error.message)
    }
  }

  private mutating func judgedRows(_ key: RowsKey) -> Result<JudgedRows, GateError> {
    if let known = rows[key] { return known }
    let dataset = dataset(key.dataset)
    let result = Result { () throws(GateError) in try JudgedRows(try dataset.get(), split: key.split) }
    rows[key] = result
    return result
  }

  private mutating func dataset(_ name: DatasetName) -> Result<Dataset, GateError> {
    if let known = datasets[name] { return known }
    let specs = datasetSpecs
    let files = datasetFiles
    let result = Result { () throws(GateError) in
      guard let spec = specs[name], let file = files[name] else {
        throw GateError(.datasetUnusable, "there is no data set '\(name)'; add a Dataset of that name")
      }
      do throws(DatasetError) {
        switch try file.mapError({ DatasetError(.unreadable, $0.message) }).get() {
        case .bytes(let bytes): return try Dataset(spec, bytes: bytes)
        case .file(let path): return try Dataset(spec, path: path)
        }
      } catch {
        throw GateError(error)
      }
    }
    datasets[name] = result
    return result
  }

  private mutating func answers(of file: ModelFile, _ key: RowsKey) throws(Cancelled) -> Result<
    BinaryAnswers, GateError
  > {
    let answersKey = AnswersKey(model: file.key, rows: key)
    if let known = answers[answersKey] { return known }
    let result: Result<BinaryAnswers, GateError>
    do {
      result = .success(try model(file).get().answers(for: try judgedRows(key).get()))
    } catch let error as Cancelled {
      throw error
    } catch let error as GateError {
      result = .failure(error)
    } catch {
      result = .failure(GateError(.predictionFailed, "\(error)"))
    }
    answers[answersKey] = result
    return result
  }

  private mutating func model(_ file: ModelFile) -> Result<JudgedModel, GateError> {
    if let known = models[file.key] { return known }
    let cancellation = cancellation
    let result = Result { () throws(GateError) in
      try JudgedModel(
        bytes: try file.bytes.get(), digest: file.digest, serving: file.serving, cancellation: cancellation)
    }
    models[file.key] = result
    return result
  }
}
