import ArgumentParser

/// What this program is.
enum BuildVersion {
  static let text = "0.1.0"
  /// The kernels this build runs models with.
  static let instructionSet = "reference"
}

struct VersionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version.")

  @OptionGroup var output: OutputOptions

  func run() throws {
    switch output.format {
    case .json: Terminal.show(try JSONFormat.text(["version": BuildVersion.text]))
    case .text, .wide: Terminal.show("headgate \(BuildVersion.text)")
    }
  }
}
