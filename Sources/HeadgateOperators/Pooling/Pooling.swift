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
    let isReal = (input.elementType == .float || input.elementType == .double) && planes.isMostlyInput
    let greatest =
      isReal
      ? try input.elementType.visit(RealMaxima(input: input, planes: planes, call: call))
      : try input.elementType.visit(Maxima(input: input, planes: planes, call: call))
    guard call.node.outputCount > 1, call.node.usedOutputs[1] else { return [.tensor(greatest)] }
    let isColumnMajor = try call.attributes.flag("storage_order")
    let places = try input.elementType.visit(
      MaximumPlaces(input: input, planes: planes, isColumnMajor: isColumnMajor, call: call))
    return [.tensor(greatest), .tensor(places)]
  }

  private static func average(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    let planes = try PooledPlanes(input, call)
    let countsPads = try call.attributes.flag("count_include_pad")
    let means = try input.elementType.visit(
      Sums(input: input, planes: planes, finish: .mean(countsPads: countsPads), call: call))
    return [.tensor(means)]
  }

  private static func norm(_ call: OperatorCall) throws(TensorError) -> [Value] {
    let input = try call.tensor(0)
    let planes = try PooledPlanes(input, call)
    let power = try NormPower(call.attributes)
    let powers = try input.elementType.visit(NormPowers(input: input, power: power, call: call))
    let norms = try input.elementType.visit(
      Sums(input: powers, planes: planes, finish: .root(power), call: call))
    return [.tensor(norms)]
  }
}
