/// Cases laid out as ONNX's backend test data, below one folder.
///
/// ```swift
/// let result = try ConformanceSuite(folder: "onnx/backend/test/data").run()
/// print("\(result.passed) pass, \(result.failed) fail")
/// ```
public struct ConformanceSuite: Sendable {
  /// How the cases are run.
  public struct Options: Sendable, Hashable {
    /// The limits of each model.
    public var model: ModelOptions
    /// A case that takes longer fails. It is noticed only when a run ends, for none is ever cut off.
    public var maxCaseTime: Duration?

    public init(model: ModelOptions = ModelOptions(), maxCaseTime: Duration? = nil) {
      self.model = model
      self.maxCaseTime = maxCaseTime
    }
  }

  /// The cases, sorted by name.
  public let cases: [ConformanceCase]

  /// Finds the cases below a folder, at any depth.
  ///
  /// - Throws: `ModelFileError.unreadable` when the folder cannot be listed or holds no case.
  public init(folder: String) throws(ModelFileError) {
    cases = try CaseSearch.cases(below: folder)
    guard !cases.isEmpty else {
      throw ModelFileError(
        .unreadable,
        "\(folder) holds no cases; give a folder laid out as onnx/backend/test/data, "
          + "with a model.onnx and test_data_set_* in the folder of each case")
    }
  }

  /// Runs all cases one after the other. Whatever a case does but trap, it ends in a verdict.
  ///
  /// - Parameter progress: is told of each case once it has run; the reason is nil when it passes.
  public func run(
    options: Options = Options(), progress: (ConformanceCase, _ reason: String?) -> Void = { _, _ in }
  ) -> ConformanceResult {
    var result = ConformanceResult()
    for test in cases {
      let reason = test.failure(options: options)
      result.add(test, failure: reason)
      progress(test, reason)
    }
    return result
  }
}
