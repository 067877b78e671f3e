import FoundationEssentials
import Glibc

/// Finds cases in a tree of folders.
enum CaseSearch {
  /// Links that lead back up would make a tree without end.
  private static let maxDepth = 16

  static func cases(below root: String) throws(ModelFileError) -> [ConformanceCase] {
    let root = absolute(root)
    var found: [ConformanceCase] = []
    try visit(root, path: [], root: root, &found)
    return found.sorted { $0.name < $1.name }
  }

  private static func visit(
    _ folder: String, path: [String], root: String, _ found: inout [ConformanceCase]
  ) throws(ModelFileError) {
    let entries = try Directory.entries(folder)
    if entries.contains("model.onnx") || entries.contains("data.json") {
      found.append(test(in: folder, path: path, hasModel: entries.contains("model.onnx")))
      return
    }
    guard path.count < maxDepth else { return }
    for name in entries where Directory.isFolder(folder + "/" + name) {
      // A folder that may not be read holds no case that could be run; the root's is an error.
      guard (try? Directory.entries(folder + "/" + name)) != nil else { continue }
      try visit(folder + "/" + name, path: path + [name], root: root, &found)
    }
  }

  private static func test(in folder: String, path: [String], hasModel: Bool) -> ConformanceCase {
    let parts = folder.split(separator: "/").map(String.init)
    let group = parts.dropLast().last ?? ""
    // A case right below the root is named with the root's own name, so that its name does not depend on
    // which folder was given.
    let name = (path.count > 1 ? path : parts.suffix(2)).joined(separator: "/")
    let description = description(folder + "/data.json")
    let tolerance = Tolerance(relative: description?.rtol ?? 1e-3, absolute: description?.atol ?? 1e-7)
    func make(_ model: String, _ source: ConformanceCase.Source) -> ConformanceCase {
      ConformanceCase(
        name: name, group: group, modelPath: model, folder: folder, source: source, tolerance: tolerance)
    }
    let own = folder + "/model.onnx"
    if hasModel { return make(own, .folders) }
    guard let url = description?.url else { return make(own, .none("its data.json names no model")) }
    guard let model = find(url, from: folder) else {
      return make(own, .none("its model '\(url)' is not on this machine"))
    }
    return make(model, .made)
  }

  /// What `data.json` says of a case.
  private struct Description: Decodable {
    var url: String?
    var rtol: Double?
    var atol: Double?
  }

  private static func description(_ path: String) -> Description? {
    guard let bytes = try? ModelBytes(path: path), bytes.count < 1 << 20 else { return nil }
    let data = bytes.withUnsafeBytes { Data($0) }
    return try? JSONDecoder().decode(Description.self, from: data)
  }

  /// A file named by a path whose beginning need not exist here: of `onnx/backend/test/data/light/m.onnx`
  /// also `light/m.onnx` is looked for, in the case's folder and those above it.
  private static func find(_ url: String, from folder: String) -> String? {
    let parts = url.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard !url.contains(":"), parts.allSatisfy({ !["", ".", ".."].contains($0) }) else { return nil }
    let shortest = min(parts.count, 2)
    var above = folder
    while true {
      for count in stride(from: parts.count, through: shortest, by: -1) {
        let path = above + "/" + parts.suffix(count).joined(separator: "/")
        if Directory.isFile(path) { return path }
      }
      guard let slash = above.lastIndex(of: "/") else { return nil }
      above = String(above[..<slash])
    }
  }

  private static func absolute(_ path: String) -> String {
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}

/// What is needed of the file system.
enum Directory {
  /// The names in a folder, sorted, without hidden ones.
  static func entries(_ path: String) throws(ModelFileError) -> [String] {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
      throw ModelFileError(.unreadable, "cannot list the folder \(path); check path and permissions")
    }
    return names.filter { !$0.hasPrefix(".") }.sorted()
  }

  static func isFolder(_ path: String) -> Bool { kind(path) == S_IFDIR }
  static func isFile(_ path: String) -> Bool { kind(path) == S_IFREG }

  private static func kind(_ path: String) -> mode_t? {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & S_IFMT : nil
  }
}
