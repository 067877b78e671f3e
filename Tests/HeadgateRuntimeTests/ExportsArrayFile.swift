import Foundation
import HeadgateTensors

/// Reads arrays as numpy stores them (format 1 to 3, little endian, row-major order).
enum ArrayFile {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// No array of the tests is larger; a longer file is refused before it is read.
  static let maxByteCount = 64 << 20

  static func read(_ file: URL) throws -> Tensor {
    let size = try file.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0
    guard size <= maxByteCount else { throw Failure(description: "\(file.path) has \(size) bytes") }
    return try parse([UInt8](Data(contentsOf: file)), file.lastPathComponent)
  }

  static func parse(_ bytes: [UInt8], _ name: String) throws -> Tensor {
    func fail(_ reason: String) -> Failure { Failure(description: "\(name): \(reason)") }
    guard bytes.count >= 10, Array(bytes.prefix(6)) == [0x93] + Array("NUMPY".utf8) else { throw fail("is no array") }
    let wide = bytes[6] > 1
    guard bytes[6] <= 3, bytes.count >= 12 else { throw fail("has format \(bytes[6])") }
    let length = wide ? (0..<4).reduce(0) { $0 | Int(bytes[8 + $1]) << (8 * $1) } : Int(bytes[8]) | Int(bytes[9]) << 8
    let start = (wide ? 12 : 10) + length
    guard length <= 1 << 16, start <= bytes.count else { throw fail("has a header of \(length) bytes") }
    let header = String(decoding: bytes[(wide ? 12 : 10)..<start], as: UTF8.self)
    guard header.contains("'fortran_order': False") else { throw fail("is in column-major order") }
    guard let type = header.firstMatch(of: /'descr': '([^']*)'/)?.1,
      let extents = header.firstMatch(of: /'shape': \(([^)]*)\)/)?.1
    else { throw fail("has the header \(header)") }
    let shape = try extents.split(separator: ",").map { text in
      guard let extent = Int(text.trimmingCharacters(in: .whitespaces)) else { throw fail("has the shape \(extents)") }
      return extent
    }
    let payload = bytes[start...]
    switch type {
    case "<f4": return try tensor(payload, shape, Float.self)
    case "<f8": return try tensor(payload, shape, Double.self)
    case "<i8": return try tensor(payload, shape, Int64.self)
    case "<i4": return try tensor(payload, shape, Int32.self)
    default: throw fail("has elements of type \(type)")
    }
  }

  private static func tensor<T: TensorElement & BitwiseCopyable>(
    _ payload: ArraySlice<UInt8>, _ shape: Shape, _ type: T.Type
  ) throws -> Tensor {
    let size = MemoryLayout<T>.size
    guard payload.count.isMultiple(of: size) else { throw Failure(description: "\(payload.count) bytes of \(type)") }
    let elements = payload.withUnsafeBytes { raw in
      (0..<raw.count / size).map { raw.loadUnaligned(fromByteOffset: $0 * size, as: type) }
    }
    return try Tensor(shape: shape, elements)
  }
}
