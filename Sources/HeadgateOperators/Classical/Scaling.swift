import HeadgateTensors

/// Operators that rescale or replace single numbers.
enum Scaling {
  static let table: [OperatorDefinition] = [
    .classical("Scaler", since: 1, prepare: scaler),
    .classical("Normalizer", since: 1, prepare: normalizer),
    .classical("Binarizer", since: 1, prepare: binarizer),
    .classical("Imputer", since: 1, prepare: imputer),
  ]

  /// `(x - offset) * scale` in the input's own precision; float output of the input's shape.
  private static func scaler(_ node: OperatorNode) throws(TensorError) -> Kernel {
    let offsets = try node.attributes.floats("offset") ?? []
    let scales = try node.attributes.floats("scale") ?? []
    guard !offsets.isEmpty, offsets.count == scales.count else {
      throw TensorError(
        .invalidValue, "attributes 'offset' and 'scale' have \(offsets.count) and \(scales.count) values")
    }
    return { (call) throws(TensorError) in
      let input = try call.tensor(0)
      let stride = try columns(of: input, fitting: offsets.count, attribute: "scale")
      guard input.elementType == .double else {
        let elements = try input.converted(to: Float.self, call: call)
        return [.tensor(try scaled(elements, Float.self, stride: stride, offsets, scales, call))]
      }
      return [.tensor(try scaled(input, Double.self, stride: stride, offsets, scales, call))]
    }
  }

  private static func scaled<T: BinaryFloatingPoint & TensorElement>(
    _ input: Tensor, _ type: T.Type, stride: Int, _ offsets: [Float], _ scales: [Float], _ call: OperatorCall
  ) throws(TensorError) -> Tensor {
    let elements = try input.elements(type)
    return try call.make(Float.self, input.shape) { output in
      var column = 0
      for index in 0..<elements.count {
        output[index] = Float((elements[index] - T(offsets[column])) * T(scales[column]))
        column += 1
        if column == stride { column = 0 }
      }
    }
  }

  /// The period at which per-column values repeat over the elements: the columns, or 1 for one value for all.
  private static func columns(
    of input: Tensor, fitting count: Int, attribute: String
  ) throws(TensorError) -> Int {
    let columns = input.rank == 1 ? input.shape[0] : input.rank == 2 ? input.shape[1] : -1
    if count == columns || count == 1 { return count }
    throw TensorError(
      .shape, "attribute '\(attribute)' has \(count) values, which does not fit an input of shape \(input.shape)")
  }

  private enum Norm { case max, l1, l2 }

  /// Divides each row by its greatest value, the sum of its absolute values, or its length; float output.
  private static func normalizer(_ node: OperatorNode) throws(TensorError) -> Kernel {
    let norm: Norm
    switch try node.attributes.string("norm") {
    case nil, "MAX": norm = .max
    case "L1": norm = .l1
    case "L2": norm = .l2
    case .some(let other): throw TensorError(.invalidValue, "attribute 'norm' is '\(other)'")
    }
    return { (call) throws(TensorError) in
      let rows = try Rows(try call.tensor(0)).floats(call)
      defer { withExtendedLifetime(rows) {} }
      let elements = try rows.tensor.elements(Float.self)
      let output = try call.make(Float.self, rows.tensor.shape) { output in
        guard !output.isEmpty else { return }
        for row in 0..<rows.count {
          let range = row * rows.columns..<(row + 1) * rows.columns
          normalise(elements, output, range, norm)
        }
      }
      return [.tensor(output)]
    }
  }

