import Glibc

/// The bytes of a model file, opened and mapped once.
///
/// Whoever must know what is loaded (a digest, a scanner) reads these same bytes and then loads from
/// them, so that no other file can slip in between. The mapping sees later writes into the same file:
/// keep model files where only their owner writes, and replace them by renaming.
///
/// SAFETY: `@unchecked Sendable` holds because the bytes are never written after initialisation.
public final class ModelBytes: @unchecked Sendable {
  /// Where the bytes come from, when they are a file's; external data is looked for beside it.
  public let path: String?
  private let bytes: UnsafeRawBufferPointer
  private let isMapped: Bool

  /// Opens and maps a file.
  ///
  /// - Throws: `ModelFileError.unreadable` when it cannot be opened or is no regular file.
  public convenience init(path: String) throws(ModelFileError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw ModelFileError(
        .unreadable, "cannot open \(path): \(ModelBytes.systemMessage()); check path and permissions")
    }
    defer { close(descriptor) }
    try self.init(mapping: descriptor, path: path)
  }

  /// Maps a file that is already open; the descriptor stays the caller's and may be closed afterwards.
  ///
  /// - Throws: `ModelFileError.unreadable` when it is no regular file or cannot be mapped.
  public init(mapping descriptor: Int32, path: String?) throws(ModelFileError) {
    let name = path ?? "file"
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw ModelFileError(.unreadable, "\(name) is not a regular file; give the path of a model file")
    }
    self.path = path
    let size = Int(status.st_size)
    guard size > 0 else {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      isMapped = false
      return
    }
    guard let start = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED else {
      throw ModelFileError(.unreadable, "cannot map \(name): \(ModelBytes.systemMessage())")
    }
    bytes = UnsafeRawBufferPointer(start: start, count: size)
    isMapped = true
  }

  /// Copies bytes that are in memory.
  public init(_ bytes: some Collection<UInt8>) {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 64)
    copy.copyBytes(from: bytes)
    self.bytes = UnsafeRawBufferPointer(copy)
    path = nil
    isMapped = false
  }

  deinit {
    if isMapped {
      munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
    } else {
      bytes.deallocate()
    }
  }

  public var count: Int { bytes.count }

  /// Gives the bytes to `body`, which must not let the pointer escape.
  public func withUnsafeBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(self) {} }
    return try body(bytes)
  }

  /// Tells the system that the pages of a mapped file are not needed in memory; a later access reads them again.
  func releasePages() {
    guard isMapped, let start = bytes.baseAddress else { return }
    madvise(UnsafeMutableRawPointer(mutating: start), bytes.count, MADV_DONTNEED)
  }

  static func systemMessage() -> String { String(cString: strerror(errno)) }
}
