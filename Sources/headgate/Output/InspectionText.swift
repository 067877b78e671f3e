import HeadgateRuntime

/// What `inspect` says to people.
enum InspectionText {
  /// - Parameter isWide: whether the nodes of each operator are named.
  static func text(_ report: InspectionReport, isWide: Bool) -> String {
    let inspection = report.inspection
    let metadata = inspection.metadata
    let producer = [metadata.producerName, metadata.producerVersion].filter { !$0.isEmpty }.joined(separator: " ")
    let opsets = metadata.opsets.sorted { $0.key < $1.key }
      .map { "\(InspectionReport.domain($0.key)) \($0.value)" }.joined(separator: ", ")
    var lines = [
      "Format:    \(inspection.format.rawValue)" + (metadata.irVersion > 0 ? ", version \(metadata.irVersion)" : ""),
      "Producer:  \(producer.isEmpty ? "-" : producer)", "Opsets:    \(opsets.isEmpty ? "-" : opsets)",
      "Size:      \(bytes(inspection.fileByteCount)), \(inspection.weights.count) weights of "
        + "\(inspection.weights.elementCount) elements, \(bytes(inspection.weights.byteCount))",
    ]
    if !inspection.externalData.isEmpty {
      lines.append("External:  \(inspection.externalData.joined(separator: ", "))")
    }
    if let memory = report.memory {
      let rest = memory.unknownCount == 0 ? "" : "; \(memory.unknownCount) of \(memory.valueCount) values not counted"
      lines.append(
        "Memory:    about \(bytes(memory.weightByteCount)) loaded, \(bytes(memory.runByteCount)) more for one row\(rest)"
      )
    }
    for (key, value) in metadata.properties.sorted(by: { $0.key < $1.key }) {
      lines.append("Metadata:  \(key) = \(value.prefix(200))")
    }
    lines += ["", ports(inspection)]
    if !inspection.operators.isEmpty { lines += ["", operators(inspection, isWide: isWide)] }
    lines.append("")
    lines.append(report.problem.map { "Not runnable: \($0)" } ?? "Runnable.")
    return Terminal.plain(lines.joined(separator: "\n"), keepsLines: true)
  }

  private static func ports(_ inspection: ModelInspection) -> String {
    var table = TextTable(["", "NAME", "TYPE"])
    for info in inspection.inputs { table.add(["input", info.name, info.summary]) }
    for info in inspection.outputs { table.add(["output", info.name, info.summary]) }
    return table.text
  }

  private static func operators(_ inspection: ModelInspection, isWide: Bool) -> String {
    var table = TextTable(["OPERATOR", "DOMAIN", "OPSET", "VERSION", "COUNT"] + (isWide ? ["NODES"] : []))
    for use in inspection.operators {
      var cells = [
        use.name, InspectionReport.domain(use.domain), "\(use.opset)", use.version.map(String.init) ?? "unsupported",
        "\(use.count)",
      ]
      if isWide {
        let more = use.count > use.nodes.count && !use.nodes.isEmpty ? ", ..." : ""
        cells.append(use.nodes.joined(separator: ", ") + more)
      }
      table.add(cells)
    }
    return table.text
  }

  private static func bytes(_ count: Int) -> String {
    let units: [(name: String, size: Int)] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)]
    guard let unit = units.first(where: { count >= $0.size }) else { return "\(count) bytes" }
    return "\((Double(count) / Double(unit.size) * 10).rounded() / 10) \(unit.name)"
  }
}
