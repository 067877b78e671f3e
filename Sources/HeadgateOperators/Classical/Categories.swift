import HeadgateTensors

/// Operators on categories: words or whole numbers.
enum Categories {
  static let table: [OperatorDefinition] = [
    .classical("OneHotEncoder", since: 1, prepare: oneHotEncoder),
    .classical("CategoryMapper", since: 1, prepare: categoryMapper),
  ]

  /// Appends an axis with a 1 at the place of the element's category; floats.
  private static func oneHotEncoder(_ node: OperatorNode) throws(TensorError) -> Kernel {
    let strings = try node.attributes.strings("cats_strings") ?? []
    let integers = try node.attributes.int64s("cats_int64s") ?? []
    guard strings.isEmpty != integers.isEmpty else {
      throw TensorError(
        .invalidValue, "exactly one of the attributes 'cats_strings' and 'cats_int64s' must list categories")
    }
    let index = strings.isEmpty ? KeyIndex(integers: integers) : KeyIndex(strings: strings)
    let count = strings.count + integers.count
    let allowsUnknown = try node.attributes.int("zeros") ?? 1 != 0
    return { (call) throws(TensorError) in
      let input = try call.tensor(0)
      let output = try call.make(Float.self, input.shape + [count]) { (output) throws(TensorError) in
        output.update(repeating: 0)
        try index.forEach(in: input) { (element, place) throws(TensorError) in
          if let place {
            output[element * count + place] = 1
          } else if !allowsUnknown {
            throw TensorError(.invalidValue, "element \(element) is of no known category, and 'zeros' is 0")
          }
        }
      }
      return [.tensor(output)]
    }
  }

  /// Translates strings to integers or back by two lists of the same length.
  private static func categoryMapper(_ node: OperatorNode) throws(TensorError) -> Kernel {
    let attributes = node.attributes
    let strings = try attributes.strings("cats_strings") ?? []
    let integers = try attributes.int64s("cats_int64s") ?? []
    guard strings.count == integers.count else {
      throw TensorError(
        .invalidValue,
        "attributes 'cats_strings' and 'cats_int64s' have \(strings.count) and \(integers.count) values")
    }
    let toIntegers = Translation(
      keys: KeyIndex(strings: strings),
      values: .integers(integers, fallback: Int64(try attributes.int("default_int64") ?? -1)))
    let toStrings = Translation(
      keys: KeyIndex(integers: integers),
      values: .strings(strings, fallback: try attributes.string("default_string") ?? "_Unused"))
    return { (call) throws(TensorError) in
      let input = try call.tensor(0)
      let translation = input.elementType == .string ? toIntegers : toStrings
      return [.tensor(try translation.apply(to: input, call: call))]
    }
  }
}
