import ArgumentParser
import Domain
import Reconciling
import Repositories
import Specs

struct PlanCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Show what a commit would change.",
    discussion: """
      With --base, two commits of the repository around the working folder are compared; no controller is needed. Without \
      it, the running controller compares the head of its branch with what serves. Nothing is changed.
      """)

  @Option(help: "The revision to compare with, such as origin/main.")
  var base: String?
  @Option(help: "The revision to plan, with --base.")
  var head = "HEAD"
  @Option(help: "The folder of the specs in the repository, with --base.")
  var path = "specs"
  @Flag(help: "Exit with 2 when there are changes.")
  var detailedExitcode = false
  @OptionGroup var state: StateOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let plan = try await makePlan()
    switch output.format {
    case .json: Terminal.show(try JSONFormat.text(plan))
    case .text, .wide:
      Terminal.show(PlanRenderer(colour: Terminal.isRich).render(plan))
      if !plan.diagnostics.isEmpty {
        Terminal.complain(coloured: DiagnosticRenderer(usesColour: Terminal.complaintsAreRich).text(plan.diagnostics))
      }
    }
    if detailedExitcode, plan.hasChanges { throw ExitStatus.changes }
  }

  private func makePlan() async throws -> Plan {
    guard let base else {
      do {
        return try await ControllerClient(folder: state.folder).get("/api/v1/plan", as: Plan.self)
      } catch is ControllerAbsent {
        throw Failure(
          "no controller runs on \(try state.folder.root): start one, or compare two commits with --base REV")
      }
    }
    let repository = try LocalRepository(containing: ".")
    guard let folder = RepositoryPath(path) else { throw Failure("--path \(path) lies outside of the repository") }
    var loader = SpecLoader()
    let old = try loader.load(try repository.snapshot(at: base), under: folder)
    let new = try loader.load(try repository.snapshot(at: head), under: folder)
    return Planner.plan(base: old, head: new)
  }
}
