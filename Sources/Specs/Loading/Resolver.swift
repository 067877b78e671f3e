import Domain

/// Joins the objects of all files: names that are given twice, references between objects and to files, digests.
struct Resolver {
  private let commit: CommitID
  private let specs: [SpecFile]
  private let known: [ModelName: ResolvedDeployment]
  private var listed: [RepositoryPath: BlobID] = [:]
  private var asked: [RepositoryPath: BlobID?] = [:]

  private var diagnostics: [Diagnostic] = []
  private var invalidFiles: Set<RepositoryPath> = []
  private var errorCounts: [RepositoryPath: Int] = [:]
  /// Objects that have a name but cannot be used, and where they stand.
  private var broken: [ObjectID: SourcePlace] = [:]
  private var datasets: [DatasetName: DesiredObject<DatasetSpec>] = [:]
  private var environments: [EnvironmentName: DesiredObject<EnvironmentSpec>] = [:]

  /// What this load resolved, for the next one.
  private(set) var resolved: [ModelName: ResolvedDeployment] = [:]

  init(
    commit: CommitID, files: [RepositoryFile], specs: [SpecFile], known: [ModelName: ResolvedDeployment]
  ) {
    self.commit = commit
    self.known = known
    listed.reserveCapacity(files.count)
    for file in files { listed[file.path] = file.blob }
    // A YAML file that a spec names as an input is not meant to be a spec.
    let isNamed =
      specs.contains { $0.decoded.isForeign && $0.decoded.hasErrors } ? Self.namedFiles(of: specs) : []
    self.specs = specs.filter { !($0.decoded.isForeign && isNamed.contains($0.path)) }
  }

  /// Resolves everything.
  mutating func resolve(file: (RepositoryPath) throws(GitError) -> RepositoryFile?) throws(GitError) -> DesiredState {
    for spec in specs {
      diagnostics += spec.decoded.diagnostics
      if spec.decoded.hasErrors { invalidFiles.insert(spec.path) }
    }
    findBroken()
    for spec in specs {
      for object in spec.decoded.objects where broken[object.id] == nil {
        switch object.spec {
        case .dataset(let dataset): try addDataset(dataset, object, in: spec, file)
        case .environment(let environment):
          environments[environment.name] = DesiredObject(
            spec: environment, place: spec.decoded.source.place(of: object.span),
            digest: Self.digest(of: environment))
        case .deployment: continue
        }
      }
    }
    let hidden = specs.first { $0.decoded.mayHideEnvironment }
    for spec in specs {
      for object in spec.decoded.objects where broken[object.id] == nil {
        guard case .deployment(let deployment) = object.spec else { continue }
        resolved[deployment.name] = try resolve(deployment, object, in: spec, hiddenEnvironment: hidden, file)
      }
      for references in spec.decoded.danglingReferences { try check(references, in: spec, file) }
    }
    return state()
  }

  // MARK: - Names

  private mutating func findBroken() {
    var first: [ObjectID: (source: SourceText, span: Span, isTold: Bool)] = [:]
    first.reserveCapacity(specs.count)
    for spec in specs {
      let source = spec.decoded.source
      let usable = spec.decoded.hasErrors ? Set(spec.decoded.objects.map(\.id)) : []
      for claim in spec.decoded.claims {
        let place = source.place(of: claim.span)
        if let earlier = first[claim.id] {
          let earlierPlace = earlier.source.place(of: earlier.span)
          if !earlier.isTold { tellTwice(claim.id, earlier.source, earlier.span, other: place) }
          first[claim.id]?.isTold = true
          tellTwice(claim.id, source, claim.span, other: earlierPlace)
          broken[claim.id] = earlierPlace
          continue
        }
        first[claim.id] = (source, claim.span, false)
        if spec.decoded.hasErrors, !usable.contains(claim.id) { broken[claim.id] = place }
      }
    }
  }

  private mutating func tellTwice(_ id: ObjectID, _ source: SourceText, _ span: Span, other: SourcePlace) {
    error(
      source, span, "\(id.kind.rawValue) \(id.name.quoted) is given twice, also at \(other)",
      hint: "give one of them another name")
  }

  // MARK: - Data sets

