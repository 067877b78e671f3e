import ArgumentParser
import Domain
import Glibc
import HeadgateRuntime

/// The command line: parses arguments, composes the modules, decides nothing.
@main
struct Headgate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "headgate",
    abstract: "GitOps for machine-learning models: keeps the models that are served equal to what Git says.",
    discussion: """
      Exit codes: 0 done, 1 error, 2 changes (plan --detailed-exitcode), 3 a gate failed, 4 a gate is inconclusive, \
      64 wrong usage. NO_COLOR turns colour off.
      """,
    version: BuildVersion.text,
    groupedSubcommands: [
      CommandGroup(name: "Run", subcommands: [Up.self, ControllerCommand.self, ServerProgram.self, Serve.self]),
      CommandGroup(
        name: "Before a commit", subcommands: [Validate.self, PlanCommand.self, GateCommand.self, SchemaCommand.self]),
      CommandGroup(
        name: "What happens", subcommands: [Get.self, Describe.self, History.self, Explain.self]),
      CommandGroup(name: "Act", subcommands: [Reconcile.self, Retry.self, Abort.self, Load.self]),
      CommandGroup(
        name: "Model files", subcommands: [Run.self, Bench.self, Inspect.self, Conformance.self, Operators.self]),
      CommandGroup(name: "About", subcommands: [VersionCommand.self]),
    ])

  /// Runs the command; a failure is one line with a remedy and an exit code of the conventions.
  static func main() async {
    // A reader of our output that goes away must end the command, not this process by a signal it never sees.
    signal(SIGPIPE, SIG_IGN)
    do {
      var command = try parseAsRoot()
      // Whoever forces an instruction set wants to see that one, not the next best.
      try KernelSet.checkForced()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch {
      Failure.end(error) { exit(withError: error) }
    }
  }
}
