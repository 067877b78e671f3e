import HeadgateKernels

/// The compiled kernels for one instruction set: plain C that runs anywhere, AVX2 with FMA, or AVX-512.
///
/// The environment variable `HEADGATE_KERNELS` (`reference`, `avx2` or `avx512`) forces a set, for tests and to
/// compare machines; results differ between sets in the last places of sums of floats and of `RowFunction`s, and in
/// nothing else. When it
/// names no set, or one that this CPU lacks, the best set for this CPU is used and nothing is printed: what wants
/// to report the mistake calls `checkForced`.
///
/// SAFETY: `@unchecked Sendable` holds because the table is a constant of the C library.
package struct KernelSet: @unchecked Sendable {
  package enum Name: String, Sendable, CaseIterable {
    case reference, avx2, avx512
  }

  package let name: Name
  let table: UnsafePointer<hg_kernel_set>

  private init(_ table: UnsafePointer<hg_kernel_set>) {
    // A test holds that every set has a name of the list.
    name = Name(rawValue: String(cString: table.pointee.name)) ?? .reference
    self.table = table
  }

  /// The set of a name; nil where this CPU, or this build, lacks it. The reference is always there.
  package init?(_ name: Name) {
    guard let table = hg_kernels_named(name.rawValue) else { return nil }
    self.init(table)
  }

  /// The set that everything uses: chosen at the first use, for the life of the process.
  package static var current: KernelSet { environmentChoice.set }

  /// Checks what the environment asks for.
  ///
  /// - Throws: `TensorError.unsupported` when it forces a set that this CPU or this build lacks,
  ///   `TensorError.invalidValue` when it names none. Both can be ignored: `current` is then the best there is.
  package static func checkForced() throws(TensorError) { try environmentChoice.check() }

  private static let environmentChoice = Choice(of: hg_wanted_kernels().map { String(cString: $0) })
}

extension KernelSet {
  /// The set that a wish leads to, and what is wrong with the wish.
  struct Choice: Sendable {
    let set: KernelSet
    private let wanted: String?
    private let outcome: hg_choice

    init(of wanted: String?) {
      var outcome = HG_CHOICE_FREE
      set = KernelSet(hg_choose_kernels(wanted, &outcome))
      self.wanted = wanted
      self.outcome = outcome
    }

    func check() throws(TensorError) {
      switch outcome {
      case HG_CHOICE_UNKNOWN:
        let names = Name.allCases.map(\.rawValue).joined(separator: ", ")
        throw TensorError(.invalidValue, "HEADGATE_KERNELS is '\(wanted ?? "")' and not one of \(names)")
      case HG_CHOICE_UNSUPPORTED:
        throw TensorError(
          .unsupported,
          "HEADGATE_KERNELS asks for \(wanted ?? ""), which this CPU cannot run; the best it can is \(set.name)")
      default: return
      }
    }
  }
}
