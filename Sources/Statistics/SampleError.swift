/// Says why arrays given to a measure do not describe one sample.
package struct SampleError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What is wrong and what to give instead.
  package let message: String

  package init(_ message: String) {
    self.message = message
  }

  package var description: String { message }
}
