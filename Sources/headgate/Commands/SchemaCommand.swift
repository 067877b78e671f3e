import ArgumentParser
import Domain
import Specs

struct SchemaCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema", abstract: "Print the JSON Schema of a kind of object, for editors.",
    discussion: "Put '# yaml-language-server: $schema=FILE' into the first line of a spec to use it.")

  @Argument(help: "ModelDeployment, Dataset or Environment.")
  var kind: Kind

  func run() {
    Terminal.show(Schema.json(for: kind))
  }
}

extension Kind: ExpressibleByArgument {}
