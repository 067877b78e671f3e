import HeadgateKernels

/// A type of number for which there are kernels: float and double.
///
/// SAFETY: the functions follow pointers of their caller, who knows how far they reach.
package protocol ProductElement: TensorElement, BinaryFloatingPoint {
  /// Copies `a[m, k]` into the order in which `multiply` reads it, `m * k` elements as well.
  static func packLeft(
    _ a: MatrixProduct.Operand<Self>, m: Int, k: Int, into packed: UnsafeMutablePointer<Self>, _ kernels: KernelSet)

  /// `c[m, n] = a[m, k] patches[k, n]`, plus `c` as it was when `accumulate` is true; then finished.
  static func multiply(
    packed a: UnsafePointer<Self>, _ patches: ImagePatches<Self>, into c: UnsafeMutablePointer<Self>, m: Int, n: Int,
    k: Int, accumulate: Bool, _ finish: Finish<Self>, _ team: ThreadTeam, _ kernels: KernelSet)

  /// `y[j] = offset + weights[0] * patches[0, j] + weights[1] * patches[1, j] + ...` for the columns of all lines, then
  /// within the bounds.
  static func slide(
    _ weights: UnsafePointer<Self>, taps: Int, over patches: ImagePatches<Self>, lines: Int, offset: Self,
    _ bounds: Bounds<Self>, into y: UnsafeMutablePointer<Self>, _ kernels: KernelSet)

  /// See `TiledKernel`: element `e` of transformed kernel `i` becomes `elements[e * count + i]`.
  static func transform(
    _ weights: UnsafePointer<Self>, count: Int, into elements: UnsafeMutablePointer<Self>, _ kernels: KernelSet)

  /// See `TiledKernel`.
  static func convolve(
    _ job: TiledJob, packed: UnsafePointer<Self>, _ patches: ImagePatches<Self>, into y: UnsafeMutablePointer<Self>,
    _ finish: Finish<Self>, _ scratch: UnsafeMutablePointer<Self>, _ team: ThreadTeam, _ kernels: KernelSet)

  /// Spreads images that lie `plane` elements apart into dense ones.
  static func spread(
    _ lines: SpreadLines, channels: Int, plane: Int, of x: UnsafePointer<Self>, padding: Self,
    into y: UnsafeMutablePointer<Self>, _ kernels: KernelSet)

  /// `y[j]` becomes the greatest of `patches[0, j]`, `patches[1, j]`, ..., for the columns of all lines: NaN when one is,
  /// negative infinity without taps.
  static func findMaxima(
    of patches: ImagePatches<Self>, taps: Int, lines: Int, into y: UnsafeMutablePointer<Self>, _ kernels: KernelSet)

  /// The same as `slide` over the patches of a plane that is read where it lies. Taps above and below it add
  /// nothing, and those beside it their weight times zero.
  static func slide(
    _ weights: UnsafePointer<Self>, over x: UnsafePointer<Self>, _ window: PlaneWindow, offset: Self,
    _ bounds: Bounds<Self>, into y: UnsafeMutablePointer<Self>, _ kernels: KernelSet)

  /// The same as `findMaxima` of the patches of a plane that is read where it lies.
  static func findMaxima(
    of x: UnsafePointer<Self>, _ window: PlaneWindow, into y: UnsafeMutablePointer<Self>, _ kernels: KernelSet)
}

/// The patches of an image that a sliding window sees, as a matrix that is never written out: element `(p, j)` is
/// `start[steps[p] + lines[j / length] + j % length]`.
package struct ImagePatches<Element> {
  package let start: UnsafePointer<Element>
  /// For each row of the matrix how far its tap lies from the first.
  package let steps: UnsafePointer<Int>
  /// For each line of outputs where the first tap of its first one lies.
  package let lines: UnsafePointer<Int>
  /// The outputs of a line.
  package let length: Int

  package init(
    _ start: UnsafePointer<Element>, steps: UnsafePointer<Int>, lines: UnsafePointer<Int>, length: Int
  ) {
    self.start = start
    self.steps = steps
    self.lines = lines
    self.length = length
  }

  /// The patches without the first rows of the matrix.
  package func dropping(_ count: Int) -> ImagePatches {
    ImagePatches(start, steps: steps + count, lines: lines, length: length)
  }
}

