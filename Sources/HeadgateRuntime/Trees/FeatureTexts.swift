import HeadgateOperators
import HeadgateTensors

/// Turns rows of texts into numbers for a model whose file names its categories.
///
/// A category's name becomes its number, as XGBoost recodes a table; other features are read as numbers, and an empty
/// text is a missing value.
struct FeatureTexts: Sendable {
  /// For each feature the number of each name; empty for numbers.
  private let codes: [[ExactText: Float]]

  init(_ categories: [[String]]) {
    codes = categories.map { names in
      Dictionary(names.enumerated().map { (ExactText($0.element), Float($0.offset)) }) { first, _ in first }
    }
  }

  /// Whether there are names at all.
  var isEmpty: Bool { codes.allSatisfy(\.isEmpty) }

  /// The numbers of rows `[rows, features]`.
  ///
  /// - Throws: `TensorError.invalidValue` for a category that the model does not know and for a text that is no number.
  func numbers(_ tensor: Tensor, budget: MemoryBudget) throws(TensorError) -> Tensor {
    guard tensor.rank == 2, tensor.shape[1] == codes.count else { return tensor }
    let texts = try tensor.elements(String.self)
    defer { withExtendedLifetime(tensor) {} }
    return try Tensor(shape: tensor.shape, of: Float.self, budget: budget) { (output) throws(TensorError) in
      for index in texts.indices {
        let feature = index % codes.count
        guard !texts[index].isEmpty else {
          output[index] = .nan
          continue
        }
        guard let number = codes[feature].isEmpty ? Float(texts[index]) : codes[feature][ExactText(texts[index])] else {
          throw TensorError(
            .invalidValue,
            "'\(texts[index].prefix(60))' in row \(index / codes.count), column \(feature) is "
              + (codes[feature].isEmpty ? "no number" : "no category that the model was trained on"))
        }
        output[index] = number
      }
    }
  }
}
