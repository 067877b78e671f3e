import Datasets

extension CSVTable {
  static let largestLoadFile = 256 << 20

  /// Reads a file of requests or of expected answers: a header, then at least one row.
  ///
  /// - Throws: `LoadError` that names the place.
  init(load bytes: [UInt8], name: String) throws(LoadError) {
    // Cells become JSON, which a replaced character would falsify.
    guard String(validating: bytes, as: UTF8.self) != nil else { throw LoadError("\(name) is not UTF-8") }
    do throws(DatasetError) {
      try self.init(csv: bytes, name: name, limits: CSVLimits(byteCount: Self.largestLoadFile))
    } catch {
      throw LoadError(error.message)
    }
    guard rowCount > 0 else { throw LoadError("\(name) has no rows below its header") }
  }

  /// The cells of a row, in the order of the columns.
  func row(_ index: Int) -> [String] {
    columns.indices.map { text(row: index, column: $0) }
  }
}
