import HeadgateTensors

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The kernel of a support vector machine, evaluated between one row and all support vectors.
struct KernelFunction: Sendable {
  private enum Form { case linear, polynomial, radial, sigmoid }

  let vectors: Int
  let features: Int
  /// `[vectors, features]`.
  private let supports: [Float]
  private let form: Form
  private let gamma: Float
  private let offset: Float
  private let degree: Float

  /// Plain weighted sums: `vectors` rows of weights.
  init(linear weights: [Float], vectors: Int) {
    self.vectors = vectors
    features = weights.count / vectors
    supports = weights
    form = .linear
    (gamma, offset, degree) = (0, 0, 0)
  }

  /// Reads `kernel_type`, `kernel_params` and `support_vectors`.
  init(_ attributes: Attributes, vectors: Int) throws(TensorError) {
    switch try attributes.string("kernel_type") {
    case nil, "LINEAR": form = .linear
    case "POLY": form = .polynomial
    case "RBF": form = .radial
    case "SIGMOID": form = .sigmoid
    case .some(let other): throw TensorError(.invalidValue, "attribute 'kernel_type' is '\(other)'")
    }
    let supports = try attributes.floats("support_vectors") ?? []
    guard !supports.isEmpty, supports.count.isMultiple(of: vectors) else {
      throw TensorError(
        .invalidValue, "attribute 'support_vectors' has \(supports.count) values for \(vectors) vectors")
    }
    let parameters = try attributes.floats("kernel_params") ?? []
    guard parameters.isEmpty || parameters.count == 3 else {
      throw TensorError(.invalidValue, "attribute 'kernel_params' must hold gamma, coef0 and degree")
    }
    self.vectors = vectors
    self.supports = supports
    features = supports.count / vectors
    gamma = parameters.isEmpty ? 0 : parameters[0]
    offset = parameters.isEmpty ? 0 : parameters[1]
    degree = parameters.isEmpty ? 0 : parameters[2]
  }

  /// Writes the kernel's value for each support vector.
  func apply(to row: UnsafeBufferPointer<Float>, into values: UnsafeMutableBufferPointer<Float>) {
    supports.withUnsafeBufferPointer { supports in
      guard let row = row.baseAddress, let first = supports.baseAddress else { return }
      // SAFETY: the row has `features` elements (callers check), the supports `vectors * features`.
      if form == .radial {
        for vector in 0..<vectors {
          let support = first + vector &* features
          values[vector] = exp(-gamma * Vectors.squaredDistance(row, support, count: features))
        }
        return
      }
      var vector = 0
      while vector < vectors {
        // The last block steps back, so that it too has four vectors where there are four.
        let start = min(vector, max(vectors &- 4, 0))
        let products = Vectors.fusedDots(
          row, first + start &* features, count: features, vectors: min(vectors, 4), stride: features)
        for lane in 0..<min(vectors, 4) { values[start &+ lane] = shaped(products[lane]) }
        vector &+= 4
      }
    }
  }

  private func shaped(_ product: Float) -> Float {
    guard form != .linear else { return product }
    let argument = gamma * product + offset
    guard form == .polynomial else { return tanh(argument) }
    return switch degree {
    case 2: argument * argument
    case 3: argument * argument * argument
    default: pow(argument, degree)
    }
  }
}
