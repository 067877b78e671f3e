import Domain

extension BuildInput {
  /// Writes what the input holds into a new file.
  /// - Throws: `StageError` when a stored file no longer has its digest: a model made of it would be taken for another;
  ///   `FileError`.
  func write(to path: String) throws {
    switch content {
    case .bytes(let bytes): try FileSystem.create(path, bytes: bytes)
    case .file(let source):
      guard try FileSystem.copy(source, to: path) == digest else {
        throw StageError(
          .building, reason: "InputDamaged",
          "\(source), the input '\(fileName)', no longer has the digest \(digest): remove that file, and it is made again",
          remedy: .retry)
      }
    }
  }
}
