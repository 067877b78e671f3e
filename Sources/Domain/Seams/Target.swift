/// Where models run.
package protocol Target: Sendable {
  /// Hands over the routes. A repeat of the same generation changes nothing.
  func apply(_ routes: RouteDocument) async throws(StageError)
  /// What the target runs at this moment.
  func observe() async throws(StageError) -> ServerStatus
}
