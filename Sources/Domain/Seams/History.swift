/// What has happened, for people.
package protocol History: Sendable {
  /// The newest events, newest first, of one object or of all.
  func events(of object: ObjectID?, limit: Int) throws(StoreError) -> [Event]
}
