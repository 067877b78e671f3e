import Domain
import Foundation
import Processes
import Testing

@testable import Repositories

/// A temporary folder with a bare remote, a working tree beside it, and a git that reads no configuration of the machine.
final class GitFixture: Sendable {
  let folder: String
  var remote: String { folder + "/remote.git" }
  var work: String { folder + "/work" }
  var clone: String { folder + "/state/repositories/fleet.git" }

  init(remoteOptions: [String] = []) throws {
    folder = NSTemporaryDirectory() + "headgate-git-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try run(["init", "--quiet", "--bare", "--initial-branch=main"] + remoteOptions + [remote])
    try run(["init", "--quiet", "--initial-branch=main"] + remoteOptions + [work])
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  static let environment: [String: String] = {
    var variables = [
      "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "GIT_CONFIG_NOSYSTEM": "1",
      "GIT_CONFIG_GLOBAL": "/dev/null", "HOME": "/nonexistent",
    ]
    for role in ["AUTHOR", "COMMITTER"] {
      variables["GIT_\(role)_NAME"] = "Headgate"
      variables["GIT_\(role)_EMAIL"] = "headgate@localhost"
      variables["GIT_\(role)_DATE"] = "1700000000 +0000"
    }
    return variables
  }()

  /// Runs the git program itself: what the tests compare with.
  @discardableResult
  func run(_ arguments: [String], environment: [String: String] = [:], input: String? = nil) throws -> String {
    var program = ["git"] + arguments
    if let input {
      let file = folder + "/input-\(UUID().uuidString)"
      try Data(input.utf8).write(to: URL(fileURLWithPath: file))
      program = ["sh", "-c", "exec \"$@\" < '\(file)'", "sh"] + program
    }
    let command = ProcessCommand(
      program[0], Array(program.dropFirst()), environment: Self.environment.merging(environment) { $1 },
      output: .captured(limit: 8 << 20))
    let ending = try command.run(ProcessLimits(total: .seconds(60)), Cancellation())
    let errors = String(decoding: ending.standardError, as: UTF8.self)
    try #require(ending.succeeded, "git \(arguments.joined(separator: " ")): \(errors)")
    return String(decoding: ending.standardOutput, as: UTF8.self).trimmingCharacters(in: .newlines)
  }

  @discardableResult
  func inWork(_ arguments: String...) throws -> String { try run(["-C", work] + arguments) }

  @discardableResult
  func inRemote(_ arguments: String...) throws -> String { try run(["--git-dir", remote] + arguments) }

  func write(_ text: String, to path: String) throws {
    let file = URL(fileURLWithPath: work + "/" + path)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
  }

  /// Commits everything in the working tree and pushes it.
  @discardableResult
  func commit(_ message: String = "change", branch: String = "main", push: Bool = true) throws -> CommitID {
    try inWork("add", "--all")
    try inWork("commit", "--quiet", "--allow-empty", "--message", message)
    if push { try inWork("push", "--quiet", "--force", remote, "HEAD:refs/heads/\(branch)") }
    return CommitID(try inWork("rev-parse", "HEAD"))
  }

  func commit(_ files: [String: String]) throws -> CommitID {
    for (path, text) in files { try write(text, to: path) }
    return try commit()
  }

  func repository(
    remote: String? = nil, branch: String = "main", limit: Duration = .seconds(60),
    limits: ListingLimits = ListingLimits(), git: String = "git"
  ) throws -> GitRepository {
    try GitRepository(
      remote: remote ?? self.remote, branch: branch, folder: clone, limit: limit, limits: limits, git: git,
      environment: Self.environment)
  }

  /// A script in place of git.
  func script(_ text: String) throws -> String {
    let path = folder + "/script-\(UUID().uuidString)"
    // Another process writes it: a child started by another test would inherit our descriptor, and a file that is open for
    // writing cannot be run.
    try Data(("#!/bin/sh\n" + text + "\n").utf8).write(to: URL(fileURLWithPath: path + ".text"))
    let command = ProcessCommand(
      "/bin/sh", ["-c", "cat \"$0.text\" > \"$0\" && chmod +x \"$0\"", path],
      environment: ["PATH": Self.environment["PATH"] ?? ""])
    try #require(command.run(ProcessLimits(total: .seconds(60)), Cancellation()).succeeded)
    return path
  }

  /// Writes a tree that git itself would refuse to make, and returns its id.
  func tree(_ entries: [(mode: String, name: [UInt8], id: String)]) throws -> String {
    var bytes = Data()
    for entry in entries {
      bytes += Data((entry.mode + " ").utf8) + Data(entry.name) + [0]
      let digits = Array(entry.id)
      for index in stride(from: 0, to: digits.count, by: 2) {
        bytes.append(try #require(UInt8(String(digits[index...index + 1]), radix: 16)))
      }
    }
    let file = folder + "/tree-\(UUID().uuidString)"
    try bytes.write(to: URL(fileURLWithPath: file))
    return try inRemote("hash-object", "-t", "tree", "--literally", "-w", file)
  }

  func tree(_ entries: [(mode: String, name: String, id: String)]) throws -> String {
    try tree(entries.map { ($0.mode, Array($0.name.utf8), $0.id) })
  }

  /// Points the branch of the remote at a commit of a tree.
  func publish(tree: String) throws {
    let commit = try inRemote("commit-tree", tree, "-m", "hostile")
    try inRemote("update-ref", "refs/heads/main", commit)
  }

  func blob(_ text: String) throws -> String {
    let file = folder + "/blob-\(UUID().uuidString)"
    try Data(text.utf8).write(to: URL(fileURLWithPath: file))
    return try inRemote("hash-object", "-w", file)
  }
}

func path(_ text: String) throws -> RepositoryPath { try #require(RepositoryPath(text)) }

/// Expects a Git error of one kind whose message holds all of these words.
func expectGitError(
  _ code: GitError.Code, _ words: String..., sourceLocation: SourceLocation = #_sourceLocation,
  by body: () async throws -> Void
) async {
  do {
    try await body()
    Issue.record("no error", sourceLocation: sourceLocation)
  } catch let error as GitError {
    #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
    for word in words { #expect(error.message.contains(word), "\(error)", sourceLocation: sourceLocation) }
  } catch {
    Issue.record(error, sourceLocation: sourceLocation)
  }
}
