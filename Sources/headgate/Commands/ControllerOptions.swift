import ArgumentParser
import Domain

/// What a controller watches, and how often.
struct ControllerOptions: ParsableArguments {
  @Option(help: "The repository to watch: any address git knows, or a path.")
  var repository: String
  @Option(help: "The branch to watch.")
  var branch = "main"
  @Option(help: "The folder of the specs in the repository.")
  var path = "specs"
  @Option(help: "The time between two polls, such as 15s or 2m.")
  var interval = Interval(.seconds(15))
  @OptionGroup var state: StateOptions

  var folder: RepositoryPath {
    get throws {
      guard let folder = RepositoryPath(path) else { throw Failure("--path \(path) lies outside of the repository") }
      return folder
    }
  }
}

/// A duration of whole seconds, minutes or hours on the command line.
struct Interval: ExpressibleByArgument {
  let duration: Duration

  init(_ duration: Duration) {
    self.duration = duration
  }

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

  var defaultValueDescription: String { "\(duration.components.seconds)s" }
}

/// Where the model server listens.
struct ServingOptions: ParsableArguments {
  @Option(help: "The address of the model server.")
  var restHost = "127.0.0.1"
  @Option(help: "The port of the model server; 0 takes any free one.")
  var restPort = 8080
  @Option(help: "Threads that run models.")
  var threads: Int?
}
