import Domain
import FoundationEssentials
import Glibc

/// The last route document on disk, from which a server starts alone.
struct RoutesFile: Sendable {
  let path: String

  /// The document, `nil` when there is none.
  /// - Throws: `ServerError` when the file cannot be read or is damaged.
  func read() throws(ServerError) -> RouteDocument? {
    guard access(path, F_OK) == 0 else { return nil }
    do {
      let data = try Data(contentsOf: URL(filePath: path))
      return try JSONDecoder().decode(RouteDocument.self, from: data)
    } catch {
      throw ServerError(
        "the routes in \(path) cannot be read: \(error); delete the file, the controller sends them anew")
    }
  }

  /// Replaces the file: after a power cut it holds the old document or the new one, whole.
  func write(_ document: RouteDocument) throws(RequestError) {
    let temporary = path + ".new"
    do {
      try write(Array(JSONEncoder().encode(document)), to: temporary)
      guard rename(temporary, path) == 0 else { throw ServerError("rename: \(Self.problem)") }
      let folder = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
      let descriptor = open(folder.isEmpty ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      guard descriptor >= 0 else { throw ServerError("opening the folder: \(Self.problem)") }
      defer { close(descriptor) }
      guard fsync(descriptor) == 0 else { throw ServerError("syncing the folder: \(Self.problem)") }
    } catch {
      unlink(temporary)
      throw RequestError(507, "the routes cannot be kept in \(path), so they are not applied: \(error)")
    }
  }

  private func write(_ bytes: [UInt8], to path: String) throws(ServerError) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw ServerError("opening: \(Self.problem)") }
    defer { close(descriptor) }
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 || errno == EINTR else { throw ServerError("writing: \(Self.problem)") }
      rest = rest.dropFirst(max(0, count))
    }
    guard fsync(descriptor) == 0 else { throw ServerError("syncing: \(Self.problem)") }
  }

  private static var problem: String { String(cString: strerror(errno)) }
}
