import ArgumentParser
import Domain
import Gates
import Provenance
import Specs

struct GateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gate", abstract: "Put a model file through the gates of a deployment by hand.",
    discussion: """
      The specs and data sets are those of the working tree. Without --champion, gates that compare with the live model do \
      not apply. Exits with 3 when a gate fails, 4 when one is inconclusive, 1 when one could not run.
      """)

  @Argument(help: "The model file.", completion: .file())
  var model: String
  @Option(help: "The folder of specs, or the file that holds the deployment.", completion: .file())
  var spec = "specs"
  @Option(help: "The deployment, when there are several.")
  var deployment: String?
  @Option(help: "The model file to compare with, in place of the live one.", completion: .file())
  var champion: String?
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let tree = try WorkingTree(containing: spec)
    var loader = SpecLoader()
    let state = try loader.load(tree.snapshot, under: tree.folder)
    let chosen = try choose(from: state)
    var files = LooseFiles()
    let candidate = try files.add(model)
    var rival: Digest?
    if let champion { rival = try files.add(champion) }
    let gatekeeper = ModelGatekeeper(
      artifacts: files, inputs: TreeInputs(snapshot: tree.snapshot), scanner: FormatScanner(), memo: nil,
      runtimeVersion: BuildVersion.text, instructionSet: BuildVersion.instructionSet)
    let evidence = try await gatekeeper.judge(GateRequest(deployment: chosen, candidate: candidate, champion: rival))
    switch output.format {
    case .json: Terminal.show(try JSONFormat.text(evidence))
    case .text, .wide:
      Terminal.show(
        (evidence.reports.flatMap(GateText.lines) + [GateText.verdict(evidence)]).joined(separator: "\n"))
    }
    switch evidence.verdict {
    case .pass, .notApplicable: break
    case .fail: throw ExitStatus.gateFailed
    case .inconclusive: throw ExitStatus.inconclusive
    case .error: throw ExitCode(1)
    }
  }

  private func choose(from state: DesiredState) throws -> DesiredDeployment {
    if let deployment {
      guard let found = state.deployments[ModelName(deployment)] else {
        throw Failure("\(spec) has no valid deployment '\(deployment)': see `headgate validate \(spec)`")
      }
      return found
    }
    guard let only = state.deployments.values.first, state.deployments.count == 1 else {
      let names = state.deployments.keys.sorted().map(\.text).joined(separator: ", ")
      throw Failure(
        names.isEmpty
          ? "\(spec) has no valid deployment: see `headgate validate \(spec)`"
          : "\(spec) has several deployments: name one of \(names) with --deployment")
    }
    return only
  }
}
