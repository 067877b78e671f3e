import Domain

/// What one spec file holds, before anything outside it was looked at.
struct DecodedFile: Sendable {
  let source: SourceText
  /// Objects without an error of their own, in order.
  let objects: [DecodedObject]
  /// What objects with errors refer to: checked all the same, so that one run tells every fault.
  let danglingReferences: [References]
  /// Every object the file gives a name to, those with errors included.
  let claims: [Claim]
  let diagnostics: [Diagnostic]
  let hasErrors: Bool
  /// Whether the parser stopped early, so that the file may hold objects nobody saw.
  let mayHideObjects: Bool
  /// Whether a document is an object, or may be one, whose kind and name cannot be read.
  let hasUnnamedObjects: Bool
  /// Whether one of those objects, or one without a name, may be an `Environment`.
  let mayHideEnvironment: Bool
  /// Whether no document of the file says it is Headgate's.
  let isForeign: Bool

  /// A file whose bytes could not be had because there are too many of them.
  static func tooLarge(at path: RepositoryPath, limit: Int) -> DecodedFile {
    let source = SourceText(path: path, bytes: [])
    let diagnostic = Diagnostic(
      at: source.place(of: Span(line: 1, column: 1)), "the file has more bytes than the limit of \(limit)",
      hint: "split it into several files")
    return DecodedFile(
      source: source, objects: [], danglingReferences: [], claims: [], diagnostics: [diagnostic], hasErrors: true,
      mayHideObjects: true, hasUnnamedObjects: false,
      mayHideEnvironment: true, isForeign: true)
  }

  /// A kind and a name, and where they were given.
  struct Claim: Sendable {
    let id: ObjectID
    let span: Span
  }
}

/// One object of a file. A class, because each load walks over all of them and a copy of a spec is dozens of retains.
final class DecodedObject: Sendable {
  let id: ObjectID
  let span: Span
  /// Of the content alone, without what it refers to.
  let content: Digest
  let spec: DecodedSpec
  let references: References

  init(id: ObjectID, span: Span, content: Digest, spec: DecodedSpec, references: References) {
    self.id = id
    self.span = span
    self.content = content
    self.spec = spec
    self.references = references
  }
}

/// The object's values.
enum DecodedSpec: Sendable {
  case deployment(ModelDeployment)
  case dataset(DatasetSpec)
  case environment(EnvironmentSpec)
}

/// A file a spec names.
struct FileReference: Sendable {
  let path: RepositoryPath
  let span: Span
}

/// All that an object names.
struct References: Sendable {
  var files: [FileReference] = []
  var datasets: [DatasetReference] = []
  /// The environment, when one is named.
  var environment: (name: EnvironmentName, span: Span)?
}

/// A data set that is named, and what it must have for that use.
struct DatasetReference: Sendable {
  let name: DatasetName
  let span: Span
  /// The split, and where it is named.
  let split: (name: String, span: Span)?
  /// Whether a gate judges on it; otherwise a build step reads it.
  let isJudgedOn: Bool
  /// Columns that must be among the sensitive ones.
  let attributes: [(column: String, span: Span)]
}