  private mutating func addDataset(
    _ dataset: DatasetSpec, _ object: DecodedObject, in spec: SpecFile,
    _ file: (RepositoryPath) throws(GitError) -> RepositoryFile?
  ) throws(GitError) {
    let source = spec.decoded.source
    let place = source.place(of: object.span)
    var builder = DigestBuilder("headgate dataset v1")
    builder.add(object.content)
    for reference in object.references.files {
      guard let blob = try blob(of: reference, in: source, file) else {
        broken[object.id] = place
        return
      }
      builder.add(blob.text)
    }
    datasets[dataset.name] = DesiredObject(spec: dataset, place: place, digest: builder.finish())
  }

  /// Of the meaning, so that an environment that only spells out the defaults equals the built-in one.
  private static func digest(of environment: EnvironmentSpec) -> Digest {
    var builder = DigestBuilder("headgate environment v1")
    builder.add(environment.name.text)
    builder.add(environment.writeBack.rawValue)
    builder.add(environment.historyRewrites.rawValue)
    return builder.finish()
  }

  // MARK: - Deployments

  private mutating func resolve(
    _ deployment: ModelDeployment, _ object: DecodedObject, in spec: SpecFile, hiddenEnvironment: SpecFile?,
    _ file: (RepositoryPath) throws(GitError) -> RepositoryFile?
  ) throws(GitError) -> ResolvedDeployment? {
    if let known = known[deployment.name], known.object === object, try isCurrent(known, hiddenEnvironment, file) {
      return known
    }
    let source = spec.decoded.source
    var isComplete = true
    var files = [spec.path: spec.blob]
    for reference in object.references.files {
      if let blob = try blob(of: reference, in: source, file) {
        files[reference.path] = blob
      } else {
        isComplete = false
      }
    }
    var used: [DatasetName: DesiredObject<DatasetSpec>] = [:]
    for reference in object.references.datasets {
      if let dataset = dataset(reference, in: source) {
        used[reference.name] = dataset
      } else {
        isComplete = false
      }
    }
    if try seesHeldOutRows(object, datasets: used, in: source, file) { isComplete = false }
    let environment = environment(
      deployment.environment, at: object.references.environment?.span ?? object.span, in: source,
      hidden: hiddenEnvironment)
    guard isComplete, let environment else { return nil }
    var builder = DigestBuilder("headgate deployment v1")
    builder.add(object.content)
    // The spec file's own blob would bring comments and neighbours back in.
    for (path, blob) in files.sorted(by: { $0.key < $1.key }) where path != spec.path {
      builder.add(path.text)
      builder.add(blob.text)
    }
    for (name, dataset) in used.sorted(by: { $0.key < $1.key }) {
      builder.add(name.text)
      builder.add(dataset.digest)
    }
    builder.add(environment.digest)
    return ResolvedDeployment(
      object: object, files: files, datasets: used, environment: environment, digest: builder.finish())
  }

  /// Whether everything an unchanged deployment refers to is as it was when it was resolved.
  private mutating func isCurrent(
    _ known: ResolvedDeployment, _ hidden: SpecFile?,
    _ file: (RepositoryPath) throws(GitError) -> RepositoryFile?
  ) throws(GitError) -> Bool {
    for (path, blob) in known.files where try self.blob(at: path, file) != blob { return false }
    for (name, dataset) in known.datasets where datasets[name] != dataset { return false }
    let name = known.environment.spec.name
    if let environment = environments[name] { return environment == known.environment }
    return name == .builtIn && hidden == nil && broken[ObjectID(.environment, name.text)] == nil
      && known.environment.digest == Self.digest(of: EnvironmentSpec())
  }

  /// Checks what an object with errors refers to, for the diagnostics alone.
  private mutating func check(
    _ references: References, in spec: SpecFile, _ file: (RepositoryPath) throws(GitError) -> RepositoryFile?
  ) throws(GitError) {
    let source = spec.decoded.source
    for reference in references.files { _ = try blob(of: reference, in: source, file) }
    for reference in references.datasets { _ = dataset(reference, in: source) }
    if let (name, span) = references.environment { _ = environment(name, at: span, in: source, hidden: nil) }
  }

