extension Tensor {
  /// Makes a tensor from an array in row-major order.
  ///
  /// - Throws: `TensorError.shape` when the array has another number of elements than the shape.
  public init<Element: TensorElement>(shape: Shape, _ elements: [Element]) throws(TensorError) {
    guard try shape.elementCount() == elements.count else {
      throw TensorError(.shape, "\(elements.count) elements do not fill shape \(shape)")
    }
    try self.init(shape: shape, of: Element.self, budget: .unlimited) { buffer in
      for index in elements.indices { buffer[index] = elements[index] }
    }
  }

  /// Makes a float tensor from an array in row-major order.
  public init(shape: Shape, floats: [Float]) throws(TensorError) { try self.init(shape: shape, floats) }
  /// Makes a double tensor from an array in row-major order.
  public init(shape: Shape, doubles: [Double]) throws(TensorError) { try self.init(shape: shape, doubles) }
  /// Makes an int64 tensor from an array in row-major order.
  public init(shape: Shape, integers: [Int64]) throws(TensorError) { try self.init(shape: shape, integers) }
  /// Makes a bool tensor from an array in row-major order.
  public init(shape: Shape, bools: [Bool]) throws(TensorError) { try self.init(shape: shape, bools) }
  /// Makes a string tensor from an array in row-major order.
  public init(shape: Shape, strings: [String]) throws(TensorError) { try self.init(shape: shape, strings) }

  /// Makes a tensor whose elements `fill` writes: all of them, for they begin undefined (strings empty).
  ///
  /// - Throws: `TensorError.memoryLimit` when the budget has no room; whatever `fill` throws.
  @inlinable
  package init<Element: TensorElement>(
    shape: Shape, of type: Element.Type, budget: MemoryBudget,
    _ fill: (UnsafeMutableBufferPointer<Element>) throws(TensorError) -> Void
  ) throws(TensorError) {
    self = try Tensor(uninitialized: Element.elementType, shape: shape, budget: budget)
    // SAFETY: nobody else has seen this storage yet.
    try fill(UnsafeMutableBufferPointer(mutating: unsafeElements(Element.self)))
  }

  /// Makes a tensor with undefined elements. Its maker writes them before anyone else sees the tensor.
  @usableFromInline
  package init(uninitialized type: ElementType, shape: Shape, budget: MemoryBudget) throws(TensorError) {
    let count = try shape.elementCount()
    self.init(
      elementType: type, shape: shape, count: count,
      storage: try Storage(type, count: count, budget: budget), byteOffset: 0)
  }

  /// Makes a tensor over bytes that `owner` keeps, laid out as in ONNX's files. They are copied only when they are
  /// not aligned for the type, or packed.
  ///
  /// - Parameter aligns: Whether bytes that are not aligned are copied at once, or when somebody reads them as elements;
  ///   see `Storage.init(borrowing:owner:isUnaligned:)`.
  /// - Throws: `TensorError.shape` when the bytes do not fit type and shape.
  package init(
    _ type: ElementType, shape: Shape, bytes: UnsafeRawBufferPointer, owner: any AnyObject & Sendable,
    aligns: Bool = true
  ) throws(TensorError) {
    let count = try shape.elementCount()
    guard type != .string else { throw TensorError(.unsupported, "tensors of strings cannot be read from bytes") }
    if type.packedBitCount != nil {
      try self.init(unpacking: bytes, as: type, shape: shape)
      return
    }
    let size = type.byteCount
    guard count.multipliedReportingOverflow(by: size) == (bytes.count, false) else {
      throw TensorError(.shape, "\(bytes.count) bytes do not fill shape \(shape) of type \(type)")
    }
    // A bool with another bit pattern than 0 or 1 is undefined in Swift, so foreign ones are normalised.
    if type == .bool {
      try self.init(shape: shape, of: UInt8.self, budget: .unlimited) { buffer in
        for index in 0..<count { buffer[index] = bytes[index] == 0 ? 0 : 1 }
      }
      self = Tensor(elementType: .bool, shape: shape, count: count, storage: storage, byteOffset: 0)
      return
    }
    let isAligned = bytes.baseAddress.map { UInt(bitPattern: $0) % UInt(size) == 0 } ?? true
    guard isAligned || !aligns else {
      try self.init(type, shape: shape, copying: bytes)
      return
    }
    let storage = Storage(borrowing: bytes, owner: owner, isUnaligned: !isAligned)
    self.init(elementType: type, shape: shape, count: count, storage: storage, byteOffset: 0)
  }

  /// Makes a tensor with a copy of bytes that lie as they do in memory. Not for strings and bools.
  ///
  /// - Throws: `TensorError.shape` when the bytes do not fit type and shape.
  package init(_ type: ElementType, shape: Shape, copying bytes: UnsafeRawBufferPointer) throws(TensorError) {
    let count = try shape.elementCount()
    guard type != .string, type != .bool, count.multipliedReportingOverflow(by: type.byteCount) == (bytes.count, false)
    else { throw TensorError(.shape, "\(bytes.count) bytes do not fill shape \(shape) of type \(type)") }
    try self.init(uninitialized: type, shape: shape, budget: .unlimited)
    storage.base.copyMemory(from: bytes.baseAddress ?? UnsafeRawPointer(storage.base), byteCount: bytes.count)
  }

