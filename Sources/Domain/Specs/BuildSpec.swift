/// A build: steps with declared inputs, run in the sandbox without a network.
package struct BuildSpec: Hashable, Sendable, Codable {
  /// The hashed lock file of the Python environment, when the steps need one.
  package let requirements: RepositoryPath?
  package let steps: [BuildStep]

  package init(requirements: RepositoryPath? = nil, steps: [BuildStep]) {
    self.requirements = requirements
    self.steps = steps
  }
}

/// One step of a build: a command that sees its inputs and leaves one output.
package struct BuildStep: Hashable, Sendable, Codable {
  package let name: String
  /// The command line, given to `/bin/sh -c` in the working folder.
  package let run: String
  package let inputs: [StepInput]
  /// The file name of the output in the working folder.
  package let output: String
  package let limits: BuildLimits

  package init(name: String, run: String, inputs: [StepInput], output: String, limits: BuildLimits = BuildLimits()) {
    self.name = name
    self.run = run
    self.inputs = inputs
    self.output = output
    self.limits = limits
  }
}

/// What a step may see. Each appears in the working folder under `fileName`.
package enum StepInput: Hashable, Sendable, Codable {
  /// A file of the repository, under its base name.
  case file(RepositoryPath)
  /// One split of a data set as CSV, as `<dataset>.<split>.csv`.
  case dataset(DatasetName, split: String)
  /// The output of an earlier step, under that output's name.
  case step(String, output: String)

  /// The name of the file in the working folder.
  package var fileName: String {
    switch self {
    case .file(let path): path.baseName
    case .dataset(let name, let split): "\(name).\(split).csv"
    case .step(_, let output): output
    }
  }
}

/// What a step may use before it is stopped.
package struct BuildLimits: Hashable, Sendable, Codable {
  package let timeout: Duration
  package let memoryBytes: Int
  /// The largest file a step may write. Beside its inputs, all files of its working folder together may take this and a
  /// fixed allowance for what it writes on the way.
  package let outputBytes: Int

  package init(timeout: Duration = .seconds(1800), memoryBytes: Int = 4 << 30, outputBytes: Int = 2 << 30) {
    self.timeout = timeout
    self.memoryBytes = memoryBytes
    self.outputBytes = outputBytes
  }
}
