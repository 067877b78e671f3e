import HeadgateTensors

/// Operators on values that may be absent.
enum Optionals {
  static let table: [OperatorDefinition] = [
    .op("Optional", since: 15, optional), .op("OptionalHasElement", since: 15, hasElement),
    .op("OptionalGetElement", since: 15, element),
  ]

  private static func optional(_ call: OperatorCall) throws(TensorError) -> [Value] {
    [call.optionalValue(0) ?? .absent]
  }

  /// From opset 18 on the input may be a plain value, which is an element, or left out, which is none.
  private static func hasElement(_ call: OperatorCall) throws(TensorError) -> [Value] {
    [.tensor(try Tensor(shape: [], bools: [call.optionalValue(0) != nil]))]
  }

  private static func element(_ call: OperatorCall) throws(TensorError) -> [Value] {
    guard let value = call.optionalValue(0) else { throw TensorError(.missing, "the optional has no value") }
    return [value]
  }
}