  private mutating func environment(
    _ name: EnvironmentName, at span: Span, in source: SourceText, hidden: SpecFile?
  ) -> DesiredObject<EnvironmentSpec>? {
    if let environment = environments[name] { return environment }
    if let place = broken[ObjectID(.environment, name.text)] {
      error(source, span, "the Environment \(name.text.quoted) has errors, at \(place)", hint: "mend it first")
      return nil
    }
    guard name == .builtIn else {
      error(
        source, span, "there is no Environment \(name.text.quoted)",
        hint: { $0.nearest(to: name.text, among: $0.environments.keys.map(\.text)) ?? $0.hiddenHint })
      return nil
    }
    // The built-in environment allows reverts to be pushed. To take it in place of one that forbids them, only because
    // that one cannot be read, would be wrong.
    if let hidden {
      error(
        source, span, "the Environment 'default' may stand in \(hidden.path), which cannot be read",
        hint: "mend that file first")
      return nil
    }
    let builtIn = EnvironmentSpec()
    return DesiredObject(spec: builtIn, place: source.place(of: span), digest: Self.digest(of: builtIn))
  }

  /// Whether a build step is given the whole file of a data set a gate judges on, be it under another path.
  private mutating func seesHeldOutRows(
    _ object: DecodedObject, datasets used: [DatasetName: DesiredObject<DatasetSpec>], in source: SourceText,
    _ file: (RepositoryPath) throws(GitError) -> RepositoryFile?
  ) throws(GitError) -> Bool {
    var judgedOn: [BlobID: DatasetName] = [:]
    for reference in object.references.datasets where reference.isJudgedOn {
      guard let path = used[reference.name]?.spec.file, let blob = try blob(at: path, file) else { continue }
      judgedOn[blob] = reference.name
    }
    var sees = false
    for reference in object.references.files {
      guard let blob = try blob(at: reference.path, file), let name = judgedOn[blob] else { continue }
      error(
        source, reference.span,
        "this is the file of the Dataset \(name.text.quoted), with the rows a gate judges on: a build must not see it",
        hint: "name a split instead: {dataset: \(name.text), split: ...}")
      sees = true
    }
    return sees
  }

  private mutating func dataset(_ reference: DatasetReference, in source: SourceText) -> DesiredObject<DatasetSpec>? {
    let name = reference.name.text
    guard let dataset = datasets[reference.name] else {
      if let place = broken[ObjectID(.dataset, name)] {
        error(source, reference.span, "the Dataset \(name.quoted) has errors, at \(place)", hint: "mend it first")
      } else {
        error(
          source, reference.span, "there is no Dataset \(name.quoted)",
          hint: { $0.nearest(to: name, among: $0.datasets.keys.map(\.text)) ?? $0.hiddenHint })
      }
      return nil
    }
    var isUsable = true
    func tell(_ span: Span, _ message: String, hint: (Resolver) -> String?) {
      error(source, span, message, hint: hint)
      isUsable = false
    }
    if let span = reference.split?.span, dataset.spec.splitColumn == nil {
      tell(
        span, "the Dataset \(name.quoted) has no splits",
        hint: { _ in "give it 'split: {column: ...}', at \(dataset.place)" })
    }
    if reference.isJudgedOn, dataset.spec.label == nil {
      tell(
        reference.span, "the Dataset \(name.quoted) has no label to judge by",
        hint: { _ in "give it 'label: {column: ..., positive: ...}', at \(dataset.place)" })
    }
    let sensitive = dataset.spec.sensitive.map(\.column)
    for attribute in reference.attributes where !sensitive.contains(attribute.column) {
      tell(
        attribute.span, "\(attribute.column.quoted) is not a sensitive attribute of the Dataset \(name.quoted)",
        hint: {
          $0.nearest(to: attribute.column, among: sensitive)
            ?? (sensitive.isEmpty
              ? "list it under 'sensitive', at \(dataset.place)"
              : "it has: \(sensitive.map(\.shown).joined(separator: ", "))")
        })
    }
    return isUsable ? dataset : nil
  }

  // MARK: - Files

