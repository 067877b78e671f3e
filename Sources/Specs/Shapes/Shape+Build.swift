/// The table of a build.
extension ObjectShape {
  static let build = ObjectShape(
    "'build'",
    [
      .optional(
        "python",
        .object(
          ObjectShape(
            "'python'", [.required("requirements", .path, "The lock file with hashes, relative to this spec.")])),
        "The Python environment of the steps."),
      .required("steps", .list(.object(step), count: 1...64), "Commands, in order."),
    ])

  private static let step = ObjectShape(
    "a build step",
    [
      .required("name", .name, "The name, unique in the build."),
      .required("run", .text(maximum: 65_536), "The command line, given to /bin/sh -c."),
      .optional(
        "inputs",
        .list(
          .either(
            .path,
            ObjectShape(
              "an input",
              [
                .optional("dataset", .name, "A Dataset."),
                .optional("split", .text(maximum: 63), "The split of the Dataset."),
                .optional("step", .name, "An earlier step, for its output."),
              ], exactlyOne: [["dataset", "step"]], together: [("dataset", "split")])), count: 0...256),
        "What the step may see; nothing else is there."),
      .required("output", .fileName, "The file the step leaves in its working folder."),
      .optional(
        "limits",
        .object(
          ObjectShape(
            "'limits'",
            [
              .optional("timeout", .duration(.seconds(1) ... .seconds(7 * 86_400)), "The longest it may run."),
              .optional("memory", .size(1 << 20...1 << 44), "The most memory it may use."),
              .optional(
                "output", .size(1...1 << 44),
                "Its largest file. All its files together, beside its inputs, may take this and a fixed allowance."),
            ])), "What the step may use before it is stopped."),
    ])
}
