import TestSupport
import Testing

@Suite struct `The journal in memory` {
  @Test func `keeps the contract of every journal`() throws {
    let journal = InMemoryJournal()
    #expect(try JournalContract.violations { journal } == [])
  }
}