  /// Makes a tensor of a type of 4 or 2 bits from bytes that hold 2 or 4 elements each, the first in the lowest bits.
  ///
  /// - Throws: `TensorError.shape` when the bytes do not fit the shape, `TensorError.elementType` for other types.
  package init(unpacking bytes: UnsafeRawBufferPointer, as type: ElementType, shape: Shape) throws(TensorError) {
    let count = try shape.elementCount()
    guard let bits = type.packedBitCount else { throw TensorError(.elementType, "elements of \(type) are not packed") }
    let perByte = 8 / bits
    guard bytes.count == count / perByte + (count % perByte == 0 ? 0 : 1) else {
      throw TensorError(.shape, "\(bytes.count) bytes do not fill shape \(shape) of type \(type)")
    }
    let isSigned = type == .int4 || type == .int2
    let codes = try Tensor(shape: shape, of: UInt8.self, budget: .unlimited) { buffer in
      for index in 0..<count {
        // The element moved to the top of the byte, from where a shift brings it down with or without its sign.
        let top = bytes[index / perByte] << UInt8(8 - bits - index % perByte * bits)
        buffer[index] = isSigned ? UInt8(bitPattern: Int8(bitPattern: top) >> (8 - bits)) : top >> (8 - bits)
      }
    }
    self = try codes.reinterpreted(as: type)
  }

  /// The elements as an array in row-major order.
  ///
  /// - Throws: `TensorError.elementType` when the tensor holds another type.
  public func array<Element: TensorElement>(of type: Element.Type = Element.self) throws(TensorError) -> [Element] {
    try withElements(type) { Array($0) }
  }

  /// The elements as an array of floats. - Throws: `TensorError.elementType` for another type.
  public func floats() throws(TensorError) -> [Float] { try array() }
  /// The elements as an array of doubles. - Throws: `TensorError.elementType` for another type.
  public func doubles() throws(TensorError) -> [Double] { try array() }
  /// The elements as an array of int64. - Throws: `TensorError.elementType` for another type.
  public func integers() throws(TensorError) -> [Int64] { try array() }
  /// The elements as an array of bools. - Throws: `TensorError.elementType` for another type.
  public func bools() throws(TensorError) -> [Bool] { try array() }
  /// The elements as an array of strings. - Throws: `TensorError.elementType` for another type.
  public func strings() throws(TensorError) -> [String] { try array() }

  /// Gives the elements to `body` without a copy.
  ///
  /// - Throws: `TensorError.elementType` when the tensor holds another type; whatever `body` throws.
  @inlinable
  public func withElements<Element: TensorElement, Result>(
    _ type: Element.Type, _ body: (UnsafeBufferPointer<Element>) throws(TensorError) -> Result
  ) throws(TensorError) -> Result {
    let elements = try elements(type)
    defer { withExtendedLifetime(self) {} }
    return try body(elements)
  }

  /// The elements, checked for their type; valid only while the tensor is kept alive.
  ///
  /// Kernels use it for their inputs, which the executor keeps until the kernel returns.
  @usableFromInline
  package func elements<Element: TensorElement>(
    _ type: Element.Type
  ) throws(TensorError) -> UnsafeBufferPointer<Element> {
    guard Element.elementType == elementType else {
      throw TensorError(.elementType, "expected elements of type \(Element.elementType), got \(elementType)")
    }
    guard !storage.isReleased else {
      throw TensorError(.missing, "the elements were given up when the model was loaded")
    }
    return unsafeElements(type)
  }

  /// The elements read as `Element`, whose size must be that of the stored type; valid only while the tensor lives.
  @usableFromInline
  package func unsafeElements<Element>(_ type: Element.Type) -> UnsafeBufferPointer<Element> {
    let start = UnsafeRawPointer(storage.base + byteOffset).assumingMemoryBound(to: Element.self)
    return UnsafeBufferPointer(start: start, count: count)
  }

  /// Gives the elements, read as a type of the same size, to `body` without a copy.
  @inlinable
  package func withUnsafeElements<Element, Result>(
    _ type: Element.Type, _ body: (UnsafeBufferPointer<Element>) throws(TensorError) -> Result
  ) throws(TensorError) -> Result {
    defer { withExtendedLifetime(self) {} }
    return try body(unsafeElements(type))
  }

  /// Gives `body` the place of the elements, which need not be aligned for their type: for what moves bytes, or reads
  /// numbers from anywhere.
  ///
  /// - Throws: `TensorError.missing` when the elements were given up; whatever `body` throws.
  package func withLooseBytes<Result>(
    _ body: (UnsafeRawPointer) throws(TensorError) -> Result
  ) throws(TensorError) -> Result {
    guard !storage.isReleased else {
      throw TensorError(.missing, "the elements were given up when the model was loaded")
    }
    defer { withExtendedLifetime(self) {} }
    return try body(UnsafeRawPointer(storage.start + byteOffset))
  }

  /// The bytes of the elements; valid only while the tensor lives. Not for strings.
  package var unsafeBytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: storage.base + byteOffset, count: byteCount)
  }
}
