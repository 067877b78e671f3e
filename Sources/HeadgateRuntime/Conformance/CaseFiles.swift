import HeadgateTensors

/// The values of one run, in files that are numbered as the model's inputs or outputs are.
struct CaseFiles {
  /// What comes before the number in the files' paths.
  let stem: String

  /// A value for each input or output; nil where there is no file.
  ///
  /// - Throws: when a file cannot be read as the declared type, or one is left over.
  func values(_ declared: [ValueInfo]) throws -> [Value?] {
    var values: [Value?] = []
    for (index, info) in declared.enumerated() {
      let path = path(index)
      values.append(Directory.isFile(path) ? try Value(file: path, type: info.type) : nil)
    }
    guard !Directory.isFile(path(declared.count)) else {
      throw ModelFileError(.invalidGraph, "the case has a file \(path(declared.count)) beyond the model's signature")
    }
    return values
  }

  /// The values up to the first for which there is no file.
  func leadingValues(_ declared: [ValueInfo]) throws -> [Value] {
    try values(declared).prefix { $0 != nil }.compactMap { $0 }
  }

  private func path(_ index: Int) -> String { "\(stem)\(index).pb" }
}

/// Inputs for cases that have none: of `n` floats the one at place `i` is `i / n`, and open extents are 1
/// (`generate_dummy_data` in onnx/backend/test/runner).
enum MadeInputs {
  static func values(for model: Model) throws -> [Value?] {
    var values: [Value?] = []
    for (index, info) in model.inputs.enumerated() {
      guard !model.hasDefault(index) else {
        values.append(nil)
        continue
      }
      guard case .tensor(.float, let declared?) = info.type else {
        throw ModelFileError(.unsupported, "no inputs can be made for '\(info.name)' (\(info.summary)), only floats")
      }
      let shape = declared.map { $0 ?? 1 }
      let count = try shape.elementCount()
      guard count <= 1 << 26 else { throw ModelFileError(.tooLarge, "input '\(info.name)' has \(count) elements") }
      let elements = (0..<count).map { Float(Double($0) / Double(count)) }
      values.append(.tensor(try Tensor(shape: shape, floats: elements)))
    }
    return values
  }
}
