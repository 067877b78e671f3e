import ArgumentParser
import Domain
import Glibc
import Repositories
import Specs

struct Validate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check specs before they are committed: every diagnostic with its place and a remedy.",
    discussion: "Exits with 1 when there is an error. Works inside a Git repository and outside of one.")

  @Argument(help: "A folder of specs, or one spec file.", completion: .file())
  var path = "."
  @OptionGroup var output: OutputOptions

  func run() throws {
    let tree = try WorkingTree(containing: path)
    var loader = SpecLoader()
    let state = try loader.load(tree.snapshot, under: tree.folder)
    let diagnostics = state.diagnostics.filter { $0.place.path.isWithin(tree.selected) }
    let count = state.deployments.count + state.datasets.count + state.environments.count
    switch output.format {
    case .json:
      Terminal.show(
        try JSONFormat.text(Report(diagnostics: diagnostics, valid: state.invalidFiles.isEmpty, objects: count)))
    case .text, .wide:
      if diagnostics.isEmpty {
        Terminal.show("\(count) object\(count == 1 ? "" : "s"), no faults")
      } else {
        Terminal.show(DiagnosticRenderer(usesColour: Terminal.isRich).text(diagnostics))
      }
    }
    if diagnostics.contains(where: { $0.severity == .error }) { throw ExitCode(1) }
  }

  private struct Report: Encodable {
    let diagnostics: [Diagnostic]
    let valid: Bool
    let objects: Int
  }
}

/// The files on disk around a path, as a commit would present them.
struct WorkingTree {
  let snapshot: WorkingTreeSnapshot
  /// The folder whose specs are read.
  let folder: RepositoryPath
  /// The folder or file that was asked for.
  let selected: RepositoryPath

  /// - Throws: `Failure` when the path does not exist.
  init(containing path: String) throws {
    guard let resolved = realpath(path, nil) else { throw Failure("\(path) does not exist") }
    let absolute = String(cString: resolved)
    free(resolved)
    var info = stat()
    let isFolder = stat(absolute, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
    let around = isFolder ? absolute : String(absolute[..<(absolute.lastIndex(of: "/") ?? absolute.startIndex)])
    let repository = try? LocalRepository(containing: around)
    let root = repository?.workingTree ?? around
    guard absolute.hasPrefix(root),
      let selected = RepositoryPath(String(absolute.dropFirst(root.count).drop { $0 == "/" })),
      let folder = RepositoryPath(String(around.dropFirst(root.count).drop { $0 == "/" }))
    else { throw Failure("\(path) lies outside of its repository") }
    snapshot = WorkingTreeSnapshot(root: root, repository: repository)
    self.folder = folder
    self.selected = selected
  }
}
