/// Why an archive or a compressed stream cannot be read.
package struct ArchiveError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What is wrong with it.
  package let message: String

  package init(_ message: String) {
    self.message = message
  }

  package var description: String { message }
}
