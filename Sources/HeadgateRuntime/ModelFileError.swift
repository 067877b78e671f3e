/// Why a model file cannot be used.
public struct ModelFileError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The kinds of failure, for code that must tell them apart.
  public enum Code: String, Sendable, Hashable {
    /// The file could not be opened or mapped.
    case unreadable
    /// The bytes are no model of a format that is read: truncated, damaged, or another format.
    case malformed
    /// A count, length or depth passes the limits of this version.
    case tooLarge
    /// The bytes decode, but the graph they describe makes no sense.
    case invalidGraph
    /// The model needs an operator, type or feature that this version does not have.
    case unsupported
    /// Weights outside of the file are missing, or lie where they may not.
    case externalData
  }

  public let code: Code
  /// What happened and what to do.
  public let message: String
  /// Where in the file, when one place is to blame.
  public let byteOffset: Int?

  public init(_ code: Code, _ message: String, byteOffset: Int? = nil) {
    self.code = code
    self.message = message
    self.byteOffset = byteOffset
  }

  public var description: String {
    byteOffset.map { "\(message) (at byte \($0))" } ?? message
  }
}
