import Domain

/// The tables of the kinds.
extension ObjectShape {
  /// The `apiVersion` of every spec.
  static let apiVersion = "headgate.dev/v1"

  /// Kinds of the design that this version cannot carry out.
  static let laterKinds = ["Gate", "RolloutPolicy", "Project", "FeatureView"]

  /// A whole document of a kind.
  static func document(of kind: Kind) -> ObjectShape {
    switch kind {
    case .modelDeployment: modelDeploymentDocument
    case .dataset: datasetDocument
    case .environment: environmentDocument
    }
  }

  private static let modelDeploymentDocument = document(.modelDeployment, spec: modelDeployment)
  private static let datasetDocument = document(.dataset, spec: dataset)
  private static let environmentDocument = document(.environment, spec: environment)

  private static func document(_ kind: Kind, spec: ObjectShape) -> ObjectShape {
    // An environment may leave everything to its defaults.
    let needsSpec = spec.fields.contains { if case .required = $0.role { true } else { false } }
    return ObjectShape(
      kind.rawValue,
      [
        .required("apiVersion", .choice([apiVersion]), "The version of this format."),
        .required("kind", .choice([kind.rawValue]), "What this document describes."),
        .required("metadata", .object(metadata), "The name, and notes for people."),
        needsSpec
          ? .required("spec", .object(spec), "What is wanted.") : .optional("spec", .object(spec), "What is wanted."),
        .refused("status", "the controller keeps the status; it never stands in a file"),
      ])
  }

  private static let metadata = ObjectShape(
    "'metadata'",
    [
      .required("name", .name, "The name: 1 to 63 of a-z, 0-9 and '-'."),
      .descriptive("labels", .map(.anyText(maximum: 1024), maximum: 64), "Words to select by."),
      .descriptive("annotations", .map(.anyText(maximum: 16_384), maximum: 64), "Notes for people and programs."),
    ])

  // MARK: - Dataset

  static let dataset = ObjectShape(
    "spec of a Dataset",
    [
      .required(
        "file",
        .object(
          ObjectShape(
            "'file'",
            [
              .required("path", .path, "A CSV file, relative to this spec."),
              .required("digest", .digest, "The SHA-256 of its bytes."),
            ])), "The data."),
      .optional(
        "missing", .list(.anyText(maximum: 256), count: 0...64), "Texts of cells that mean 'no value'."),
      .optional(
        "label",
        .object(
          ObjectShape(
            "'label'",
            [
              .required("column", column, "The column with the truth."),
              .required("positive", .text(maximum: 1024), "The value that counts as 1."),
            ])), "The truth to judge predictions by."),
      .optional(
        "split",
        .object(ObjectShape("'split'", [.required("column", column, "The column that names the split of a row.")])),
        "How rows fall into splits such as train and test."),
      .optional(
        "sensitive",
        .list(
          .either(
            column,
            ObjectShape(
              "a sensitive attribute",
              [
                .required("column", column, "The column."),
                .optional(
                  "bins",
                  .list(.number(-Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude), count: 1...64),
                  "Rising edges of the groups of a numeric column."),
              ])), count: 0...64), "Columns whose groups fairness gates compare."),
      .optional("exclude", .list(column, count: 0...4096), "Columns that are never features."),
      .descriptive("description", .anyText(maximum: 16_384), "What the data is."),
      .descriptive("licence", .text(maximum: 1024), "Under which licence it may be used."),
      .descriptive("source", .text(maximum: 4096), "Where it comes from."),
      .later("files", "Several files."),
      .later("schema", "Types and ranges of columns."),
      .later("slices", "Named parts to judge by themselves."),
      .later("expectations", "What must hold of the data."),
    ])

  private static let column = Shape.text(maximum: 256)

  // MARK: - Environment

  static let environment = ObjectShape(
    "spec of an Environment",
    [
      .optional("target", .choice(["machine"], later: ["kubernetes"]), "Where models run."),
      .optional("writeBack", .choice(["push", "none"]), "Whether reverts are pushed to the watched branch."),
      .optional(
        "historyRewrites", .choice(["refuse", "allow"]),
        "Whether a head that does not descend from the last applied commit is accepted."),
      .later("protection", "Who may change what."),
      .later("freezeWindows", "Times without rollouts."),
      .later("approvals", "Who must agree."),
    ])

  // MARK: - ModelDeployment

  static let modelDeployment = ObjectShape(
    "spec of a ModelDeployment",
    [
      .optional("environment", .name, "The Environment; the built-in 'default' without it."),
      .required("model", .object(model), "Where the model comes from."),
      .optional("serving", .object(serving), "How columns and outputs bind to the model, and what it computes in."),
      .optional(
        "gates", .list(.object(gate), count: 0...64),
        "What a candidate must pass before it gets traffic; the gate 'security' where none is listed."),
      .optional("rollout", .object(rollout), "How a candidate takes over."),
      .later("monitoring", "Drift and delayed labels."),
      .later("retrain", "When to build anew."),
      .later("approvals", "Who must agree."),
    ])

  private static let model = ObjectShape(
    "'model'",
    [
      .optional(
        "artifact",
        .object(
          ObjectShape(
            "'artifact'",
            [
              .required("path", .path, "The model file, relative to this spec."),
              .required("digest", .digest, "The SHA-256 of its bytes."),
            ])), "A model file of the repository, imported by digest."),
      .optional("build", .object(build), "A build in the sandbox; the output of the last step is the model."),
    ], exactlyOne: [["build", "artifact"]])

  private static let serving = ObjectShape(
    "'serving'",
    [
      .optional(
        "features", .list(column, count: 1...4096), "The columns of a model with one two-dimensional input, in order."),
      .optional(
        "outputs",
        .object(
          ObjectShape(
            "'outputs'",
            [
              .optional("class", .text(maximum: 256), "The output with the class."),
              .optional("score", .text(maximum: 256), "The output with the scores."),
            ])), "Which outputs mean what."),
      .optional(
        "precision", .choice([ServingSpec.fullPrecision] + ReducedPrecision.allCases.map(\.rawValue)),
        "What the products of a network's weights are computed in, when it is judged and when it is served; float32 "
          + "without it."),
    ])
}
