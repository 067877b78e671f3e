import Glibc
import HeadgateArchives
import HeadgateTensors

/// Arrays by name, as NumPy keeps them in `.npz` files; a `.npy` file is one array without a name.
///
/// Numbers, bools and texts of a fixed width are read, in either order of bytes and of axes. Arrays of Python objects
/// are pickles, which nothing here ever unpacks.
///
/// ```swift
/// let inputs = try ArrayArchive(path: "inputs.npz")
/// let outputs = try model.run(inputs.tensors)
/// ```
public struct ArrayArchive: Sendable {
  /// The arrays in the order of the file.
  public private(set) var arrays: [(name: String, tensor: Tensor)] = []

  /// The arrays by name.
  public var tensors: [String: Tensor] { Dictionary(arrays.map { ($0.name, $0.tensor) }) { first, _ in first } }

  public init() {}

  /// Reads a `.npz` or `.npy` file; its first bytes tell which it is.
  ///
  /// - Parameter maxBytes: the most bytes that the arrays may take in memory.
  /// - Throws: `ArrayArchiveError` when it cannot be opened, is neither, is damaged, passes the limit, or holds an array
  ///   of a type that tensors do not have.
  public init(path: String, maxBytes: Int = 4 << 30) throws(ArrayArchiveError) {
    let bytes: ModelBytes
    do {
      bytes = try ModelBytes(path: path)
    } catch {
      throw ArrayArchiveError("cannot read \(path); give the path of a .npz or .npy file that you may read")
    }
    do {
      try self.init(bytes: bytes, maxBytes: maxBytes)
    } catch {
      throw ArrayArchiveError("\(path): \(error.message)")
    }
  }

  /// Reads arrays from the bytes of a `.npz` or `.npy` file.
  public init(bytes: ModelBytes, maxBytes: Int = 4 << 30) throws(ArrayArchiveError) {
    let result: Result<[(name: String, tensor: Tensor)], ArrayArchiveError> = bytes.withUnsafeBytes { raw in
      Result { () throws(ArrayArchiveError) in try Self.read(raw, maxBytes: maxBytes) }
    }
    arrays = try result.get()
  }

  /// Adds an array. A second one of the same name takes the place of the first.
  public mutating func add(_ name: String, _ tensor: Tensor) {
    if let index = arrays.firstIndex(where: { $0.name == name }) {
      arrays[index].tensor = tensor
    } else {
      arrays.append((name, tensor))
    }
  }

  /// Writes a `.npz` file, uncompressed as `numpy.savez` does. Types that NumPy lacks are written as the next wider one
  /// it has: bfloat16 and the floats of 8 and 4 bits as float32, integers of 4 and 2 bits as those of 8.
  ///
  /// - Throws: `ArrayArchiveError` when the file cannot be written.
  public func write(to path: String) throws(ArrayArchiveError) {
    let file = try OutputFile(path)
    var writer = ZipWriter<ArrayArchiveError> { (bytes) throws(ArrayArchiveError) in try file.write(bytes) }
    for (name, tensor) in arrays { try writer.add(name + ".npy", try NumPyArray.bytes(of: tensor, named: name)) }
    try writer.finish()
    try file.close()
  }

  private static func read(
    _ raw: UnsafeRawBufferPointer, maxBytes: Int
  ) throws(ArrayArchiveError) -> [(name: String, tensor: Tensor)] {
    if NumPyArray.isArray(raw) {
      guard raw.count <= maxBytes else { throw ArrayArchiveError("it has more than \(maxBytes) bytes") }
      return [("", try NumPyArray.tensor(raw, named: "", budget: MemoryBudget(limit: maxBytes)))]
    }
    let budget = MemoryBudget(limit: maxBytes)
    var arrays: [(name: String, tensor: Tensor)] = []
    do {
      let archive = try ZipArchive(raw)
      // Sizes are summed before anything is unpacked: entries may share the bytes they are unpacked from.
      var total = 0
      for entry in archive.entries {
        total = total.addingReportingOverflow(entry.count).partialValue
        guard total >= 0, entry.count <= maxBytes, total <= maxBytes else {
          throw ArrayArchiveError("its arrays take more than \(maxBytes) bytes")
        }
      }
      for entry in archive.entries {
        guard entry.name.hasSuffix(".npy") else {
          throw ArrayArchiveError("it holds '\(entry.name)', which is no array; write it with numpy.savez")
        }
        let name = String(entry.name.dropLast(4))
        let content = try archive.content(of: entry)
        let tensor = try content.withUnsafeBytes { (raw) throws(ArrayArchiveError) in
          try NumPyArray.tensor(raw, named: name, budget: budget)
        }
        arrays.append((name, tensor))
      }
    } catch let error as ArchiveError {
      throw ArrayArchiveError(error.message)
    } catch let error as ArrayArchiveError {
      throw error
    } catch {
      throw ArrayArchiveError("it cannot be read")
    }
    return arrays
  }
}

/// A file that is written from its beginning.
private final class OutputFile {
  private let path: String
  private var descriptor: Int32

  init(_ path: String) throws(ArrayArchiveError) {
    self.path = path
    descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw Self.failure(path) }
  }

  deinit {
    if descriptor >= 0 { _ = Glibc.close(descriptor) }
  }

  func write(_ bytes: [UInt8]) throws(ArrayArchiveError) {
    let isWritten = bytes.withUnsafeBytes { raw in
      var done = 0
      while done < raw.count {
        let count = Glibc.write(descriptor, raw.baseAddress.map { $0 + done }, raw.count - done)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return false }
        done += count
      }
      return true
    }
    guard isWritten else { throw Self.failure(path) }
  }

  func close() throws(ArrayArchiveError) {
    let result = Glibc.close(descriptor)
    descriptor = -1
    guard result == 0 else { throw Self.failure(path) }
  }

  private static func failure(_ path: String) -> ArrayArchiveError {
    ArrayArchiveError("cannot write \(path): \(String(cString: strerror(errno)))")
  }
}
