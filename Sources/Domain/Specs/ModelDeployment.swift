/// What a `ModelDeployment` asks for: which model, which gates it must pass, how it is rolled out and served.
package struct ModelDeployment: Hashable, Sendable, Codable {
  package let name: ModelName
  package let environment: EnvironmentName
  package let model: ModelSource
  package let serving: ServingSpec
  package let gates: [GateSpec]
  package let rollout: RolloutSpec

  package init(
    name: ModelName, environment: EnvironmentName = .builtIn, model: ModelSource, serving: ServingSpec = ServingSpec(),
    gates: [GateSpec], rollout: RolloutSpec = RolloutSpec()
  ) {
    self.name = name
    self.environment = environment
    self.model = model
    self.serving = serving
    self.gates = gates
    self.rollout = rollout
  }
}

/// Where the model file comes from.
package enum ModelSource: Hashable, Sendable, Codable {
  /// A file of the repository, imported by its digest.
  case artifact(path: RepositoryPath, digest: Digest)
  /// A build in the sandbox; the output of the last step is the model.
  case build(BuildSpec)
}

/// How columns bind to the model, which outputs mean what, and what it computes in.
package struct ServingSpec: Hashable, Sendable, Codable {
  /// The columns of a model with one two-dimensional input, in order.
  package let features: [String]?
  /// The output that holds the class; `nil` takes the only integer or string output.
  package let classOutput: String?
  /// The output that holds scores; `nil` takes the only floating-point output.
  package let scoreOutput: String?
  /// What products of the model's weights are computed in, by the gates and by the server; `nil` is float32.
  package let precision: ReducedPrecision?

  package init(
    features: [String]? = nil, classOutput: String? = nil, scoreOutput: String? = nil,
    precision: ReducedPrecision? = nil
  ) {
    self.features = features
    self.classOutput = classOutput
    self.scoreOutput = scoreOutput
    self.precision = precision
  }

  /// What the precision is when a spec says nothing of it, as specs write it.
  package static let fullPrecision = "float32"
}

/// What a model may compute its products in beside float32. It is then judged as it is served, and judged anew when this
/// changes.
package enum ReducedPrecision: String, Hashable, Sendable, Codable, CaseIterable {
  case bfloat16
}
