import HeadgateKernels

/// The types that thresholds and scores of trees are computed in, with the kernels for each.
///
/// SAFETY: pointers must reach as far as the columns, rows and leaves that are given say.
package protocol TreeScalar: BinaryFloatingPoint, TensorElement {
  /// Writes the bins of up to `BinLimits.blockRows` rows.
  static func makeBins(
    _ table: BinTable<Self>, of rows: UnsafePointer<Self>, count: Int, stride: Int,
    into bins: UnsafeMutablePointer<UInt8>, _ kernels: KernelSet)
  /// Writes the bins of one row.
  static func makeBins(
    _ table: BinTable<Self>, ofRow row: UnsafePointer<Self>, into bins: UnsafeMutablePointer<UInt8>,
    _ kernels: KernelSet)
  /// Adds to each of `rows` sums, a multiple of 64, the value of its leaf.
  static func addLeaves(
    _ leaves: UnsafePointer<UInt8>, rows: Int, values: UnsafeBufferPointer<Self>,
    to sums: UnsafeMutablePointer<Self>, _ kernels: KernelSet)
}

extension Float: TreeScalar {
  package static func makeBins(
    _ table: BinTable<Float>, of rows: UnsafePointer<Float>, count: Int, stride: Int,
    into bins: UnsafeMutablePointer<UInt8>, _ kernels: KernelSet
  ) {
    var forest = hg_bins_f32(table)
    kernels.table.pointee.sbins(&forest, rows, count, stride, bins)
  }

  package static func makeBins(
    _ table: BinTable<Float>, ofRow row: UnsafePointer<Float>, into bins: UnsafeMutablePointer<UInt8>,
    _ kernels: KernelSet
  ) {
    var forest = hg_bins_f32(table)
    kernels.table.pointee.sbins_of_row(&forest, row, bins)
  }

  package static func addLeaves(
    _ leaves: UnsafePointer<UInt8>, rows: Int, values: UnsafeBufferPointer<Float>,
    to sums: UnsafeMutablePointer<Float>, _ kernels: KernelSet
  ) {
    kernels.table.pointee.sleaf_sums(rows, leaves, values.baseAddress, values.count, sums)
  }
}

extension hg_bins_f32 {
  fileprivate init(_ table: BinTable<Float>) {
    self.init(
      fields: table.fields, width: table.width, count: table.count, numbers: table.numberCount,
      has_numbers_only: table.hasNumbersOnly ? 1 : 0, thresholds: table.thresholds)
  }
}

extension Double: TreeScalar {
  package static func makeBins(
    _ table: BinTable<Double>, of rows: UnsafePointer<Double>, count: Int, stride: Int,
    into bins: UnsafeMutablePointer<UInt8>, _ kernels: KernelSet
  ) {
    var forest = hg_bins_f64(table)
    kernels.table.pointee.dbins(&forest, rows, count, stride, bins)
  }

  package static func makeBins(
    _ table: BinTable<Double>, ofRow row: UnsafePointer<Double>, into bins: UnsafeMutablePointer<UInt8>,
    _ kernels: KernelSet
  ) {
    var forest = hg_bins_f64(table)
    kernels.table.pointee.dbins_of_row(&forest, row, bins)
  }

  package static func addLeaves(
    _ leaves: UnsafePointer<UInt8>, rows: Int, values: UnsafeBufferPointer<Double>,
    to sums: UnsafeMutablePointer<Double>, _ kernels: KernelSet
  ) {
    kernels.table.pointee.dleaf_sums(rows, leaves, values.baseAddress, values.count, sums)
  }
}

extension hg_bins_f64 {
  fileprivate init(_ table: BinTable<Double>) {
    self.init(
      fields: table.fields, width: table.width, count: table.count, numbers: table.numberCount,
      has_numbers_only: table.hasNumbersOnly ? 1 : 0, thresholds: table.thresholds)
  }
}
