import ArgumentParser
import Domain

struct Reconcile: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Have the controller look at the branch now instead of at its next poll.")

  @Flag(help: "Take up a head that does not descend from the applied commit, this once.")
  var acceptRewrite = false
  @OptionGroup var state: StateOptions

  func run() async throws {
    try await ControllerClient(folder: state.folder).post("/api/v1/reconcile?acceptRewrite=\(acceptRewrite)")
    Terminal.show("The controller looks at the branch.")
  }
}

struct Retry: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Try again what is blocked, and end the quarantine of a model deployment.",
    discussion: "Use it when the cause lay outside of the repository; `headgate explain` tells what blocks.")

  @Argument(help: "The name of a model deployment.")
  var name: String
  @OptionGroup var state: StateOptions

  func run() async throws {
    try await ControllerClient(folder: state.folder).post("/api/v1/objects/\(FleetReader.encoded(name))/retry")
    Terminal.show("\(name) is tried again.")
  }
}

struct Abort: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Take back the release that is under way; the champion serves on.",
    discussion: """
      A candidate that has traffic counts as failed: with `onFailure: revert` Git is reverted too. `headgate retry` tries \
      again.
      """)

  @Argument(help: "The name of a model deployment.")
  var name: String
  @OptionGroup var state: StateOptions

  func run() async throws {
    try await ControllerClient(folder: state.folder).post("/api/v1/objects/\(FleetReader.encoded(name))/abort")
    Terminal.show("What is under way for \(name) is taken back.")
  }
}
