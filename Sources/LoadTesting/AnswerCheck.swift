import Connections
import Datasets
import FoundationEssentials

/// Looks at one answer: is it what the protocol says, for a model of this kind?
struct AnswerCheck: Sendable {
  let model: String
  /// The version that was asked for by name.
  let version: String?
  let outputs: [ModelMetadata.Port]
  /// By request of the file: what is expected of each output, by index.
  let expected: [[ExpectedValue]]?
  let tolerance: Double

  /// One value that an answer must have.
  struct ExpectedValue: Sendable, Hashable {
    let output: String
    let index: Int
    let text: String
  }

  /// What is wrong with an answer, in a few words that are the same for the same fault.
  enum Verdict: Hashable {
    case good(version: String)
    case bad(version: String?, reason: String)
  }

  private struct Body: Decodable {
    struct Output: Decodable {
      let name: String
      let datatype: String
      let shape: [Int]
      let parameters: [String: Cell]?
      let data: [Cell]
    }

    let model_name: String
    let model_version: String
    let outputs: [Output]
  }

  private enum Cell: Decodable {
    case number(Double)
    case text(String)
    case flag(Bool)

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let number = try? container.decode(Double.self) {
        self = .number(number)
      } else if let text = try? container.decode(String.self) {
        self = .text(text)
      } else {
        self = .flag(try container.decode(Bool.self))
      }
    }
  }

  func judge(_ response: ClientResponse, item: Int, rowCount: Int?) -> Verdict {
    let answering = response.header("X-Headgate-Version")
    guard response.status == 200 else {
      struct Problem: Decodable { let error: String }
      let problem = try? JSONDecoder().decode(Problem.self, from: Data(response.body))
      return .bad(
        version: answering, reason: "status \(response.status)" + (problem.map { ": " + $0.error.prefix(120) } ?? ""))
    }
    guard let body = try? JSONDecoder().decode(Body.self, from: Data(response.body)) else {
      return .bad(version: answering, reason: "the answer is not that of the protocol")
    }
    func bad(_ reason: String) -> Verdict { .bad(version: body.model_version, reason: reason) }
    guard body.model_name == model else { return bad("the answer is of another model") }
    guard answering == nil || answering == body.model_version, version == nil || version == body.model_version else {
      return bad("the answer is of another version than it should be")
    }
    guard !body.outputs.isEmpty else { return bad("the answer has no outputs") }
    for output in body.outputs {
      if let fault = fault(of: output, rowCount: rowCount) { return bad(fault) }
    }
    for value in expected.map({ $0[item % $0.count] }) ?? [] {
      guard let output = body.outputs.first(where: { $0.name == value.output }),
        output.data.indices.contains(value.index),
        isEqual(output.data[value.index], value.text)
      else { return bad("output '\(value.output)' is not what is expected") }
    }
    return .good(version: body.model_version)
  }

  private func fault(of output: Body.Output, rowCount: Int?) -> String? {
    guard let declared = outputs.first(where: { $0.name == output.name }) else {
      return "there is an output '\(output.name)' that the model does not declare"
    }
    guard declared.datatype == output.datatype else {
      return "output '\(output.name)' has another datatype than declared"
    }
    guard output.shape.reduce(1, *) == output.data.count else {
      return "output '\(output.name)' has a shape that its data does not fill"
    }
    if let rowCount, let rows = output.shape.first, rows != rowCount {
      return "output '\(output.name)' has \(rows) rows, not \(rowCount)"
    }
    guard output.datatype == "FP32" || output.datatype == "FP64" else { return nil }
    let areProbabilities = output.name.lowercased().contains("prob") || output.parameters?["labels"] != nil
    for cell in output.data {
      guard case .number(let number) = cell, number.isFinite else {
        return "output '\(output.name)' has values that are not finite"
      }
      if areProbabilities, number < 0 || number > 1 {
        return "output '\(output.name)' has probabilities outside of [0, 1]"
      }
    }
    return nil
  }

  private func isEqual(_ cell: Cell, _ text: String) -> Bool {
    switch cell {
    case .number(let number):
      guard let wanted = Double(text) else { return false }
      return abs(number - wanted) <= tolerance * max(1, abs(wanted))
    case .text(let value): return value == text
    case .flag(let flag): return text.lowercased() == (flag ? "true" : "false") || text == (flag ? "1" : "0")
    }
  }
}

extension AnswerCheck {
  /// Reads a file of expected values: columns `output` (its first value) or `output[index]`.
  static func expectations(_ table: CSVTable) throws(LoadError) -> [[ExpectedValue]] {
    var places: [(output: String, index: Int)] = []
    for column in table.columns {
      guard column.hasSuffix("]"), let bracket = column.lastIndex(of: "[") else {
        places.append((column, 0))
        continue
      }
      guard let index = Int(column[column.index(after: bracket)...].dropLast()), index >= 0 else {
        throw LoadError("the column '\(column)' of expected values is neither 'output' nor 'output[index]'")
      }
      places.append((String(column[..<bracket]), index))
    }
    return (0..<table.rowCount).map { row in
      zip(places, table.row(row)).map { ExpectedValue(output: $0.output, index: $0.index, text: $1) }
    }
  }
}
