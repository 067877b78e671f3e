import Glibc
import Testing

@testable import HeadgateTensors

extension KernelSet {
  /// The sets that this CPU can run, which are compared with one another.
  static let all = Name.allCases.compactMap { KernelSet($0) }
}

extension KernelSet: CustomTestStringConvertible {
  public var testDescription: String { name.rawValue }
}

/// A small generator, so that cases are the same in each run.
struct KernelRandom {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }

  mutating func below(_ count: Int) -> Int { Int(next() % UInt64(count)) }
  mutating func pick<T>(_ values: [T]) -> T { values[below(values.count)] }
  /// A number from -1 to 1.
  mutating func number() -> Double { Double(Int64(bitPattern: next())) / 0x1p63 }
}

enum GuardSide: CaseIterable {
  /// The last element ends where the forbidden page begins.
  case before
  /// The first element begins where the forbidden page ends.
  case after
}

/// Memory whose elements lie right before, or right after, a page that cannot be touched.
final class GuardedBuffer<Element> {
  let start: UnsafeMutablePointer<Element>
  private let mapping: UnsafeMutableRawPointer
  private let byteCount: Int

  init(_ elements: [Element], guarded side: GuardSide = .before) {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let size = elements.count * MemoryLayout<Element>.stride
    let inner = (size + page - 1) / page * page
    byteCount = inner + 2 * page
    guard let mapping = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      mapping != MAP_FAILED
    else { fatalError("no memory for a test") }
    self.mapping = mapping
    mprotect(mapping, page, PROT_NONE)
    mprotect(mapping + page + inner, page, PROT_NONE)
    let offset = side == .before ? page + inner - size : page
    start = (mapping + offset).bindMemory(to: Element.self, capacity: elements.count)
    start.initialize(from: elements, count: elements.count)
  }

  deinit { munmap(mapping, byteCount) }

  func array(_ count: Int) -> [Element] { Array(UnsafeBufferPointer(start: start, count: count)) }
}
