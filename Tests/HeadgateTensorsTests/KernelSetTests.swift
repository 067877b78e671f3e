import Testing

@testable import HeadgateTensors

@Suite struct `A set of kernels` {
  @Test func `is the best one without a wish`() throws {
    let choice = KernelSet.Choice(of: nil)
    #expect(choice.set.name == KernelSet.all.last?.name)
    #expect(throws: Never.self) { try choice.check() }
    #expect(throws: Never.self) { try KernelSet.Choice(of: "").check() }
  }

  @Test(arguments: KernelSet.Name.allCases) func `is the one that is wanted, or an error says why not`(
    _ name: KernelSet.Name
  ) {
    let choice = KernelSet.Choice(of: name.rawValue)
    if let set = KernelSet(name) {
      #expect(set.name == name)
      #expect(choice.set.name == set.name)
      #expect(throws: Never.self) { try choice.check() }
    } else {
      let error = #expect(throws: TensorError.self) { try choice.check() }
      #expect(error?.code == .unsupported)
      #expect(choice.set.name == KernelSet.all.last?.name)
    }
  }

  @Test func `is the best one for an unknown name, and an error lists the names`() {
    let choice = KernelSet.Choice(of: "sse9")
    #expect(choice.set.name == KernelSet.all.last?.name)
    let error = #expect(throws: TensorError.self) { try choice.check() }
    #expect(error?.message == "HEADGATE_KERNELS is 'sse9' and not one of reference, avx2, avx512")
  }

  @Test func `exists for every CPU`() { #expect(KernelSet(.reference) != nil) }
}
