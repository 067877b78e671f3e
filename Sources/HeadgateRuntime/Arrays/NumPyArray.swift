import HeadgateTensors

/// Turns the bytes of an array file into a tensor, and a tensor into such bytes.
enum NumPyArray {
  static func isArray(_ bytes: UnsafeRawBufferPointer) -> Bool { bytes.prefix(6).elementsEqual(NumPyHeader.magic) }

  /// - Parameter name: for messages; empty for a file of one array.
  static func tensor(
    _ bytes: UnsafeRawBufferPointer, named name: String, budget: MemoryBudget
  ) throws(ArrayArchiveError) -> Tensor {
    do {
      let header = try NumPyHeader(bytes)
      let type = try NumPyType(header.type)
      return try tensor(UnsafeRawBufferPointer(rebasing: bytes[header.end...]), header, type, budget)
    } catch let error as ArrayArchiveError {
      throw name.isEmpty ? error : ArrayArchiveError("array '\(name.prefix(80))': \(error.message)")
    } catch {
      throw ArrayArchiveError((name.isEmpty ? "" : "array '\(name.prefix(80))': ") + "\(error)")
    }
  }

  private static func tensor(
    _ elements: UnsafeRawBufferPointer, _ header: NumPyHeader, _ type: NumPyType, _ budget: MemoryBudget
  ) throws -> Tensor {
    let shape = header.shape
    let count = try shape.elementCount()
    guard count.multipliedReportingOverflow(by: type.width) == (elements.count, false) else {
      throw ArrayArchiveError("it has \(elements.count) bytes, which do not fill shape \(shape) of '\(header.type)'")
    }
    // Texts without any room cost memory all the same.
    guard type.width > 0 || count <= 1 << 16 else { throw ArrayArchiveError("it has \(count) empty texts") }
    if !header.isFortranOrder || shape.count < 2 || elements.isEmpty {
      return try tensor(elements, shape, count, type, budget)
    }
    let rows = rowMajor(elements, shape, width: type.width)
    return try rows.withUnsafeBytes { try tensor($0, shape, count, type, budget) }
  }

  private static func tensor(
    _ elements: UnsafeRawBufferPointer, _ shape: Shape, _ count: Int, _ type: NumPyType, _ budget: MemoryBudget
  ) throws -> Tensor {
    if type.isBigEndian, type.unit > 1, !elements.isEmpty {
      let swapped = littleEndian(elements, unit: type.unit)
      return try swapped.withUnsafeBytes { try littleEndian($0, shape, count, type, budget) }
    }
    return try littleEndian(elements, shape, count, type, budget)
  }

  private static func littleEndian(
    _ elements: UnsafeRawBufferPointer, _ shape: Shape, _ count: Int, _ type: NumPyType, _ budget: MemoryBudget
  ) throws -> Tensor {
    switch type.kind {
    case .numbers(let element): return try Tensor(element, shape: shape, copying: elements)
    case .bools:
      return try Tensor(shape: shape, of: Bool.self, budget: budget) { buffer in
        for index in 0..<count { buffer[index] = elements[index] != 0 }
      }
    case .bytes, .unicode:
      return try Tensor(shape: shape, of: String.self, budget: budget) { (buffer) throws(TensorError) in
        for index in 0..<count {
          let text = UnsafeRawBufferPointer(rebasing: elements[index * type.width..<(index + 1) * type.width])
          buffer[index] = try type.kind == .bytes ? utf8(text) : utf32(text)
        }
      }
    }
  }

  private static func utf8(_ bytes: UnsafeRawBufferPointer) throws(TensorError) -> String {
    let end = (bytes.lastIndex { $0 != 0 }).map { $0 + 1 } ?? 0
    guard let text = String(validating: bytes[..<end], as: UTF8.self) else {
      throw TensorError(.invalidValue, "it holds bytes that are no UTF-8 text")
    }
    return text
  }

  private static func utf32(_ bytes: UnsafeRawBufferPointer) throws(TensorError) -> String {
    var count = bytes.count / 4
    while count > 0, bytes.loadUnaligned(fromByteOffset: count * 4 - 4, as: UInt32.self) == 0 { count -= 1 }
    var text = String.UnicodeScalarView()
    for index in 0..<count {
      guard let scalar = Unicode.Scalar(bytes.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)) else {
        throw TensorError(.invalidValue, "it holds a text with a code that is no Unicode character")
      }
      text.append(scalar)
    }
    return String(text)
  }

  private static func littleEndian(_ bytes: UnsafeRawBufferPointer, unit: Int) -> [UInt8] {
    var result = Array(bytes)
    for start in stride(from: 0, to: result.count, by: unit) { result[start..<start + unit].reverse() }
    return result
  }

  /// Reorders elements whose first index moves fastest.
  private static func rowMajor(_ bytes: UnsafeRawBufferPointer, _ shape: Shape, width: Int) -> [UInt8] {
    var strides = [Int](repeating: width, count: shape.count)
    for axis in 1..<shape.count { strides[axis] = strides[axis - 1] * shape[axis - 1] }
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var place = [Int](repeating: 0, count: shape.count)
    var source = 0
    while result.count < bytes.count {
      result.append(contentsOf: bytes[source..<source + width])
      for axis in shape.indices.reversed() {
        place[axis] += 1
        source += strides[axis]
        if place[axis] < shape[axis] { break }
        source -= strides[axis] * shape[axis]
        place[axis] = 0
      }
    }
    return result
  }

  /// The bytes of an array file.
  static func bytes(of tensor: Tensor, named name: String) throws(ArrayArchiveError) -> [UInt8] {
    do {
      switch tensor.elementType {
      case .string: return try bytes(of: tensor.strings(), shape: tensor.shape)
      case .int4, .int2: return try bytes(of: tensor.reinterpreted(as: .int8), named: name)
      case .uint4, .uint2: return try bytes(of: tensor.reinterpreted(as: .uint8), named: name)
      default: break
      }
      guard let type = NumPyType.name(of: tensor.elementType) else {
        return try bytes(of: Tensor(shape: tensor.shape, floats: tensor.convertedToFloats()), named: name)
      }
      defer { withExtendedLifetime(tensor) {} }
      return NumPyHeader.bytes(type: type, shape: tensor.shape) + Array(tensor.unsafeBytes)
    } catch {
      throw ArrayArchiveError("array '\(name)' cannot be written: \(error)")
    }
  }

  private static func bytes(of texts: [String], shape: Shape) throws -> [UInt8] {
    let width = max(texts.map { $0.unicodeScalars.count }.max() ?? 0, 1)
    let (size, overflow) = texts.count.multipliedReportingOverflow(by: width * 4)
    guard !overflow, size <= 4 << 30 else {
      throw ArrayArchiveError("its longest text has \(width) characters, and NumPy gives each text that room")
    }
    var result = NumPyHeader.bytes(type: "<U\(width)", shape: shape)
    result.reserveCapacity(result.count + size)
    for text in texts {
      var rest = width
      for scalar in text.unicodeScalars {
        for shift: UInt32 in [0, 8, 16, 24] { result.append(UInt8(truncatingIfNeeded: scalar.value >> shift)) }
        rest -= 1
      }
      result.append(contentsOf: repeatElement(0, count: rest * 4))
    }
    return result
  }
}
