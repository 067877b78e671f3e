import Domain

/// The groups of one sensitive attribute.
package struct GroupColumn: Sendable, Hashable {
  package let attribute: String
  /// The groups' names: bins from low to high, texts sorted, rows without a value last.
  package let names: [String]
  /// For each row of the split the index into ``names``.
  package let codes: [Int]
}

extension DatasetSplit {
  /// Groups the rows by a sensitive attribute of the spec.
  ///
  /// A column with bins holds numbers: an edge belongs to the bin above it, so `[25, 45]` gives `<25`, `25 to <45`
  /// and `>=45`; every bin is named, even an empty one. A column without bins gives one group for each
  /// text in the split. Rows without a value are a group of their own, `(missing)`.
  ///
  /// - Throws: `DatasetError.unknownName` when the spec does not list the attribute, `badValue` for a cell that is no number
  ///   or for more groups than can be compared.
  package func groups(by attribute: String) throws(DatasetError) -> GroupColumn {
    guard let sensitive = dataset.spec.sensitive.first(where: { $0.column == attribute }) else {
      throw DatasetError(
        .unknownName,
        "'\(attribute)' is not a sensitive attribute of data set '\(dataset.spec.name)'; "
          + "it lists \(CSVTable.list(dataset.spec.sensitive.map(\.column)))")
    }
    if let edges = sensitive.bins { return try bins(of: attribute, edges: edges) }
    let texts = try texts(attribute)
    guard texts.values.count <= Self.groupLimit else {
      throw DatasetError(
        .badValue,
        "attribute '\(attribute)' has \(texts.values.count) values, too many to compare; "
          + "give it `bins`, or use a column with fewer than \(Self.groupLimit)")
    }
    let names = texts.values.sorted()
    let positions = Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    let hasMissing = texts.codes.contains(TextColumn.missing)
    let codes = texts.codes.map { code in
      code == TextColumn.missing ? names.count : positions[texts.values[Int(code)]] ?? names.count
    }
    return GroupColumn(attribute: attribute, names: hasMissing ? names + [Self.missingGroup] : names, codes: codes)
  }

  private static let groupLimit = 100
  private static let missingGroup = "(missing)"

  private func bins(of attribute: String, edges: [Double]) throws(DatasetError) -> GroupColumn {
    guard !edges.isEmpty, edges.count < Self.groupLimit, edges.allSatisfy(\.isFinite),
      zip(edges, edges.dropFirst()).allSatisfy({ $0 < $1 })
    else {
      throw DatasetError(
        .badValue, "the bins of attribute '\(attribute)' must be rising numbers, fewer than \(Self.groupLimit)")
    }
    let texts = edges.map { edge in
      edge == edge.rounded() && abs(edge) < 1e15 ? "\(Int64(edge))" : "\(edge)"
    }
    var names = ["<\(texts[0])"]
    for index in 1..<edges.count { names.append("\(texts[index - 1]) to <\(texts[index])") }
    names.append(">=\(texts[edges.count - 1])")
    let numbers = try numbers(attribute)
    let codes = numbers.map { number in
      number.isNaN ? edges.count + 1 : edges.prefix { $0 <= number }.count
    }
    if numbers.contains(where: \.isNaN) { names.append(Self.missingGroup) }
    return GroupColumn(attribute: attribute, names: names, codes: codes)
  }
}
