import HeadgateOperators

/// An operator that models may use.
public struct SupportedOperator: Sendable, Hashable, Encodable {
  /// The operator's domain; `ai.onnx` is written out.
  public let domain: String
  public let name: String
  /// The versions of the domain from which on the operator means something else or takes other types, rising.
  public let versions: [Int]

  /// All that this version has, sorted by domain and name.
  public static let all: [SupportedOperator] = {
    let rows = Dictionary(grouping: OperatorRegistry.standard.definitions) { row in
      Key(domain: row.domain.isEmpty ? "ai.onnx" : row.domain, name: row.name)
    }
    return rows.map { key, rows in
      SupportedOperator(domain: key.domain, name: key.name, versions: rows.map(\.since).sorted())
    }.sorted { ($0.domain, $0.name) < ($1.domain, $1.name) }
  }()

  private struct Key: Hashable {
    let domain: String
    let name: String
  }
}
