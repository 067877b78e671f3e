import HeadgateTensors

/// Functions of one number, applied to each element.
enum RealFunctions {
  static let table: [OperatorDefinition] = [
    .op("Abs", since: 1, mapNumbers(Absolute())), .op("Neg", since: 1, mapNumbers(Negative())),
    .op("Sign", since: 9, mapNumbers(Sign())), .op("Reciprocal", since: 1, map(Reciprocal())),
    .op("Sqrt", since: 1, map(SquareRoot())), .op("Exp", since: 1, map(Exponential())),
    .op("Log", since: 1, map(Logarithm())), .op("Erf", since: 9, map(ErrorFunction())),
    .op("Floor", since: 1, map(Floor())), .op("Ceil", since: 1, map(Ceiling())),
    .op("Round", since: 11, map(Round())), .op("Sin", since: 7, map(Sine())), .op("Cos", since: 7, map(Cosine())),
    .op("Tan", since: 7, map(Tangent())), .op("Asin", since: 7, map(ArcSine())),
    .op("Acos", since: 7, map(ArcCosine())), .op("Atan", since: 7, map(ArcTangent())),
    .op("Sinh", since: 9, map(HyperbolicSine())), .op("Cosh", since: 9, map(HyperbolicCosine())),
    .op("Tanh", since: 1, map(HyperbolicTangent())), .op("Asinh", since: 9, map(AreaSine())),
    .op("Acosh", since: 9, map(AreaCosine())), .op("Atanh", since: 9, map(AreaTangent())),
  ].computingWide()

  static func map(_ function: some RealFunction) -> Kernel {
    { (call) throws(TensorError) in
      let input = try call.tensor(0)
      return [.tensor(try input.elementType.visit(RealMap(function: function, input: input, call: call)))]
    }
  }

  static func mapNumbers(_ function: some NumberFunction) -> Kernel {
    { (call) throws(TensorError) in
      let input = try call.tensor(0)
      return [.tensor(try input.elementType.visit(NumberMap(function: function, input: input, call: call)))]
    }
  }
}

/// A function of one floating-point number.
protocol RealFunction: Sendable {
  func apply<T: Real>(_ x: T) -> T
  /// The same for rows of floats, when there is such a kernel.
  var rowFunction: RowFunction? { get }
}

extension RealFunction {
  var rowFunction: RowFunction? { nil }

  /// `y[i] = f(x[i])`; both may be the same row.
  @inline(__always)
  func apply<T: Real>(_ x: UnsafePointer<T>, into y: UnsafeMutablePointer<T>, count: Int) {
    guard T.self == Float.self, let rowFunction else {
      for index in 0..<count { y[index] = apply(x[index]) }
      return
    }
    // SAFETY: T is Float here.
    rowFunction.apply(
      UnsafeRawPointer(x).assumingMemoryBound(to: Float.self),
      into: UnsafeMutableRawPointer(y).assumingMemoryBound(to: Float.self), count: count)
  }
}

/// A function of one number of any type.
protocol NumberFunction: Sendable {
  func apply<T: Number>(_ x: T) -> T
}

private struct RealMap<Function: RealFunction>: RealVisitor {
  let function: Function
  let input: Tensor
  let call: OperatorCall

  func visit<T: Real>(_ type: T.Type) throws(TensorError) -> Tensor {
    let x = try input.elements(type)
    let (function, team) = (function, call.team)
    return try call.produce(type, input.shape, reading: input) { output in
      guard let start = x.baseAddress, let target = output.baseAddress else { return }
      team.split(x.count, each: function.rowFunction == nil ? 4 : 0.5, granule: 64) { range, _ in
        function.apply(start + range.lowerBound, into: target + range.lowerBound, count: range.count)
      }
    }
  }
}

private struct NumberMap<Function: NumberFunction>: WideNumberVisitor {
  let function: Function
  let input: Tensor
  let call: OperatorCall

  func visit<T: Number>(_ type: T.Type) throws(TensorError) -> Tensor {
    let x = try input.elements(type)
    let function = function
    return try call.produce(type, input.shape, reading: input) { output in
      for index in 0..<x.count { output[index] = function.apply(x[index]) }
    }
  }
}

struct Absolute: NumberFunction {
  func apply<T: Number>(_ x: T) -> T { x > T.zero ? x : T.subtract(T.zero, x) }
}
struct Negative: NumberFunction {
  func apply<T: Number>(_ x: T) -> T { T.negate(x) }
}
struct Sign: NumberFunction {
  func apply<T: Number>(_ x: T) -> T {
    x > T.zero ? T.one : x < T.zero ? T.negate(T.one) : x
  }
}
struct Reciprocal: RealFunction {
  @inline(__always) func apply<T: Real>(_ x: T) -> T { 1 / x }
}
struct SquareRoot: RealFunction {
  @inline(__always) func apply<T: Real>(_ x: T) -> T { x.squareRoot() }
}
struct Exponential: RealFunction {
  var rowFunction: RowFunction? { .exponential }
  @inline(__always) func apply<T: Real>(_ x: T) -> T { T.exp(x) }
}
struct Logarithm: RealFunction {
  @inline(__always) func apply<T: Real>(_ x: T) -> T { T.log(x) }
}
struct ErrorFunction: RealFunction {
  var rowFunction: RowFunction? { .erf }
  @inline(__always) func apply<T: Real>(_ x: T) -> T { T.erf(x) }
}
struct Floor: RealFunction {
  @inline(__always) func apply<T: Real>(_ x: T) -> T { x.rounded(.down) }
}
struct Ceiling: RealFunction {
  @inline(__always) func apply<T: Real>(_ x: T) -> T { x.rounded(.up) }
}
struct Sine: RealFunction {
  @inline(__always) func apply<T: Real>(_ x: T) -> T { T.sin(x) }
}
struct Cosine: RealFunction {
  @inline(__always) func apply<T: Real>(_ x: T) -> T { T.cos(x) }
}
struct Tangent: RealFunction {
  @inline(__always) func apply<T: Real>(_ x: T) -> T { T.tan(x) }
}
struct ArcSine: RealFunction {
  @inline(__always) func apply<T: Real>(_ x: T) -> T { T.asin(x) }
}
struct ArcCosine: RealFunction {
  @inline(__always) func apply<T: Real>(_ x: T) -> T { T.acos(x) }
}
struct ArcTangent: RealFunction {
  @inline(__always) func apply<T: Real>(_ x: T) -> T { T.atan(x) }
}
struct HyperbolicSine: RealFunction {
  @inline(__always) func apply<T: Real>(_ x: T) -> T { T.sinh(x) }
}
struct HyperbolicCosine: RealFunction {
  @inline(__always) func apply<T: Real>(_ x: T) -> T { T.cosh(x) }
}
struct HyperbolicTangent: RealFunction {
  var rowFunction: RowFunction? { .tanh }
  @inline(__always) func apply<T: Real>(_ x: T) -> T { T.tanh(x) }
}
struct AreaSine: RealFunction {
  @inline(__always) func apply<T: Real>(_ x: T) -> T { T.asinh(x) }
}
struct AreaCosine: RealFunction {
  @inline(__always) func apply<T: Real>(_ x: T) -> T { T.acosh(x) }
}
struct AreaTangent: RealFunction {
  @inline(__always) func apply<T: Real>(_ x: T) -> T { T.atanh(x) }
}
/// Halves go to the even neighbour.
struct Round: RealFunction {
  @inline(__always) func apply<T: Real>(_ x: T) -> T { x.rounded(.toNearestOrEven) }
}
