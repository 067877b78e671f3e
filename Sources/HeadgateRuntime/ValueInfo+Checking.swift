import HeadgateTensors

extension ValueInfo {
  init(_ info: ONNXValueInfo) throws(ModelFileError) {
    func elementType(_ number: Int32) throws(ModelFileError) -> ElementType {
      guard let type = ElementType(rawValue: number) else {
        throw ModelFileError(.unsupported, "'\(info.name)' has elements of unknown type \(number)")
      }
      return type
    }
    switch info.type {
    case .tensor(let type, let shape):
      self.init(name: info.name, kind: .tensor, elementType: try elementType(type), shape: shape)
    case .sequence(.map(let keys, .tensor(let type, _))):
      self.init(
        name: info.name, kind: .maps(keys: try elementType(keys)), elementType: try elementType(type), shape: nil)
    case .map(let keys, .tensor(let type, _)):
      self.init(
        name: info.name, kind: .maps(keys: try elementType(keys)), elementType: try elementType(type), shape: nil)
    case .sequence(.tensor(let type, let shape)):
      self.init(name: info.name, kind: .sequence, elementType: try elementType(type), shape: shape)
    case .optional(.tensor(let type, let shape)), .optional(.sequence(.tensor(let type, let shape))):
      self.init(name: info.name, kind: .optional, elementType: try elementType(type), shape: shape)
    default:
      throw ModelFileError(.unsupported, "'\(info.name)' is declared with no type that this version reads")
    }
  }

  /// Checks a caller's value against what the model declares.
  func check(_ value: Value) throws(RunError) {
    guard kind == .tensor else { return }
    guard case .tensor(let tensor) = value, tensor.elementType == elementType, fits(tensor.shape) else {
      throw RunError(.invalidInput, "input '\(name)' must be \(summary), got \(value.summary)")
    }
  }

  private func fits(_ actual: Shape) -> Bool {
    guard let shape else { return true }
    guard shape.count == actual.count else { return false }
    for axis in shape.indices {
      if let extent = shape[axis], extent != actual[axis] { return false }
    }
    return true
  }
}
