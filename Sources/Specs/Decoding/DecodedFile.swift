import Domain

/// What one spec file holds, before anything outside it was looked at.
struct DecodedFile: Sendable {
  let source: SourceText
  /// Objects without an error of their own, in order.
  let objects: [DecodedObject]
  /// Every object the file gives a name to, those with errors included.
  let claims: [Claim]
  let diagnostics: [Diagnostic]
  let hasErrors: Bool
  /// Whether the file may hold objects that could not be read.
  let mayHideObjects: Bool
  /// Whether no document of the file says it is Headgate's.
  let isForeign: Bool

  /// A kind and a name, and where they were given.
  struct Claim: Sendable {
    let id: ObjectID
    let span: Span
  }
}

/// One object of a file.
struct DecodedObject: Sendable {
  let id: ObjectID
  let span: Span
  /// Of the content alone, without what it refers to.
  let content: Digest
  let spec: DecodedSpec
}

/// The object's values and what it refers to.
enum DecodedSpec: Sendable {
  case deployment(ModelDeployment, DeploymentReferences)
  case dataset(DatasetSpec, file: FileReference)
  case environment(EnvironmentSpec)
}

/// A file a spec names.
struct FileReference: Sendable {
  let path: RepositoryPath
  let span: Span
}

/// All that a deployment names.
struct DeploymentReferences: Sendable {
  var files: [FileReference] = []
  var datasets: [DatasetReference] = []
  /// Where the environment is named, `nil` for the built-in one.
  var environmentSpan: Span?
}

/// A data set a deployment names, and what it must have for that use.
struct DatasetReference: Sendable {
  let name: DatasetName
  let span: Span
  /// Where the split is named.
  let splitSpan: Span?
  let needsLabel: Bool
  /// Columns that must be among the sensitive ones.
  let attributes: [(column: String, span: Span)]
}
