import Foundation
import HeadgateOperators
import HeadgateTensors
import Testing

@testable import HeadgateRuntime

/// What is inferred against what ONNX's cases say comes out.
@Suite(
  .enabled(
    if: ProcessInfo.processInfo.environment["HEADGATE_ONNX_CASES"] != nil, "HEADGATE_ONNX_CASES names no folder"))
struct `Inferred types and shapes` {
  @Test func `agree with the outputs of every case that loads`() throws {
    let folder = try #require(ProcessInfo.processInfo.environment["HEADGATE_ONNX_CASES"])
    var known = 0
    var all = 0
    for test in try ConformanceSuite(folder: folder).cases {
      guard let model = try? Model(path: test.modelPath), let bytes = try? ModelBytes(path: test.modelPath),
        let file = try? ONNXModel(decoding: bytes), let graph = file.graph,
        let (plan, scope) = try? Model.plan(of: file, graph, bytes, ModelOptions(), openExtent: nil),
        let set = try? test.sets().first, let outputs = try? set.outputs(model)
      else { continue }
      for (operand, value) in zip(plan.outputs, outputs) {
        guard case .slot(let slot) = operand, let tensor = value.tensor else { continue }
        let inferred = scope.inferred(slot: slot)
        all += 1
        if inferred.byteCount != nil { known += 1 }
        if let type = inferred.elementType { #expect(type == tensor.elementType, "\(test.name): \(inferred.summary)") }
        guard let shape = inferred.shape else { continue }
        let fits = shape.count == tensor.rank && zip(shape, tensor.shape).allSatisfy { $0 == nil || $0 == $1 }
        #expect(fits, "\(test.name): \(inferred.summary) instead of \(tensor.shape)")
        if let integers = inferred.integers, let actual = try? tensor.ints() {
          #expect(zip(integers, actual).allSatisfy { $0 == nil || $0 == $1 }, "\(test.name): \(integers)")
        }
      }
    }
    print("types and shapes are inferred for \(known) of \(all) outputs")
    #expect(known * 2 > all)
  }
}
