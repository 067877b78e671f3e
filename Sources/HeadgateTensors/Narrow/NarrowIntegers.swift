/// An integer from -8 to 7. In memory it takes a byte.
public struct Int4: TensorElement, Hashable {
  public static var elementType: ElementType { .int4 }
  public let value: Int8

  /// Keeps the lower four bits, as two's complement.
  public init(wrapping value: Int8) { self.value = (value << 4) >> 4 }
}

/// An integer from 0 to 15. In memory it takes a byte.
public struct UInt4: TensorElement, Hashable {
  public static var elementType: ElementType { .uint4 }
  public let value: UInt8

  /// Keeps the lower four bits.
  public init(wrapping value: UInt8) { self.value = value & 0xF }
}

/// An integer from -2 to 1. In memory it takes a byte.
public struct Int2: TensorElement, Hashable {
  public static var elementType: ElementType { .int2 }
  public let value: Int8

  /// Keeps the lower two bits, as two's complement.
  public init(wrapping value: Int8) { self.value = (value << 6) >> 6 }
}

/// An integer from 0 to 3. In memory it takes a byte.
public struct UInt2: TensorElement, Hashable {
  public static var elementType: ElementType { .uint2 }
  public let value: UInt8

  /// Keeps the lower two bits.
  public init(wrapping value: UInt8) { self.value = value & 0x3 }
}
