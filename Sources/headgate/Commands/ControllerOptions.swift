import ArgumentParser
import Domain
import Specs

/// What a controller watches, and how often. What no flag says is taken from `headgate.yaml` in the state folder.
struct ControllerOptions: ParsableArguments {
  @Option(help: "The repository to watch: any address git knows, or a path. Required here or in headgate.yaml.")
  var repository: String?
  @Option(help: "The branch to watch (default: main).")
  var branch: String?
  @Option(help: "The folder of the specs in the repository (default: specs).")
  var path: String?
  @Option(help: "The time between two polls, such as 15s or 2m (default: 15s).")
  var interval: Interval?
  @OptionGroup var state: StateOptions

  func validate() throws {
    if let path, RepositoryPath(path) == nil {
      throw ValidationError("--path \(path) lies outside of the repository: write it relative to its root")
    }
  }

  /// What the flags say.
  var flags: Configuration {
    Configuration(
      repository: repository, branch: branch, path: path.flatMap { RepositoryPath($0) }, interval: interval?.duration)
  }
}

/// A duration of whole seconds, minutes or hours on the command line.
struct Interval: ExpressibleByArgument {
  let duration: Duration

  init?(argument: String) {
    guard let unit = argument.last, let number = Int(argument.dropLast()), number > 0, number <= 1_000_000 else {
      return nil
    }
    switch unit {
    case "s": duration = .seconds(number)
    case "m": duration = .seconds(number * 60)
    case "h": duration = .seconds(number * 3600)
    default: return nil
    }
  }
}

/// Where the model server listens.
struct ServingOptions: ParsableArguments {
  @Option(help: "The address of the model server (default: 127.0.0.1).")
  var restHost: String?
  @Option(help: "The port of the model server; 0 takes any free one (default: 8080).")
  var restPort: Int?
  @Option(help: "Threads that run models (default: 4).")
  var threads: Int?

  func validate() throws {
    if let restPort, !(0...65_535).contains(restPort) {
      throw ValidationError("--rest-port must lie between 0 and 65535")
    }
    if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads must lie between 1 and 1024") }
  }

  /// What the flags say.
  var flags: Configuration { Configuration(restHost: restHost, restPort: restPort, threads: threads) }
}
