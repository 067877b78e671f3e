import HeadgateTensors

/// Operators that take one number for each window of an image, or undo it.
enum Pooling {
  static let table: [OperatorDefinition] = [
    .op("MaxPool", since: 1, maximum), .op("AveragePool", since: 1, average), .op("LpPool", since: 1, norm),
    .op("GlobalMaxPool", since: 1, GlobalPooling.maximum), .op("GlobalAveragePool", since: 1, GlobalPooling.average),
    .op("GlobalLpPool", since: 1, GlobalPooling.norm), .op("MaxUnpool", since: 9, Unpooling.unpool),
    .op("MaxRoiPool", since: 1, RegionPooling.maximum),
  ]

  private static func maximum(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    let planes = try PooledPlanes(input, call)
    let wide = try call.widened(input)
    let greatest = try wide.elementType.visit(Maxima(input: wide, planes: planes, call: call))
    let output = Value.tensor(try call.narrowed(greatest, to: input.elementType))
    guard call.node.outputCount > 1, call.node.usedOutputs[1] else { return [output] }
    let isColumnMajor = try call.attributes.flag("storage_order")
    let places = try wide.elementType.visit(
      MaximumPlaces(input: wide, planes: planes, isColumnMajor: isColumnMajor, call: call))
    return [output, .tensor(places)]
  }

  private static func average(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    let planes = try PooledPlanes(input, call)
    let wide = try call.widened(input)
    let countsPads = try call.attributes.flag("count_include_pad")
    let means = try wide.elementType.visitWide(
      Sums(input: wide, planes: planes, finish: .mean(countsPads: countsPads), call: call))
    return [.tensor(try call.narrowed(means, to: input.elementType))]
  }

  private static func norm(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    let planes = try PooledPlanes(input, call)
    let power = try NormPower(call.attributes)
    let wide = try call.widened(input)
    let powers = try wide.elementType.visitWide(NormPowers(input: wide, power: power, call: call))
    let norms = try wide.elementType.visitWide(
      Sums(input: powers, planes: planes, finish: .root(power), call: call))
    return [.tensor(try call.narrowed(norms, to: input.elementType))]
  }
}
