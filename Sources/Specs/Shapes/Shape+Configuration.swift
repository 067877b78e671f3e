/// The table of `headgate.yaml`.
extension ObjectShape {
  static let configuration = ObjectShape(
    "'headgate.yaml'",
    [
      .optional("repository", .text(maximum: 4096), "The repository to watch: any address git knows, or a path."),
      .optional("branch", .text(maximum: 255), "The branch to watch."),
      .optional("path", .text(maximum: 4096), "The folder of the specs in the repository."),
      .optional("interval", .duration(.seconds(1) ... .seconds(86_400)), "The time between two polls."),
      .optional(
        "rest",
        .object(
          ObjectShape(
            "'rest'",
            [
              .optional("host", .text(maximum: 253), "The address of the model server."),
              .optional("port", .integer(0...65_535), "Its port; 0 takes any free one."),
            ])), "Where the model server answers."),
      .optional("threads", .integer(1...1024), "Threads that run models."),
    ])
}
