import Domain
import Synchronization

/// A journal that lasts as long as the process.
package final class InMemoryJournal: Journal {
  private struct State {
    var records: [ModelName: ObjectRecord] = [:]
    var retired: [ModelName: ReleaseNumber] = [:]
    var intents: [Intent] = []
    var controller = ControllerRecord()
    var events: [Event] = []
    var failure: StoreError?
    var writes = 0
  }

  private let state = Mutex(State())

  package init() {}

  /// Every event so far, oldest first.
  package var events: [Event] { state.withLock { $0.events } }

  /// How many durable writes there were.
  package var writeCount: Int { state.withLock { $0.writes } }

  /// Makes every write fail with an error until set to `nil`.
  package func fail(with error: StoreError?) {
    state.withLock { $0.failure = error }
  }

  package func load() throws(StoreError) -> JournalSnapshot {
    state.withLock { state in
      JournalSnapshot(
        records: state.records, openIntents: state.intents, controller: state.controller,
        retired: state.retired.filter { state.records[$0.key] == nil })
    }
  }

  package func begin(_ intent: Intent) throws(StoreError) {
    try write { state in
      state.intents.removeAll { $0.key == intent.key }
      state.intents.append(intent)
    }
  }

  package func commit(_ transition: JournalTransition) throws(StoreError) {
    try write { state in
      if let closing = transition.closing { state.intents.removeAll { $0.key == closing } }
      for record in transition.saved { state.records[record.name] = record }
      for (name, next) in transition.removed {
        state.records[name] = nil
        state.retired[name] = next
      }
      state.events += transition.events
      if let controller = transition.controller { state.controller = controller }
    }
  }

  private func write(_ body: (inout State) -> Void) throws(StoreError) {
    let failure = state.withLock { state in
      if state.failure == nil {
        state.writes += 1
        body(&state)
      }
      return state.failure
    }
    if let failure { throw failure }
  }
}