  private static func normalise(
    _ input: UnsafeBufferPointer<Float>, _ output: UnsafeMutableBufferPointer<Float>, _ row: Range<Int>, _ norm: Norm
  ) {
    var measure: Float = norm == .max ? -.greatestFiniteMagnitude : 0
    switch norm {
    case .max: for index in row where input[index] > measure { measure = input[index] }
    case .l1: for index in row { measure += abs(input[index]) }
    case .l2: for index in row { measure += input[index] * input[index] }
    }
    // A row of zeros stays as it is.
    guard measure != 0 else {
      for index in row { output[index] = input[index] }
      return
    }
    for index in row {
      let value = input[index]
      if norm == .l2 {
        let part = (value * value / measure).squareRoot()
        output[index] = value < 0 ? -part : part
      } else {
        output[index] = value / measure
      }
    }
  }

  /// 1 where the number is greater than the threshold, else 0; type and shape of the input.
  private static func binarizer(_ node: OperatorNode) throws(TensorError) -> Kernel {
    let threshold = try node.attributes.float("threshold") ?? 0
    return { (call) throws(TensorError) in
      let input = try call.tensor(0)
      let output =
        switch input.elementType {
        case .float: try input.map(Float.self, to: Float.self, call: call) { $0 > threshold ? 1 : 0 }
        case .double: try input.map(Double.self, to: Double.self, call: call) { $0 > Double(threshold) ? 1 : 0 }
        case .int64: try input.map(Int64.self, to: Int64.self, call: call) { Float($0) > threshold ? 1 : 0 }
        case .int32: try input.map(Int32.self, to: Int32.self, call: call) { Float($0) > threshold ? 1 : 0 }
        default: throw TensorError(.elementType, "takes numbers, got elements of type \(input.elementType)")
        }
      return [.tensor(output)]
    }
  }

  /// Puts the column's value where an element equals the replaced one; NaN equals NaN here.
  private static func imputer(_ node: OperatorNode) throws(TensorError) -> Kernel {
    let attributes = node.attributes
    let floats = try attributes.floats("imputed_value_floats") ?? []
    let integers = try attributes.int64s("imputed_value_int64s") ?? []
    let replacedFloat = try attributes.float("replaced_value_float") ?? 0
    let replacedInteger = Int64(try attributes.int("replaced_value_int64") ?? 0)
    guard floats.isEmpty != integers.isEmpty else {
      throw TensorError(
        .invalidValue,
        "exactly one of the attributes 'imputed_value_floats' and 'imputed_value_int64s' must hold values")
    }
    return { (call) throws(TensorError) in
      let input = try call.tensor(0)
      let usesFloats = input.elementType == .float || input.elementType == .double
      guard usesFloats == integers.isEmpty else {
        throw TensorError(.elementType, "the values to impute are of another kind than the input, \(input.elementType)")
      }
      let stride = try columns(
        of: input, fitting: usesFloats ? floats.count : integers.count, attribute: "imputed_value")
      let output =
        switch input.elementType {
        case .float:
          try imputed(input, floats, stride, call) { $0 == replacedFloat || ($0.isNaN && replacedFloat.isNaN) }
        case .double:
          try imputed(input, floats.map { Double($0) }, stride, call) {
            $0 == Double(replacedFloat) || ($0.isNaN && replacedFloat.isNaN)
          }
        case .int64: try imputed(input, integers, stride, call) { $0 == replacedInteger }
        case .int32:
          try imputed(input, integers.map { Int32(truncatingIfNeeded: $0) }, stride, call) {
            Int64($0) == replacedInteger
          }
        default: throw TensorError(.elementType, "takes numbers, got elements of type \(input.elementType)")
        }
      return [.tensor(output)]
    }
  }

  @inline(__always)
  private static func imputed<T: TensorElement>(
    _ input: Tensor, _ values: [T], _ stride: Int, _ call: OperatorCall, isMissing: (T) -> Bool
  ) throws(TensorError) -> Tensor {
    let elements = try input.elements(T.self)
    return try call.make(T.self, input.shape) { output in
      var column = 0
      for index in 0..<elements.count {
        output[index] = isMissing(elements[index]) ? values[column] : elements[index]
        column += 1
        if column == stride { column = 0 }
      }
    }
  }
}
