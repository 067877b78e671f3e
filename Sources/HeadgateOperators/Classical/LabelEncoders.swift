import HeadgateTensors

/// LabelEncoder in its three meanings.
enum LabelEncoders {
  static let table: [OperatorDefinition] = [
    .classical("LabelEncoder", since: 1, prepare: byPosition),
    .classical("LabelEncoder", since: 2, prepare: byLists),
    .classical("LabelEncoder", since: 4, prepare: byListsOrTensors),
  ]

  /// Version 1: strings to their positions in the list, or positions to strings.
  private static func byPosition(_ node: OperatorNode) throws(TensorError) -> Kernel {
    let attributes = node.attributes
    guard let classes = try attributes.strings("classes_strings"), !classes.isEmpty else {
      throw TensorError(.missing, "attribute 'classes_strings' names no class")
    }
    let positions = classes.indices.map { Int64($0) }
    let toIntegers = Translation(
      keys: KeyIndex(strings: classes),
      values: .integers(positions, fallback: Int64(try attributes.int("default_int64") ?? -1)))
    let toStrings = Translation(
      keys: KeyIndex(integers: positions),
      values: .strings(classes, fallback: try attributes.string("default_string") ?? "_Unused"))
    return { (call) throws(TensorError) in
      let input = try call.tensor(0)
      let translation = input.elementType == .string ? toIntegers : toStrings
      return [.tensor(try translation.apply(to: input, call: call))]
    }
  }

  /// Version 2: a list of keys and a list of values; NaN is no key.
  private static func byLists(_ node: OperatorNode) throws(TensorError) -> Kernel {
    try kernel(
      keys: try keys(node.attributes, findsNotANumber: false), values: try values(node.attributes))
  }

  /// Version 4: lists or tensors; a key of NaN matches NaN.
  private static func byListsOrTensors(_ node: OperatorNode) throws(TensorError) -> Kernel {
    try kernel(
      keys: try keys(node.attributes, findsNotANumber: true), values: try values(node.attributes))
  }

  private static func kernel(
    keys: (index: KeyIndex, count: Int), values: Translation.Values
  ) throws(TensorError) -> Kernel {
    guard keys.count == values.count else {
      throw TensorError(.invalidValue, "attributes 'keys_*' have \(keys.count) entries and 'values_*' \(values.count)")
    }
    let translation = Translation(keys: keys.index, values: values)
    return { (call) throws(TensorError) in [.tensor(try translation.apply(to: try call.tensor(0), call: call))] }
  }

  private static func keys(
    _ attributes: Attributes, findsNotANumber: Bool
  ) throws(TensorError) -> (index: KeyIndex, count: Int) {
    if let keys = try attributes.strings("keys_strings") { return (KeyIndex(strings: keys), keys.count) }
    if let keys = try attributes.int64s("keys_int64s") { return (KeyIndex(integers: keys), keys.count) }
    if let keys = try attributes.floats("keys_floats") {
      return (KeyIndex(numbers: keys.map { Double($0) }, findsNotANumber: findsNotANumber), keys.count)
    }
    guard let tensor = try attributes.tensor("keys_tensor") else {
      throw TensorError(.missing, "none of the attributes 'keys_*' is present")
    }
    let index: KeyIndex
    switch tensor.elementType {
    case .string: index = KeyIndex(strings: try tensor.strings())
    case .int64, .int32: index = KeyIndex(integers: try tensor.ints().map { Int64($0) })
    case .int16: index = KeyIndex(integers: try tensor.array(of: Int16.self).map { Int64($0) })
    case .float: index = KeyIndex(numbers: try tensor.floats().map { Double($0) }, findsNotANumber: findsNotANumber)
    case .double: index = KeyIndex(numbers: try tensor.doubles(), findsNotANumber: findsNotANumber)
    default: throw TensorError(.unsupported, "attribute 'keys_tensor' has elements of type \(tensor.elementType)")
    }
    return (index, tensor.count)
  }

  private static func values(
    _ attributes: Attributes
  ) throws(TensorError) -> Translation.Values {
    let fallback = try attributes.tensor("default_tensor")
    guard fallback?.count ?? 1 == 1 else {
      throw TensorError(.invalidValue, "attribute 'default_tensor' must hold one element")
    }
    // Read outside of `??`, whose right side cannot throw a typed error.
    let namedString = try attributes.string("default_string")
    let namedInteger = try attributes.int("default_int64")
    let namedFloat = try attributes.float("default_float")
    let string = try first(fallback, String.self) ?? namedString ?? "_Unused"
    let integer = try first(fallback, Int64.self) ?? Int64(namedInteger ?? -1)
    let float = try first(fallback, Float.self) ?? namedFloat ?? -0.0
    if let values = try attributes.strings("values_strings") { return .strings(values, fallback: string) }
    if let values = try attributes.int64s("values_int64s") { return .integers(values, fallback: integer) }
    if let values = try attributes.floats("values_floats") { return .floats(values, fallback: float) }
    guard let tensor = try attributes.tensor("values_tensor") else {
      throw TensorError(.missing, "none of the attributes 'values_*' is present")
    }
    switch tensor.elementType {
    case .string: return .strings(try tensor.strings(), fallback: string)
    case .int64: return .integers(try tensor.integers(), fallback: integer)
    case .float: return .floats(try tensor.floats(), fallback: float)
    case .double: return .doubles(try tensor.doubles(), fallback: try first(fallback, Double.self) ?? -0.0)
    case .int32: return .words(try tensor.array(), fallback: try first(fallback, Int32.self) ?? -1)
    case .int16: return .shorts(try tensor.array(), fallback: try first(fallback, Int16.self) ?? -1)
    default: throw TensorError(.unsupported, "attribute 'values_tensor' has elements of type \(tensor.elementType)")
    }
  }

  /// The element of a tensor that holds one of this type.
  private static func first<T: TensorElement>(_ tensor: Tensor?, _ type: T.Type) throws(TensorError) -> T? {
    guard let tensor, tensor.elementType == T.elementType else { return nil }
    return try tensor.array(of: type).first
  }
}
