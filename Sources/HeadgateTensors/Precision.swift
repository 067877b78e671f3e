/// What the products of a model's constant weights are computed in.
public enum Precision: String, Sendable, Hashable, CaseIterable {
  /// As the model says.
  case float32
  /// Both sides of a product are rounded to bfloat16, and its sums are float32. Weights take half of the memory, and
  /// results have two to three digits: another model for whoever judges it.
  case bfloat16
}
