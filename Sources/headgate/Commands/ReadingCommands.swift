import ArgumentParser
import Control
import Domain
import Specs

struct Get: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the model deployments, or show one.",
    discussion: "Diagnostics of the head and problems of the controller go to standard error.")

  @Argument(help: "The name of a model deployment.")
  var name: String?
  @OptionGroup var state: StateOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let fleet = try await FleetReader(folder: state.folder).fleet()
    if let name {
      guard let object = fleet.objects.first(where: { $0.name.text == name }) else {
        throw Failure("no model deployment '\(name)' is known: `headgate get` lists them")
      }
      switch output.format {
      case .json: Terminal.show(try JSONFormat.text(object))
      case .text, .wide:
        Terminal.show(StatusText.table(fleet.showing([object]), wide: output.format == .wide, now: .now))
      }
      return
    }
    switch output.format {
    case .json: Terminal.show(try JSONFormat.text(fleet))
    case .text, .wide:
      Terminal.show(StatusText.table(fleet, wide: output.format == .wide, now: .now))
      if !fleet.diagnostics.isEmpty {
        Terminal.complain(coloured: DiagnosticRenderer(usesColour: Terminal.complaintsAreRich).text(fleet.diagnostics))
      }
      for problem in fleet.problems { Terminal.complain("headgate: \(problem)") }
    }
  }
}

struct Describe: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show everything about one model deployment: releases, conditions, gates by group.")

  @Argument(help: "The name of a model deployment.")
  var name: String
  @OptionGroup var state: StateOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let object = try await FleetReader(folder: state.folder).object(name)
    switch output.format {
    case .json: Terminal.show(try JSONFormat.text(object))
    case .text, .wide: Terminal.show(StatusText.description(object, now: .now))
    }
  }
}

struct Explain: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say why a model deployment stands where it stands, what it waits for and until when.")

  @Argument(help: "The name of a model deployment.")
  var name: String
  @OptionGroup var state: StateOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let object = try await FleetReader(folder: state.folder).object(name)
    switch output.format {
    case .json: Terminal.show(try JSONFormat.text(object.status))
    case .text, .wide: Terminal.show(StatusText.explanation(object.status, now: .now))
    }
  }
}

struct History: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List what has happened to one model deployment, or to all, the newest events last.")

  @Argument(help: "The name of a model deployment.")
  var name: String?
  @Option(help: "How many events, the newest ones.")
  var limit = 50
  @OptionGroup var state: StateOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard limit > 0 else { throw ValidationError("--limit must be at least 1") }
  }

  func run() async throws {
    let events = try await FleetReader(folder: state.folder).events(of: name, limit: limit)
    switch output.format {
    case .json: Terminal.show(try JSONFormat.text(events))
    case .text, .wide: Terminal.show(StatusText.history(events))
    }
  }
}
