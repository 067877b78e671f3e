import CLibSQLite
import Domain

extension StoreError {
  /// What an error met in the database means and what to do.
  init(_ error: any Error, doing: String, path: String) {
    if let error = error as? StoreError {
      self = error
      return
    }
    guard let error = error as? SQLiteError else {
      self.init(.damaged, "could not \(doing) \(path): \(error); move it away and start again, or restore a copy")
      return
    }
    let reason = error.message
    switch error.primaryCode {
    case SQLITE_FULL:
      self.init(.full, "could not \(doing) \(path): the disk is full; free space, nothing recorded so far is lost")
    case SQLITE_CORRUPT, SQLITE_NOTADB:
      self.init(.damaged, "\(path) is damaged (\(reason)): restore a copy, or move it away to start with no history")
    case SQLITE_BUSY, SQLITE_LOCKED:
      self.init(.locked, "\(path) is in use by another program: end it and try again")
    case SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_READONLY, SQLITE_AUTH:
      self.init(.failed, "could not \(doing) \(path): \(reason); check who owns it and its permissions")
    default:
      self.init(.failed, "could not \(doing) \(path): \(reason); check the disk")
    }
  }
}
