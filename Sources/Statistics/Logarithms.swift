#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Foundation
#endif

/// The natural logarithm, kept here so that only this file needs the C library.
func naturalLogarithm(_ x: Double) -> Double { log(x) }

/// The n-th root of a positive number.
func root(_ x: Double, _ n: Int) -> Double { exp(log(x) / Double(n)) }