extension Float: ProductElement {
  package static func packLeft(
    _ a: MatrixProduct.Operand<Float>, m: Int, k: Int, into packed: UnsafeMutablePointer<Float>, _ kernels: KernelSet
  ) {
    kernels.table.pointee.sgemm_pack_left(m, k, a.start, a.rowStride, a.columnStride, packed)
  }

  package static func multiply(
    packed a: UnsafePointer<Float>, _ patches: ImagePatches<Float>, into c: UnsafeMutablePointer<Float>, m: Int, n: Int,
    k: Int, accumulate: Bool, _ finish: Finish<Float>, _ team: ThreadTeam, _ kernels: KernelSet
  ) {
    var patches = hg_patches_f32(patches)
    withUnsafePointer(to: &patches) { patches in
      finish.withKernelForm { finish in
        team.share(productTime(Float.self, m: m, n: n, k: k)) { share in
          kernels.table.pointee.sgemm_patches(m, n, k, a, patches, accumulate ? 1 : 0, finish, c, n, share)
        }
      }
    }
  }

  package static func slide(
    _ weights: UnsafePointer<Float>, taps: Int, over patches: ImagePatches<Float>, lines: Int, offset: Float,
    _ bounds: Bounds<Float>, into y: UnsafeMutablePointer<Float>, _ kernels: KernelSet
  ) {
    var patches = hg_patches_f32(patches)
    kernels.table.pointee.sdepthwise(taps, weights, &patches, lines, offset, bounds.least, bounds.greatest, y)
  }

  package static func transform(
    _ weights: UnsafePointer<Float>, count: Int, into elements: UnsafeMutablePointer<Float>, _ kernels: KernelSet
  ) {
    kernels.table.pointee.swinograd_weights(count, weights, elements)
  }

  package static func convolve(
    _ job: TiledJob, packed: UnsafePointer<Float>, _ patches: ImagePatches<Float>, into y: UnsafeMutablePointer<Float>,
    _ finish: Finish<Float>, _ scratch: UnsafeMutablePointer<Float>, _ team: ThreadTeam, _ kernels: KernelSet
  ) {
    var patches = hg_patches_f32(patches)
    var finish = hg_finish_f32(finish)
    withUnsafePointer(to: &patches) { patches in
      withUnsafePointer(to: &finish) { finish in
        var form = hg_winograd_f32(
          channels: job.channels, features: job.features, rows: job.rows, columns: job.columns, lines: job.lines,
          lines_at_once: job.linesAtOnce, packed: packed, patches: patches, accumulate: job.accumulate ? 1 : 0,
          finish: finish, scratch: scratch, y: y)
        withUnsafePointer(to: &form) { form in
          job.forEachStep(of: team) { kernels.table.pointee.swinograd(form, $0, $1, $2) }
        }
      }
    }
  }

  package static func spread(
    _ lines: SpreadLines, channels: Int, plane: Int, of x: UnsafePointer<Float>, padding: Float,
    into y: UnsafeMutablePointer<Float>, _ kernels: KernelSet
  ) {
    lines.withKernelForm { kernels.table.pointee.sspread(channels, plane, $0, x, padding, y) }
  }

  package static func findMaxima(
    of patches: ImagePatches<Float>, taps: Int, lines: Int, into y: UnsafeMutablePointer<Float>, _ kernels: KernelSet
  ) {
    var patches = hg_patches_f32(patches)
    kernels.table.pointee.smaxima(taps, &patches, lines, y)
  }
}

