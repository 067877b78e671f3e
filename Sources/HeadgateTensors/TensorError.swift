/// What went wrong with a tensor or an operator on tensors.
public struct TensorError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The kinds of failure, for code that must tell them apart.
  public enum Code: Sendable, Hashable {
    /// The elements have another type than was asked for.
    case elementType
    /// Shapes do not fit each other, or the number of elements.
    case shape
    /// An index, axis or other value lies outside its range.
    case invalidValue
    /// An input or attribute that is required is absent.
    case missing
    /// The memory limit of the run would be exceeded.
    case memoryLimit
    /// The model asks for something that this version cannot do.
    case unsupported
  }

  public let code: Code
  public let message: String

  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  public var description: String { message }
}
