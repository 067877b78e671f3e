import Glibc
import HeadgateTensors

@testable import HeadgateArchives
@testable import HeadgateOperators
@testable import HeadgateRuntime

/// What is fuzzed: each target takes any bytes, and whatever they are must end in a value or an error.
///
/// One program holds them all; HEADGATE_FUZZ_TARGET names the one to run.
enum FuzzTarget: String {
  /// ONNX's protobuf: the wire format and the decoding into messages.
  case onnx
  /// A whole ONNX model: decoding, graph check, folding of constants, one run under a small budget.
  case model
  /// What is told of a model that is not run: inspection, and the estimate of its memory from inferred shapes.
  case inspection
  /// The files of values beside test cases; the first byte chooses the declared type.
  case values
  case xgboost
  case ubjson
  case lightgbm
  case safetensors
  /// NumPy's files, single arrays and zip archives of them.
  case arrays
  /// What zip archives are packed with, without the checksums that would end most trials early.
  case deflate
  /// A regular expression, then after a zero byte the text to match.
  case pattern
  case image
  /// Text that is cast to numbers.
  case numbers

  /// Nil for an unknown name.
  static let chosen = getenv("HEADGATE_FUZZ_TARGET").flatMap { FuzzTarget(rawValue: String(cString: $0)) }

  func run(_ bytes: UnsafeRawBufferPointer) {
    switch self {
    case .onnx: _ = try? ONNXModel(decoding: ModelBytes(bytes))
    case .model: Self.model(bytes)
    case .inspection: Self.inspection(bytes)
    case .values: Self.values(bytes)
    case .xgboost: Self.trees(bytes, .xgboostJSON)
    case .ubjson: Self.trees(bytes, .xgboostUBJSON)
    case .lightgbm: Self.trees(bytes, .lightGBM)
    case .safetensors: Self.weights(bytes)
    case .arrays: Self.arrays(bytes)
    case .deflate: Self.deflate(bytes)
    case .pattern: Self.pattern(bytes)
    case .image: Self.operate("ImageDecoder", try? Tensor(shape: [bytes.count], Array(bytes)))
    case .numbers: Self.numbers(bytes)
    }
  }

  private static let types: [ValueType] = {
    let floats = ValueType.tensor(.float, shape: nil)
    return [
      floats, .sequence(floats), .optional(floats), .optional(.sequence(floats)), .map(keys: .string, values: floats),
      .sequence(.map(keys: .int64, values: floats)),
      .sequence(.map(keys: .string, values: .tensor(.double, shape: nil))),
      .sequence(.sequence(floats)), .map(keys: .int64, values: .tensor(.string, shape: nil)),
    ]
  }()

  private static func model(_ bytes: UnsafeRawBufferPointer) {
    guard var trial = try? ModelTrial(bytes) else { return }
    try? trial.run()
  }

  private static func values(_ bytes: UnsafeRawBufferPointer) {
    guard let first = bytes.first else { return }
    _ = try? Value(decoding: ModelBytes(bytes.dropFirst()), type: types[Int(first) % types.count])
  }

  private static func trees(_ bytes: UnsafeRawBufferPointer, _ format: ModelFormat) {
    guard let model = try? TreeModel.read(ModelBytes(bytes), format: format, givesRawScores: true, team: .alone) else {
      return
    }
    guard case .tensor(_, let shape?) = model.inputs[0].type, let width = shape[1], width <= 64 else { return }
    let values: [Double] = [0, 1, -1, 2.5, .nan, .infinity, -.infinity, 1e300, 3, 16_777_216, -0.0, 0.5]
    let budget = MemoryBudget(limit: 1 << 20)
    // A few rows are taken one by one, many together.
    for count in [5, 70] {
      let elements = (0..<count * width).map { values[($0 * 7 + $0 / 5) % values.count] }
      guard let rows = try? Tensor(shape: [count, width], doubles: elements),
        let features = try? model.converted(.tensor(rows), budget: budget)
      else { return }
      _ = try? model.plan.run([features], captured: [], budget: budget)
    }
  }

  private static func weights(_ bytes: UnsafeRawBufferPointer) {
    guard let file = try? WeightFile(bytes: ModelBytes(bytes)) else { return }
    for name in file.names.prefix(16) { _ = try? file.tensor(name) }
  }

  private static func inspection(_ bytes: UnsafeRawBufferPointer) {
    let file = ModelBytes(bytes)
    _ = try? ModelInspection.inspect(file)
    _ = try? MemoryEstimate(file, options: ModelOptions(maxRunBytes: 1 << 18, allowsExternalData: false))
  }

  private static func arrays(_ bytes: UnsafeRawBufferPointer) {
    guard let archive = try? ArrayArchive(bytes: ModelBytes(bytes), maxBytes: 1 << 20) else { return }
    for (name, tensor) in archive.arrays.prefix(4) { _ = try? NumPyArray.bytes(of: tensor, named: name) }
  }

  private static func deflate(_ bytes: UnsafeRawBufferPointer) {
    _ = Inflate.prefix(of: bytes, limit: 1 << 16)
    _ = try? Inflate.content(of: bytes, count: 64)
    _ = Inflate.gzipContentStart(bytes)
  }

  private static func pattern(_ bytes: UnsafeRawBufferPointer) {
    let end = bytes.firstIndex(of: 0) ?? bytes.endIndex
    guard let pattern = try? Pattern(String(decoding: bytes[..<end], as: UTF8.self)) else { return }
    var matcher = PatternMatcher(pattern)
    _ = matcher.matches(String(decoding: bytes[end...].dropFirst().prefix(64), as: UTF8.self))
  }

  private static func numbers(_ bytes: UnsafeRawBufferPointer) {
    let text = String(decoding: bytes, as: UTF8.self)
    let input = try? Tensor(shape: [1], strings: [text])
    for type in [ElementType.float, .double, .int64, .uint8, .bool, .float16, .bfloat16, .float8e4m3fn] {
      operate("Cast", input, Attributes([(name: "to", value: .int(Int64(type.rawValue)))]))
    }
    operate("StringSplit", input)
  }

  private static func operate(_ name: String, _ input: Tensor?, _ attributes: Attributes = Attributes([])) {
    guard let input, let definition = OperatorRegistry.standard.definition(domain: "", name: name, opset: 25) else {
      return
    }
    let node = OperatorNode(
      name: "", operatorName: name, domain: "", opset: 25, attributes: attributes, constants: [], usedOutputs: [true])
    guard let kernel = try? definition.prepare(node) else { return }
    _ = try? kernel(OperatorCall(node: node, inputs: [.tensor(input)], budget: MemoryBudget(limit: 1 << 20)))
  }
}

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  guard let target = FuzzTarget.chosen else {
    let message = "HEADGATE_FUZZ_TARGET names no target\n"
    _ = write(2, message, message.utf8.count)
    exit(2)
  }
  target.run(UnsafeRawBufferPointer(start: start, count: count))
  return 0
}
