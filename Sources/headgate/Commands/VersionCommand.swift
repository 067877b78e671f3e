import ArgumentParser
import HeadgateRuntime

/// What this program is.
enum BuildVersion {
  static let text = "0.1.0"
  /// The kernels this process runs models with, chosen for its CPU.
  static var instructionSet: String { KernelSet.current.name.rawValue }
}

struct VersionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "version", abstract: "Print the version, and the kernels that run models here.")

  @OptionGroup var output: OutputOptions

  func run() throws {
    switch output.format {
    case .json:
      Terminal.show(
        try JSONFormat.text(["version": BuildVersion.text, "instructionSet": BuildVersion.instructionSet]))
    case .text, .wide: Terminal.show("headgate \(BuildVersion.text), kernels \(BuildVersion.instructionSet)")
    }
  }
}
