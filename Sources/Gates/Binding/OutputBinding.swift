import Domain
import HeadgateRuntime
import HeadgateTensors

/// Which outputs of a model are its class and its score.
///
/// `serving.outputs` names them; otherwise the only output of whole numbers, booleans or texts is the class, and the only
/// floating-point output, or the only ZipMap, is the score. Two candidates are an error, never a guess. A model without
/// one of them can still be judged by metrics that do not need it.
struct OutputBinding: Sendable {
  let classOutput: Result<ValueInfo, GateError>
  let scoreOutput: Result<ValueInfo, GateError>

  init(_ outputs: [ValueInfo], serving: ServingSpec) {
    classOutput = Self.find(
      "class", serving.classOutput, in: outputs, except: serving.scoreOutput,
      wanted: "whole numbers, booleans or texts", Self.holdsClasses)
    scoreOutput = Self.find(
      "score", serving.scoreOutput, in: outputs, except: serving.classOutput,
      wanted: "floating-point numbers", Self.holdsScores)
  }

  /// The names of the outputs that were found.
  var names: [String] {
    [classOutput, scoreOutput].compactMap { try? $0.get().name }
  }

  private static func find(
    _ role: String, _ name: String?, in outputs: [ValueInfo], except other: String?, wanted: String,
    _ suits: (ValueInfo) -> Bool
  ) -> Result<ValueInfo, GateError> {
    let list = outputs.map { "'\($0.name)' (\($0.summary))" }.joined(separator: ", ")
    if let name {
      guard let output = outputs.first(where: { $0.name == name }) else {
        return .failure(
          GateError(.outputsUnbound, "serving.outputs.\(role) is '\(name)', and the model gives \(list)"))
      }
      guard suits(output) else {
        return .failure(
          GateError(
            .outputsUnbound, "serving.outputs.\(role) '\(name)' is \(output.summary); a \(role) is \(wanted)"))
      }
      return .success(output)
    }
    let candidates = outputs.filter { $0.name != other && suits($0) }
    guard let only = candidates.first else {
      return .failure(
        GateError(.outputsUnbound, "the model gives no \(role) (\(wanted)); it gives \(list). Export it with one"))
    }
    guard candidates.count == 1 else {
      return .failure(
        GateError(.outputsUnbound, "several outputs may be the \(role): \(list); name one as serving.outputs.\(role)"))
    }
    return .success(only)
  }

  private static func holdsClasses(_ output: ValueInfo) -> Bool {
    guard output.kind == .tensor else { return false }
    switch output.elementType {
    case .string, .bool, .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64: return true
    default: return false
    }
  }

  private static func holdsScores(_ output: ValueInfo) -> Bool {
    if case .maps = output.kind { return true }
    guard output.kind == .tensor else { return false }
    return [.float, .double, .float16].contains(output.elementType)
  }
}
