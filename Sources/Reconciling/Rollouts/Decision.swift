import Domain

/// What is decided on one object at one moment.
package struct Decision: Hashable, Sendable {
  /// The record from now on; `nil` when nothing is left of the object.
  package let record: ObjectRecord?
  package let events: [Event]
  /// Effects the record now asks for, in this order. Whatever runs for the object and is not among them is obsolete.
  package let actions: [Action]
  /// What is awaited; `nil` only when the object is idle or an action brings it on by itself.
  package let wait: Wait?

  package init(record: ObjectRecord?, events: [Event] = [], actions: [Action] = [], wait: Wait? = nil) {
    self.record = record
    self.events = events
    self.actions = actions
    self.wait = wait
  }
}

/// What a person asks of one object.
package enum Command: String, Hashable, Sendable, Codable {
  /// Take back what is under way. Legal in every phase.
  case abort
  /// Try again what is blocked, and end the object's quarantine. Legal in every phase.
  case retry
}
