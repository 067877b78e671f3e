import HeadgateTensors

@testable import HeadgateOperators
@testable import HeadgateRuntime

/// Loads a model and runs it on inputs that are made for what it declares.
struct ModelTrial {
  /// Bytes of the tensors of one run: room for the small shapes of the corpus, and soon used up by large ones.
  private static let maxBytes = 1 << 18
  private static let maxElements = 1 << 10

  private let model: Model
  private var numbers: UInt64

  init(_ bytes: UnsafeRawBufferPointer) throws {
    model = try Model(
      bytes: ModelBytes(bytes), options: ModelOptions(maxRunBytes: Self.maxBytes, allowsExternalData: false))
    numbers = UInt64(bytes.count)
  }

  mutating func run() throws {
    var inputs: [String: Value] = [:]
    for (index, input) in model.inputs.enumerated() where !model.hasDefault(index) {
      if let value = try value(input.type) { inputs[input.name] = value }
    }
    // Plainly, then as it is recorded, then repeating that.
    for _ in 0..<3 { _ = try model.run(values: inputs) }
  }

  private mutating func value(_ type: ValueType) throws -> Value? {
    switch type {
    case .tensor(let elementType, let shape): .tensor(try tensor(elementType, shape ?? [2, 3]))
    case .sequence(.map), .map: nil
    case .sequence(let inner):
      if let value = try value(inner) { .sequence([value, value]) } else { nil }
    case .optional(let inner): try value(inner)
    }
  }

  private mutating func tensor(_ type: ElementType, _ declared: [Int?]) throws -> Tensor {
    let shape = declared.map { $0 ?? 2 }
    let count = try shape.elementCount()
    guard count <= Self.maxElements else { throw TensorError(.memoryLimit, "too large to be tried") }
    if type == .string {
      let texts = ["", "a", "1.5", "É b", "-7", "nan", "a,b;c"]
      return try Tensor(shape: shape, strings: (0..<count).map { texts[($0 + Int(next() % 3)) % texts.count] })
    }
    let size = type.packedBitCount.map { (count * $0 + 7) / 8 } ?? count * type.byteCount
    let bytes = ModelBytes((0..<size).map { _ in UInt8(truncatingIfNeeded: next()) })
    // Half of the tensors hold small integers, which are indices, axes and shapes that fit.
    let isSmall = next() % 2 == 0 && type.packedBitCount == nil
    let small = ModelBytes((0..<size).map { $0 % max(type.byteCount, 1) == 0 ? UInt8(next() % 4) : 0 })
    let source = isSmall ? small : bytes
    return try source.withUnsafeBytes { try Tensor(type, shape: shape, bytes: $0, owner: source) }
  }

  private mutating func next() -> UInt64 {
    numbers = numbers &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return numbers >> 33
  }
}
