import Domain

/// A journal that shows each event once it is durable, so that the log of a controller tells the same as `headgate history`.
struct AnnouncingJournal: Journal {
  let journal: any Journal

  func load() throws(StoreError) -> JournalSnapshot {
    try journal.load()
  }

  func begin(_ intent: Intent) throws(StoreError) {
    try journal.begin(intent)
  }

  func commit(_ transition: JournalTransition) throws(StoreError) {
    try journal.commit(transition)
    for event in transition.events {
      let release = event.release.map { " release \($0)" } ?? ""
      Terminal.complain("\(event.time.text) \(event.object.name)\(release) \(event.reason): \(event.message)")
    }
  }
}