  private mutating func blob(
    of reference: FileReference, in source: SourceText, _ file: (RepositoryPath) throws(GitError) -> RepositoryFile?
  ) throws(GitError) -> BlobID? {
    if let blob = try blob(at: reference.path, file) { return blob }
    error(
      source, reference.span, "there is no file \(reference.path.text.quoted) in this commit",
      hint: {
        $0.nearest(to: reference.path.baseName, among: $0.names(in: reference.path.folder))
          ?? "paths are relative to the spec file; links do not count as files"
      })
    return nil
  }

  /// The blob at a path of the commit. Outside the folder each path is looked up once.
  private mutating func blob(
    at path: RepositoryPath, _ file: (RepositoryPath) throws(GitError) -> RepositoryFile?
  ) throws(GitError) -> BlobID? {
    if let blob = listed[path] { return blob }
    if let answer = asked[path] { return answer }
    let found = try file(path)?.blob
    asked.updateValue(found, forKey: path)
    return found
  }

  private func names(in folder: RepositoryPath) -> [String] {
    listed.keys.filter { $0.folder == folder }.map(\.baseName)
  }

  private static func namedFiles(of specs: [SpecFile]) -> Set<RepositoryPath> {
    var named: Set<RepositoryPath> = []
    for spec in specs {
      for object in spec.decoded.objects { named.formUnion(object.references.files.map(\.path)) }
      for references in spec.decoded.danglingReferences { named.formUnion(references.files.map(\.path)) }
    }
    return named
  }

  // MARK: - Result

  private func state() -> DesiredState {
    var deployments: [ModelName: DesiredDeployment] = [:]
    deployments.reserveCapacity(resolved.count)
    for spec in specs where !invalidFiles.contains(spec.path) {
      let objects = spec.decoded.objects
      for object in objects {
        guard case .deployment(let deployment) = object.spec, let resolved = resolved[deployment.name]
        else { continue }
        var neighbours: [ObjectID: Digest] = [:]
        for other in objects where other.id != object.id { neighbours[other.id] = digest(of: other) }
        deployments[deployment.name] = DesiredDeployment(
          spec: deployment, place: spec.decoded.source.place(of: object.span), digest: resolved.digest, commit: commit,
          files: resolved.files, neighbours: neighbours, datasets: resolved.datasets,
          environment: resolved.environment.spec)
      }
    }
    var held: [ObjectID: RepositoryPath] = [:]
    var obscure: Set<RepositoryPath> = []
    for spec in specs where invalidFiles.contains(spec.path) {
      for claim in spec.decoded.claims where held[claim.id] == nil { held[claim.id] = spec.path }
      if spec.decoded.mayHideObjects || spec.decoded.hasUnnamedObjects { obscure.insert(spec.path) }
    }
    return DesiredState(
      commit: commit, deployments: deployments, datasets: datasets, environments: environments,
      diagnostics: diagnostics.sorted { $0.place < $1.place }, invalidFiles: invalidFiles,
      heldObjects: held, obscureFiles: obscure)
  }

  private func digest(of object: DecodedObject) -> Digest? {
    switch object.spec {
    case .deployment(let deployment): resolved[deployment.name]?.digest
    case .dataset(let dataset): datasets[dataset.name]?.digest
    case .environment(let environment): environments[environment.name]?.digest
    }
  }

  /// The hint is made only when it is shown: to look for near names costs more than all the rest.
  private mutating func error(
    _ source: SourceText, _ span: Span, _ message: String, hint: (Resolver) -> String?
  ) {
    invalidFiles.insert(source.path)
    errorCounts[source.path, default: 0] += 1
    guard errorCounts[source.path, default: 0] <= NodeLimits().diagnostics else { return }
    diagnostics.append(source.diagnostic(at: span, message, hint: hint(self)))
  }

  private mutating func error(_ source: SourceText, _ span: Span, _ message: String, hint: String?) {
    error(source, span, message, hint: { _ in hint })
  }

  private func nearest(to word: String, among candidates: [String]) -> String? {
    Suggestions.nearest(to: word, among: candidates).map { "did you mean '\($0)'?" }
  }

  private var hiddenHint: String? {
    specs.first { $0.decoded.mayHideObjects }.map { "it may stand in \($0.path), which cannot be read" }
  }
}
