import HeadgateTensors

extension ValueInfo {
  init(_ info: ONNXValueInfo) throws(ModelFileError) {
    guard let declared = info.type else {
      throw ModelFileError(.unsupported, "'\(info.name)' is declared with no type that this version reads")
    }
    self.init(name: info.name, type: try ValueType(declared, of: info.name))
  }

  /// Whether a tensor is what the model declares.
  func admits(_ tensor: Tensor) -> Bool { type.admits(.tensor(tensor)) }

  /// Checks a caller's value against what the model declares.
  func check(_ value: Value) throws(RunError) {
    guard type.admits(value) else {
      throw RunError(.invalidInput, "input '\(name)' must be \(summary), got \(value.summary)")
    }
  }
}

extension ValueType {
  /// - Parameter name: the value that has this type, for messages.
  fileprivate init(_ declared: ONNXType, of name: String) throws(ModelFileError) {
    func elementType(_ number: Int32) throws(ModelFileError) -> ElementType {
      guard let type = ElementType(rawValue: number) else {
        throw ModelFileError(.unsupported, "'\(name)' has elements of unknown type \(number)")
      }
      return type
    }
    func inner(_ type: ONNXType?) throws(ModelFileError) -> ValueType {
      guard let type else {
        throw ModelFileError(.unsupported, "'\(name)' is declared as a container of no known type")
      }
      return try ValueType(type, of: name)
    }
    switch declared {
    case .tensor(let type, let shape): self = .tensor(try elementType(type), shape: shape)
    case .sequence(let element): self = .sequence(try inner(element))
    case .optional(let element): self = .optional(try inner(element))
    case .map(let keys, let values):
      guard case .tensor? = values else {
        throw ModelFileError(.unsupported, "'\(name)' is declared as maps to other values than numbers or strings")
      }
      self = .map(keys: try elementType(keys), values: try inner(values))
    case .other(let what): throw ModelFileError(.unsupported, "'\(name)' is declared as \(what), which is not read")
    }
  }

  /// The declared type of a graph's tensor, when the file tells it.
  init?(tensor info: ONNXValueInfo) {
    guard case .tensor(let number, let shape)? = info.type, let type = ElementType(rawValue: number) else { return nil }
    self = .tensor(type, shape: shape)
  }
}
