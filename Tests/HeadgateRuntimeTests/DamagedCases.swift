import HeadgateTensors

@testable import HeadgateRuntime

extension ConformanceCase {
  /// Runs the case with damaged bytes, and with other integers among its inputs: sizes, axes and indices
  /// that no exporter would write. Nothing is expected but an end.
  func runDamaged(_ random: inout SplitMix, times: Int) throws {
    guard let file = try? ModelBytes(path: modelPath), file.count > 0, file.count < 1 << 16 else { return }
    let original = file.withUnsafeBytes { Array($0) }
    let options = ModelOptions(maxRunBytes: 1 << 22)
    var inputs: [Value?] = []
    if let model = try? Model(bytes: file), let set = try? sets().first { inputs = (try? set.inputs(model)) ?? [] }
    for _ in 0..<times {
      var bytes = original
      if random.next() % 2 == 0 {
        for _ in 0...Int(random.next() % 3) {
          bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
        }
      }
      guard let model = try? Model(bytes: ModelBytes(bytes), options: options) else { continue }
      var values: [String: Value] = [:]
      for (info, value) in zip(model.inputs, inputs) { values[info.name] = try value.map { try damaged($0, &random) } }
      _ = try? model.run(values: values)
    }
  }

  private func damaged(_ value: Value, _ random: inout SplitMix) throws -> Value {
    guard case .tensor(let tensor) = value, tensor.count > 0, random.next() % 2 == 0 else { return value }
    let choices: [Int64] = [0, -1, 1, 2, 7, -7, 1 << 33, -(1 << 33), .max, .min, .max - 1, 1 << 62]
    let choice = choices[Int(random.next() % UInt64(choices.count))]
    let place = Int(random.next() % UInt64(tensor.count))
    switch tensor.elementType {
    case .int64:
      var values = try tensor.integers()
      values[place] = choice
      return .tensor(try Tensor(shape: tensor.shape, integers: values))
    case .int32:
      var values = try tensor.array(of: Int32.self)
      values[place] = Int32(clamping: choice)
      return .tensor(try Tensor(shape: tensor.shape, values))
    default: return value
    }
  }
}
