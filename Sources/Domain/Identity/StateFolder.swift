/// Where everything that is remembered lies on disk.
package struct StateFolder: Hashable, Sendable {
  package let root: String

  package init(_ root: String) {
    self.root = root
  }

  package var journal: String { root + "/journal.sqlite" }
  package var controllerSocket: String { root + "/controller.sock" }
  package var serverSocket: String { root + "/server.sock" }
  /// The last routes the server took, from which it can start alone.
  package var serverRoutes: String { root + "/server-routes.json" }
  package var repositories: String { root + "/repositories" }
  package var builds: String { root + "/builds" }
  /// The configuration read after flags.
  package var configuration: String { root + "/headgate.yaml" }

  /// The folder of a shelf.
  package func folder(of shelf: Shelf) -> String { root + "/" + shelf.rawValue }
}
