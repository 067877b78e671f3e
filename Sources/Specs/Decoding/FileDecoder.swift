import Domain

/// Decodes one spec file: every object in it, or every diagnostic.
struct FileDecoder {
  private let findings: Findings
  private let reader: ShapeReader
  private var objects: [DecodedObject] = []
  private var claims: [DecodedFile.Claim] = []
  private var danglingReferences: [References] = []
  private var isForeign = true
  private var hidesEnvironment = false
  private var hasUnnamedObjects = false

  /// Decodes the bytes of a file. Never fails: what is wrong becomes a diagnostic.
  static func decode(_ source: SourceText, limits: NodeLimits = NodeLimits()) -> DecodedFile {
    let findings = Findings(source: source, limit: limits.diagnostics)
    let (documents, isComplete) = NodeBuilder.documents(of: source, limits: limits, findings: findings)
    var decoder = FileDecoder(findings: findings)
    for document in documents { decoder.decode(document) }
    return DecodedFile(
      source: source, objects: decoder.objects, danglingReferences: decoder.danglingReferences,
      claims: decoder.claims, diagnostics: findings.finish(), hasErrors: findings.errorCount > 0,
      mayHideObjects: !isComplete, hasUnnamedObjects: decoder.hasUnnamedObjects,
      mayHideEnvironment: decoder.hidesEnvironment || !isComplete && source.mentions(Kind.environment.rawValue),
      isForeign: decoder.isForeign)
  }

  private init(findings: Findings) {
    self.findings = findings
    reader = ShapeReader(findings: findings)
  }

  private mutating func decode(_ document: Document) {
    guard let root = document.root else {
      if !document.isSound { hasUnnamedObjects = true }
      return
    }
    let errorsBefore = findings.errorCount
    let (kind, isVersionRight) = kind(of: root)
    guard let kind else {
      hasUnnamedObjects = true
      return
    }
    let fields = isVersionRight ? reader.object(root, as: .document(of: kind)) : nil
    let name = fields?["metadata"]?.fields?["name"]
    // An object without a proper name is decoded all the same, for its other faults.
    let id = ObjectID(kind, name?.text ?? "unnamed")
    if let name {
      claims.append(DecodedFile.Claim(id: id, span: name.span))
    } else {
      hasUnnamedObjects = true
      if kind == .environment { hidesEnvironment = true }
    }
    guard let fields else { return }
    let spec = fields["spec"]?.fields ?? Fields(entries: [])
    let (decoded, references) = decode(spec, of: id)
    guard let name, let decoded, document.isSound, findings.errorCount == errorsBefore else {
      danglingReferences.append(references)
      return
    }
    let content = ContentWriter.digest(of: kind, name: id.name, spec: spec, leavingOut: Self.defaults(in: decoded))
    objects.append(
      DecodedObject(id: id, span: name.span, content: content, spec: decoded, references: references))
  }

  /// Fields that ask for what is asked for without them.
  private static func defaults(in spec: DecodedSpec) -> Set<String> {
    guard case .deployment(let deployment) = spec, deployment.gates == GateSpec.standard else { return [] }
    return ["gates"]
  }

  private func decode(_ spec: Fields, of id: ObjectID) -> (DecodedSpec?, References) {
    switch id.kind {
    case .modelDeployment:
      var decoder = DeploymentDecoder(findings: findings)
      let deployment = decoder.decode(spec, name: ModelName(id.name))
      return (deployment.map(DecodedSpec.deployment), decoder.references)
    case .dataset:
      var references = References()
      if let file = spec["file"]?.fields?["path"], let path = file.path {
        references.files.append(FileReference(path: path, span: file.span))
      }
      let dataset = DatasetDecoder(findings: findings).decode(spec, name: DatasetName(id.name))
      return (dataset.map(DecodedSpec.dataset), references)
    case .environment:
      let writeBack = spec["writeBack"]?.text.flatMap(EnvironmentSpec.WriteBack.init)
      let rewrites = spec["historyRewrites"]?.text.flatMap(EnvironmentSpec.HistoryRewrites.init)
      let environment = EnvironmentSpec(
        name: EnvironmentName(id.name), writeBack: writeBack ?? .push, historyRewrites: rewrites ?? .refuse)
      return (.environment(environment), References())
    }
  }

  // MARK: - Version and kind

  /// The kind of a document. Nothing else is checked unless the version and the kind are right.
  private mutating func kind(of root: Node) -> (kind: Kind?, isVersionRight: Bool) {
    guard case .mapping(let entries) = root.content else {
      findings.error(
        at: root.span, "a spec is a mapping, found \(root.description)",
        hint: "start with 'apiVersion: \(ObjectShape.apiVersion)' and 'kind:'")
      return (nil, false)
    }
    let isVersionRight = checkVersion(entries, root: root)
    return (readKind(entries, root: root), isVersionRight)
  }

  private mutating func checkVersion(_ entries: [Node.Entry], root: Node) -> Bool {
    let expected = ObjectShape.apiVersion
    guard let entry = entries.first(where: { $0.key == "apiVersion" }) else {
      let nearest = entries.first { Suggestions.nearest(to: $0.key, among: ["apiVersion"]) != nil }
      findings.error(
        at: nearest?.keySpan ?? root.span, "not a spec: there is no 'apiVersion'",
        hint: nearest == nil
          ? "start with 'apiVersion: \(expected)', or keep this file outside the watched path"
          : "did you mean 'apiVersion'?")
      return false
    }
    guard case .scalar(let scalar) = entry.value.content, scalar.tag == .string else {
      isForeign = false
      findings.error(at: entry.value.span, "'apiVersion' must be '\(expected)', found \(entry.value.description)")
      return false
    }
    if scalar.text == expected || Suggestions.nearest(to: scalar.text, among: [expected]) != nil
      || scalar.text.hasPrefix("headgate.dev/")
    {
      isForeign = false
    }
    guard scalar.text == expected else {
      findings.error(
        at: entry.value.span, "'apiVersion' cannot be \(scalar.text.quoted)",
        hint: findings.suggestion(for: scalar.text, among: [expected]) ?? "this version reads '\(expected)'")
      return false
    }
    return true
  }

  private func readKind(_ entries: [Node.Entry], root: Node) -> Kind? {
    let known = Kind.allCases.map(\.rawValue)
    guard let entry = entries.first(where: { $0.key == "kind" }) else {
      // A file without a version is no spec; to ask for its kind as well would be noise.
      guard entries.contains(where: { $0.key == "apiVersion" }) else { return nil }
      let nearest = entries.first { Suggestions.nearest(to: $0.key, among: ["kind"]) != nil }
      findings.error(
        at: nearest?.keySpan ?? root.span, "there is no 'kind'",
        hint: nearest == nil ? "it can be: \(known.joined(separator: ", "))" : "did you mean 'kind'?")
      return nil
    }
    guard case .scalar(let scalar) = entry.value.content else {
      findings.error(at: entry.value.span, "'kind' must be a word, found \(entry.value.description)")
      return nil
    }
    if let kind = Kind(rawValue: scalar.text) { return kind }
    if ObjectShape.laterKinds.contains(scalar.text) {
      reader.later(
        "the kind '\(scalar.text)'", at: entry.value.span, hint: "it can be: \(known.joined(separator: ", "))")
      return nil
    }
    findings.error(
      at: entry.value.span, "there is no kind \(scalar.text.quoted)",
      hint: findings.suggestion(for: scalar.text, among: known + ObjectShape.laterKinds)
        ?? "it can be: \(known.joined(separator: ", "))")
    return nil
  }
}
