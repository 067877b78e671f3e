/// Why arrays cannot be read from a file, or written to one.
public struct ArrayArchiveError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What happened and what to do; it names the array when one is to blame.
  public let message: String

  public init(_ message: String) {
    self.message = message
  }

  public var description: String { message }
}
