import HeadgateTensors

/// Why one run of a model gave no answer.
public struct RunError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The kinds of failure, for code that must tell them apart.
  public enum Code: Sendable, Hashable {
    /// The caller's inputs do not fit the model; the message names the input.
    case invalidInput
    /// The caller asked for an output that the model does not have.
    case unknownOutput
    /// The run would have passed `ModelOptions.maxRunBytes`.
    case memoryLimit
    /// A node failed on values that passed the checks of the inputs.
    case nodeFailed
  }

  public let code: Code
  /// What happened and what to do.
  public let message: String
  /// The node that failed, as `Gemm 'dense_1'`.
  public let node: String?
  /// What the node reported.
  public let cause: TensorError?

  public init(_ code: Code, _ message: String, node: String? = nil, cause: TensorError? = nil) {
    self.code = code
    self.message = message
    self.node = node
    self.cause = cause
  }

  public var description: String { message }
}
