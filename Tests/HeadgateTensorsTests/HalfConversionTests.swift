import Testing

@testable import HeadgateTensors

/// Expected values: the conversions of Swift's own library, one number at a time.
@Suite struct `Conversions of buffers of 16-bit numbers` {
  @Test(arguments: KernelSet.all) func `widen every number`(_ kernels: KernelSet) {
    let halves = (0...UInt16.max).map { Float16(bitPattern: $0) }
    let wide = convert(halves) { HalfConversion.widen($0, into: $1, using: kernels) } as [Float]
    #expect(zip(halves, wide).allSatisfy { isSame(Float($0), $1) })
    let brains = (0...UInt16.max).map { BFloat16(bitPattern: $0) }
    let floats = convert(brains) { HalfConversion.widen($0, into: $1, using: kernels) } as [Float]
    #expect(zip(brains, floats).allSatisfy { isSame($0.asFloat, $1) })
  }

  /// Each number of 16 bits, and what lies around it and halfway to the next one.
  @Test(arguments: KernelSet.all) func `round to the nearest, or the even one`(_ kernels: KernelSet) {
    let floats = (0...UInt16.max).flatMap { code -> [Float] in
      let (half, brain) = (Float(Float16(bitPattern: code)), UInt32(code) << 16)
      return [0xFFF, 0x1000, 0x1001].map { Float(bitPattern: half.bitPattern &+ $0) }
        + [0, 1, 0x7FFF, 0x8000, 0x8001].map { Float(bitPattern: brain | $0) }
    }
    let halves = convert(floats) { HalfConversion.narrow($0, into: $1, using: kernels) } as [Float16]
    #expect(zip(floats, halves).allSatisfy { isSame(Float(Float16($0)), Float($1)) })
    let brains = convert(floats) { HalfConversion.narrow($0, into: $1, using: kernels) } as [BFloat16]
    #expect(zip(floats, brains).allSatisfy { BFloat16($0) == $1 })
  }

  @Test(arguments: KernelSet.all) func `keep a number that is none, with its sign`(_ kernels: KernelSet) {
    let floats = [Float.nan, -.nan, .signalingNaN, Float(bitPattern: 0xFF80_0001)]
    let halves = convert(floats) { HalfConversion.narrow($0, into: $1, using: kernels) } as [Float16]
    #expect(halves.map(\.bitPattern) == [0x7E00, 0xFE00, 0x7F00, 0xFE00])
    let brains = convert(floats) { HalfConversion.narrow($0, into: $1, using: kernels) } as [BFloat16]
    #expect(brains.map(\.bitPattern) == [0x7FC0, 0xFFC0, 0x7FC0, 0xFFC0])
  }

  @Test(arguments: KernelSet.all, GuardSide.allCases)
  func `give the same in any length and touch nothing beyond it`(
    _ kernels: KernelSet, _ side: GuardSide
  ) {
    var random = KernelRandom(8)
    for count in 0..<70 {
      let floats = (0..<count).map { _ in Float(random.number()) * 1000 }
      let wide = GuardedBuffer(floats, guarded: side)
      let half = GuardedBuffer<Float16>([Float16](repeating: 0, count: count), guarded: side)
      let brain = GuardedBuffer<BFloat16>([BFloat16](repeating: BFloat16(0), count: count), guarded: side)
      let source = UnsafeMutableBufferPointer(start: wide.start, count: count)
      let (halves, brains) = (
        UnsafeMutableBufferPointer(start: half.start, count: count),
        UnsafeMutableBufferPointer(start: brain.start, count: count)
      )
      HalfConversion.narrow(UnsafeBufferPointer(source), into: halves, using: kernels)
      HalfConversion.narrow(UnsafeBufferPointer(source), into: brains, using: kernels)
      #expect(Array(halves) == floats.map { Float16($0) })
      #expect(Array(brains) == floats.map { BFloat16($0) })
      HalfConversion.widen(UnsafeBufferPointer(halves), into: source, using: kernels)
      #expect(Array(source) == floats.map { Float(Float16($0)) })
      HalfConversion.widen(UnsafeBufferPointer(brains), into: source, using: kernels)
      #expect(Array(source) == floats.map { Float(BFloat16($0)) })
    }
  }

  private func convert<A, B>(
    _ source: [A], _ body: (UnsafeBufferPointer<A>, UnsafeMutableBufferPointer<B>) -> Void
  ) -> [B] {
    source.withUnsafeBufferPointer { source in
      [B](unsafeUninitializedCapacity: source.count) { output, count in
        body(source, output)
        count = source.count
      }
    }
  }

  private func isSame(_ x: Float, _ y: Float) -> Bool {
    x.isNaN ? y.isNaN && x.sign == y.sign : x.bitPattern == y.bitPattern
  }
}
