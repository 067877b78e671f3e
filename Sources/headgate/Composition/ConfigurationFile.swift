import ArgumentParser
import Domain
import Glibc
import Specs

/// The `headgate.yaml` of a state folder.
enum ConfigurationFile {
  /// What the file says; nothing when there is none.
  ///
  /// Diagnostics are written as those of specs are, and end the command.
  static func read(_ folder: StateFolder) throws -> Configuration {
    guard let bytes = try contents(folder.configuration) else { return Configuration() }
    do throws(ConfigurationFaults) {
      return try Configuration(yaml: bytes)
    } catch {
      Terminal.complain(coloured: DiagnosticRenderer(usesColour: Terminal.complaintsAreRich).text(error.diagnostics))
      throw Failure("\(folder.configuration) cannot be used: mend it, or remove it and give flags")
    }
  }

  private static func contents(_ path: String) throws -> [UInt8]? {
    guard let file = fopen(path, "re") else {
      if errno == ENOENT { return nil }
      throw Failure("cannot read \(path): \(String(cString: strerror(errno)))")
    }
    defer { fclose(file) }
    // One byte more than allowed, so that what is too large is told as such.
    var bytes = [UInt8](repeating: 0, count: SpecLoader.largestFile + 1)
    let count = fread(&bytes, 1, bytes.count, file)
    guard ferror(file) == 0 else { throw Failure("cannot read \(path): it must be a readable file") }
    return Array(bytes[..<count])
  }
}

extension Settings {
  /// The repository to watch.
  func requiredRepository(_ folder: StateFolder) throws -> String {
    guard let repository else {
      throw Failure(
        "no repository to watch: name one with --repository, or with 'repository:' in \(folder.configuration)")
    }
    return repository
  }
}
