import Domain
import Processes

extension GitRepository: WriteBack {
  /// Makes the commit and pushes it if the branch is still at its parent.
  ///
  /// A commit is made even when its tree equals the parent's: the caller asked for a record. A repeat after a push that did
  /// arrive gives `pushed` again, also when others have built on the commit since.
  package func push(_ request: RevertRequest) async throws(GitError) -> RevertOutcome {
    try await network.run { (cancellation) throws(GitError) in
      if try !self.objects.holds(request.parent) { _ = try self.fetch(cancellation) }
      let commit = try self.objects.makeCommit(request, author: self.author)
      #if HEADGATE_FAILPOINTS
        FailPoint.hit("revert.beforePush")
      #endif
      let outcome = try self.push(commit, over: request.parent, cancellation)
      #if HEADGATE_FAILPOINTS
        FailPoint.hit("revert.afterPush")
      #endif
      return outcome
    }
  }

  private func push(
    _ commit: CommitID, over parent: CommitID, _ cancellation: Cancellation
  ) throws(GitError) -> RevertOutcome {
    let ending = try program.finish(
      [
        "--git-dir=\(folder)", "push", "--porcelain", "--no-verify", "--no-follow-tags", "--recurse-submodules=no",
        "--force-with-lease=\(reference):\(parent)", "--", remote, "\(commit):\(reference)",
      ], cancellation: cancellation)
    if ending.succeeded { return .pushed(commit) }
    let answer = PushAnswer(String(decoding: ending.standardOutput, as: UTF8.self), reference: reference)
    guard case .rejected(let reason) = answer else {
      throw GitFailure(ending, remote: program.remote).error
    }
    // Whatever words the rejection has, only the branch itself tells whether someone else was first.
    let head = try remoteHead(cancellation)
    guard head != parent else {
      throw GitError(
        .refused,
        "\(program.remote) refused the revert on \(branch): \(GitFailure.withoutCredentials(reason)); let the "
          + "controller's account push to the branch, or turn write-back off")
    }
    if head == commit { return .pushed(commit) }
    let fetched = try fetch(cancellation)
    return try objects.isAncestor(commit, of: fetched) ? .pushed(commit) : .headMoved(fetched)
  }
}

/// What `git push --porcelain` says of the one reference.
enum PushAnswer: Equatable {
  case accepted
  case rejected(String)
  /// It did not come to an answer.
  case none

  /// The lines have the form `flag TAB from:to TAB summary (reason)`.
  init(_ text: String, reference: String) {
    for line in text.split(separator: "\n") {
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
      guard fields.count >= 3, fields[1].hasSuffix(":" + reference) else { continue }
      self = fields[0] == "!" ? .rejected(String(fields[2].prefix(200))) : .accepted
      return
    }
    self = .none
  }
}
