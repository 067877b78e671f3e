import CLibGit2
import Domain

/// The entries of trees already read, so that listing a commit reads only the trees that changed.
///
/// A tree is kept under its id and the folder it lies in: the paths are then made once, too.
struct ListingCache {
  /// What one folder holds, in the order of Git, which is the order of full paths.
  enum Piece {
    case files([RepositoryFile])
    case folder(git_oid, RepositoryPath)
  }

  struct Key: Hashable {
    let tree: ObjectName
    let folder: String
  }

  private struct Entry {
    let pieces: [Piece]
    let count: Int
    var lastUse: Int
  }

  /// Above this many kept files, all that the current listing does not use are let go.
  private static let capacity = 400_000

  private var entries: [Key: Entry] = [:]
  private var count = 0
  private var listing = 0

  /// Begins a listing, and makes room when the kept trees have grown too many.
  mutating func beginListing() {
    if count > Self.capacity {
      entries = entries.filter { $0.value.lastUse == listing }
      count = entries.values.reduce(0) { $0 + $1.count }
    }
    listing += 1
  }

  mutating func pieces(_ key: Key) -> [Piece]? {
    guard let index = entries.index(forKey: key) else { return nil }
    entries.values[index].lastUse = listing
    return entries.values[index].pieces
  }

  mutating func keep(_ pieces: [Piece], count: Int, under key: Key) {
    entries[key] = Entry(pieces: pieces, count: count, lastUse: listing)
    self.count += count
  }
}
