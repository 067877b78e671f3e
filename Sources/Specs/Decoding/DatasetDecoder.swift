import Domain

/// Makes a `DatasetSpec` of readings and checks what shapes cannot say.
struct DatasetDecoder {
  let findings: Findings

  func decode(_ spec: Fields, name: DatasetName) -> DatasetSpec? {
    let label = spec["label"]?.fields
    var labelSpec: LabelSpec?
    if let column = label?["column"]?.text, let positive = label?["positive"]?.text {
      labelSpec = LabelSpec(column: column, positive: positive)
    }
    let sensitive = sensitive(spec["sensitive"]?.items ?? [])
    checkOnce(spec["exclude"]?.items ?? [], what: "the column")
    checkOnce(spec["missing"]?.items ?? [], what: "the text")
    let file = spec["file"]?.fields
    guard let path = file?["path"]?.path, let digest = file?["digest"]?.digest else { return nil }
    return DatasetSpec(
      name: name, file: path, digest: digest, missing: texts(spec["missing"]), label: labelSpec,
      splitColumn: spec["split"]?.fields?["column"]?.text, sensitive: sensitive, exclude: texts(spec["exclude"]))
  }

  private func sensitive(_ items: [Reading]) -> [SensitiveAttribute] {
    var attributes: [SensitiveAttribute] = []
    var seen: [String: Span] = [:]
    for item in items {
      guard let columnReading = item.text == nil ? item.fields?["column"] : item, let column = columnReading.text
      else { continue }
      checkOnce(column, at: columnReading.span, what: "the attribute", in: &seen)
      let bins = item.fields?["bins"]
      let edges = bins?.items ?? []
      for (edge, next) in zip(edges, edges.dropFirst()) {
        guard let low = edge.number, let high = next.number, low >= high else { continue }
        findings.error(at: next.span, "the edges of 'bins' must rise, found \(high.shown) after \(low.shown)")
      }
      attributes.append(SensitiveAttribute(column: column, bins: bins == nil ? nil : edges.compactMap(\.number)))
    }
    return attributes
  }

  private func texts(_ reading: Reading?) -> [String] {
    reading?.items.compactMap(\.text) ?? []
  }

  private func checkOnce(_ items: [Reading], what: String) {
    var seen: [String: Span] = [:]
    for item in items {
      guard let text = item.text else { continue }
      checkOnce(text, at: item.span, what: what, in: &seen)
    }
  }

  private func checkOnce(_ text: String, at span: Span, what: String, in seen: inout [String: Span]) {
    if let first = seen[text] {
      findings.error(
        at: span, "\(what) \(text.quoted) is listed twice, first at line \(first.line), column \(first.column)")
    } else {
      seen[text] = span
    }
  }
}
