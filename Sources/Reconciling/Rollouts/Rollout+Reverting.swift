import Domain

/// Git is made to tell the truth: the object's files become again what the champion was made from.
extension Rollout {
  mutating func reverting() -> Step {
    guard let candidate = record.candidate, let champion = record.champion else { return enter(.idle) }
    if let revert = record.revert, revert.commit != nil {
      guard facts.head == revert.request.parent || facts.head == nil else {
        // The head shows the revert, or something newer: whatever it asks for now is decided anew.
        dropCandidate()
        return enter(.idle)
      }
      return awaitGit("the branch to show the revert")
    }
    if let pause = pause() { return pause }
    if record.revert == nil {
      guard candidate.deployment.environment.writeBack == .push else {
        return holdGit("RevertNotAllowed", "Its environment writes nothing back to Git: revert the commit by hand.")
      }
      guard let head = facts.revert, desired != .unknown else { return awaitGit("the head of the branch") }
      switch RevertPlanner.plan(champion: champion, candidate: candidate, head: head, why: record.problem, now: now) {
      case .push(let request):
        record.revert = Revert(request: request)
      case .hold(let reason, let message):
        return holdGit(reason, message)
      }
    }
    return awaitGit("the push of the revert")
  }

  private mutating func holdGit(_ reason: String, _ message: String) -> Step {
    note(reason, message, .warning)
    record.revert = nil
    return block(quarantined("Git was left as it is (\(reason)): \(message)"))
  }

  /// Git may be away for as long as it likes: the champion serves meanwhile. Every hour the wait is noted anew.
  private mutating func awaitGit(_ what: String) -> Step {
    if isOver(facts.patience.git) {
      note("GitWaiting", "Still waiting for \(what).", .warning)
      record.phaseSince = now
    }
    return .wait(Wait(what, owner: .git, until: record.phaseSince + facts.patience.git))
  }

  mutating func take(_ outcome: RevertOutcome) {
    switch outcome {
    case .pushed(let commit):
      record.revert?.commit = commit
      record.desiredDigest = record.champion?.deployment.digest
      record.desiredCommit = commit
      record.generation += 1
      record.retry = nil
      note(
        "Reverted",
        "Commit \(commit.short) restores the files of release \(record.champion?.number.description ?? "?").")
    case .headMoved(let head):
      record.revert = nil
      putOff(
        StageError(
          .reverting, reason: "HeadMoved", "Commit \(head.short) came first; deciding again on it.", remedy: .retry))
    }
  }
}

/// Which files a revert restores, or why it must not be made.
enum RevertPlanner {
  enum Outcome: Hashable {
    case push(RevertRequest)
    case hold(reason: String, message: String)
  }

  /// Restores the champion's files at the present head.
  ///
  /// It holds when anything but the candidate's own commit would be undone: when a file of champion or candidate was
  /// changed since, when another object in the spec file changed, or when another deployment uses a file that would
  /// change. It holds as well when a data set or the environment that the champion names has changed: those stand in
  /// files of their own, so that the restored files would ask for something else than what serves.
  ///
  /// Files that only the candidate brought stay where they are: nothing refers to them any more, and whether someone
  /// means to use them cannot be known from here. The one exception is its spec file, when the object had been moved to
  /// another: left there, the object would stand twice in the repository.
  static func plan(
    champion: Release, candidate: Candidate, head: RevertFacts, why: StageError?, now: Timestamp
  ) -> Outcome {
    let good = champion.deployment
    let bad = candidate.deployment
    for (path, blob) in bad.files.sorted(by: { $0.key < $1.key }) where head.blobs[path] != blob {
      return .hold(reason: "RevertConflict", message: "\(path) was changed since the candidate's commit.")
    }
    if let object = changedReference(of: good, at: head) {
      return .hold(reason: "RevertConflict", message: "\(object) changed since the champion's commit.")
    }
    var files: [RepositoryPath: BlobID?] = [:]
    for (path, blob) in good.files.sorted(by: { $0.key < $1.key }) where head.blobs[path] != blob {
      if bad.files[path] == nil, head.blobs[path] != nil {
        return .hold(reason: "RevertConflict", message: "\(path) holds something else by now.")
      }
      files[path] = blob
    }
    if bad.place.path != good.place.path, good.files[bad.place.path] == nil {
      guard bad.neighbours.isEmpty else {
        return .hold(reason: "RevertConflict", message: "\(bad.place.path) holds other objects as well.")
      }
      files.updateValue(nil, forKey: bad.place.path)
    }
    if files[good.place.path] != nil, head.neighbours != good.neighbours {
      return .hold(
        reason: "RevertConflict", message: "Other objects in \(good.place.path) changed since the champion's commit.")
    }
    for path in files.keys.sorted() {
      if let user = head.users[path]?.min() {
        return .hold(reason: "RevertConflict", message: "\(user) uses \(path) too and would change with it.")
      }
    }
    guard !files.isEmpty else {
      return .hold(
        reason: "RevertImpossible",
        message: "The files are those of the champion; what differs lies in an object it refers to.")
    }
    return .push(
      RevertRequest(
        parent: head.head, files: files, message: message(champion, candidate, why),
        time: now.milliseconds / 1000))
  }

  /// An object the champion refers to that is not at the head what it was.
  private static func changedReference(of good: DesiredDeployment, at head: RevertFacts) -> ObjectID? {
    for (name, dataset) in good.datasets.sorted(by: { $0.key < $1.key }) where head.datasets[name] != dataset.digest {
      return ObjectID(.dataset, name.text)
    }
    let name = good.environment.name
    let environment = head.environments[name] ?? (name == .builtIn ? EnvironmentSpec() : nil)
    return environment == good.environment ? nil : ObjectID(.environment, name.text)
  }

  private static func message(_ champion: Release, _ candidate: Candidate, _ why: StageError?) -> String {
    let name = champion.deployment.spec.name
    let bad = candidate.release.map { "Release \($0)" } ?? "The candidate"
    return """
      Revert \(name) to release \(champion.number)

      \(bad) of commit \(candidate.deployment.commit) was taken back.
      \(why.map { "\($0.reason): \($0.message)" } ?? "")

      """
  }
}