extension Double: ProductElement {
  package static func packLeft(
    _ a: MatrixProduct.Operand<Double>, m: Int, k: Int, into packed: UnsafeMutablePointer<Double>, _ kernels: KernelSet
  ) {
    kernels.table.pointee.dgemm_pack_left(m, k, a.start, a.rowStride, a.columnStride, packed)
  }

  package static func multiply(
    packed a: UnsafePointer<Double>, _ patches: ImagePatches<Double>, into c: UnsafeMutablePointer<Double>, m: Int,
    n: Int, k: Int, accumulate: Bool, _ finish: Finish<Double>, _ team: ThreadTeam, _ kernels: KernelSet
  ) {
    var patches = hg_patches_f64(patches)
    withUnsafePointer(to: &patches) { patches in
      finish.withKernelForm { finish in
        team.share(productTime(Double.self, m: m, n: n, k: k)) { share in
          kernels.table.pointee.dgemm_patches(m, n, k, a, patches, accumulate ? 1 : 0, finish, c, n, share)
        }
      }
    }
  }

  package static func slide(
    _ weights: UnsafePointer<Double>, taps: Int, over patches: ImagePatches<Double>, lines: Int, offset: Double,
    _ bounds: Bounds<Double>, into y: UnsafeMutablePointer<Double>, _ kernels: KernelSet
  ) {
    var patches = hg_patches_f64(patches)
    kernels.table.pointee.ddepthwise(taps, weights, &patches, lines, offset, bounds.least, bounds.greatest, y)
  }

  package static func transform(
    _ weights: UnsafePointer<Double>, count: Int, into elements: UnsafeMutablePointer<Double>, _ kernels: KernelSet
  ) {
    kernels.table.pointee.dwinograd_weights(count, weights, elements)
  }

  package static func convolve(
    _ job: TiledJob, packed: UnsafePointer<Double>, _ patches: ImagePatches<Double>,
    into y: UnsafeMutablePointer<Double>, _ finish: Finish<Double>, _ scratch: UnsafeMutablePointer<Double>,
    _ team: ThreadTeam, _ kernels: KernelSet
  ) {
    var patches = hg_patches_f64(patches)
    var finish = hg_finish_f64(finish)
    withUnsafePointer(to: &patches) { patches in
      withUnsafePointer(to: &finish) { finish in
        var form = hg_winograd_f64(
          channels: job.channels, features: job.features, rows: job.rows, columns: job.columns, lines: job.lines,
          lines_at_once: job.linesAtOnce, packed: packed, patches: patches, accumulate: job.accumulate ? 1 : 0,
          finish: finish, scratch: scratch, y: y)
        withUnsafePointer(to: &form) { form in
          job.forEachStep(of: team) { kernels.table.pointee.dwinograd(form, $0, $1, $2) }
        }
      }
    }
  }

  package static func spread(
    _ lines: SpreadLines, channels: Int, plane: Int, of x: UnsafePointer<Double>, padding: Double,
    into y: UnsafeMutablePointer<Double>, _ kernels: KernelSet
  ) {
    lines.withKernelForm { kernels.table.pointee.dspread(channels, plane, $0, x, padding, y) }
  }

  package static func findMaxima(
    of patches: ImagePatches<Double>, taps: Int, lines: Int, into y: UnsafeMutablePointer<Double>, _ kernels: KernelSet
  ) {
    var patches = hg_patches_f64(patches)
    kernels.table.pointee.dmaxima(taps, &patches, lines, y)
  }
}

extension hg_patches_f32 {
  init(_ patches: ImagePatches<Float>) {
    self.init(start: patches.start, steps: patches.steps, lines: patches.lines, length: patches.length)
  }
}

extension hg_patches_f64 {
  fileprivate init(_ patches: ImagePatches<Double>) {
    self.init(start: patches.start, steps: patches.steps, lines: patches.lines, length: patches.length)
  }
}
