import Control
import Domain
import Reconciling

/// What `get`, `describe`, `explain` and `history` say to people.
enum StatusText {
  /// A line an object.
  static func table(_ fleet: FleetStatus, wide: Bool, now: Timestamp) -> String {
    var table = TextTable(
      ["NAME", "READY", "IN SYNC", "PHASE", "RELEASE", "AGE"]
        + (wide ? ["MODEL", "CANDIDATE", "WEIGHT", "COMMIT"] : []))
    for object in fleet.objects {
      var cells = [
        object.name.text, word(object, .ready), word(object, .inSync), object.phase,
        object.champion?.number?.description ?? "-", age(now - object.phaseSince),
      ]
      if wide {
        cells += [
          object.champion?.model?.short ?? "-", object.candidate?.model?.short ?? "-",
          object.candidate?.weight?.description ?? "-", object.commit?.short ?? "-",
        ]
      }
      table.add(cells)
    }
    return fleet.objects.isEmpty ? "No model deployments." : table.text
  }

  /// Everything there is to say of one object.
  static func description(_ description: ObjectDescription, now: Timestamp) -> String {
    let status = description.status
    var lines = [
      "Name:        \(status.name)", "Phase:       \(status.phase), for \(age(now - status.phaseSince))",
      "Generation:  \(status.generation)", "Commit:      \(status.commit?.text ?? "-")",
      "Spec:        \(status.path?.text ?? "-")", "Champion:    \(release(status.champion))",
      "Candidate:   \(release(status.candidate))", "Conditions:",
    ]
    for condition in status.conditions {
      lines.append(
        "  \(condition.type.rawValue)=\(condition.status.rawValue)  \(condition.reason): \(condition.message)")
    }
    if let problem = status.problem { lines.append("Problem:     \(problem.reason): \(problem.message)") }
    if let wait = status.wait { lines.append("Waiting for: " + text(wait, now: now)) }
    for entry in status.quarantine {
      lines.append("Quarantine:  \(entry.model.short) since commit \(entry.commit.short): \(entry.reason)")
    }
    if !status.gates.isEmpty { lines += ["Gates of the candidate:"] + status.gates.flatMap(GateText.lines) }
    if !description.championGates.isEmpty {
      lines += ["Gates of the champion:"] + description.championGates.flatMap(GateText.lines)
    }
    return Terminal.plain(lines.joined(separator: "\n"), keepsLines: true)
  }

  /// Why an object stands where it stands, and what would move it.
  static func explanation(_ status: ObjectStatus, now: Timestamp) -> String {
    var lines = ["\(status.name) is in phase \(status.phase) for \(age(now - status.phaseSince))."]
    for condition in status.conditions where condition.type == .ready || condition.type == .inSync {
      lines.append(
        "\(condition.type.rawValue) is \(condition.status.rawValue) (\(condition.reason)): \(condition.message)")
    }
    if let problem = status.problem {
      lines.append("It cannot go on: \(problem.message)")
      switch problem.remedy {
      case .retry: lines.append("It is tried again by itself.")
      case .wait(let seconds): lines.append("It is tried again after \(seconds) s.")
      case .changeSpec:
        lines.append("A commit that changes it, or `headgate retry \(status.name)`, lets it go on.")
      }
    }
    lines.append(status.wait.map { "It waits for " + text($0, now: now) } ?? "It waits for nothing.")
    if let counted = status.candidate?.counted {
      let p99 = counted.p99Microseconds.map { ", p99 \(milliseconds($0))" } ?? ""
      lines.append(
        "The candidate has given \(counted.answers) answers in this step, \(counted.errors) of them errors\(p99).")
    }
    return Terminal.plain(lines.joined(separator: "\n"), keepsLines: true)
  }

  /// A line an event, oldest first.
  static func history(_ events: [Event]) -> String {
    guard !events.isEmpty else { return "Nothing has happened yet." }
    var table = TextTable(["TIME", "OBJECT", "EVENT", "RELEASE", "COMMIT", "MESSAGE"])
    for event in events.reversed() {
      table.add([
        event.time.text, event.object.name, event.reason, event.release?.description ?? "-", event.commit?.short ?? "-",
        event.message,
      ])
    }
    return Terminal.plain(table.text, keepsLines: true)
  }

  private static func word(_ object: ObjectStatus, _ type: Condition.Kind) -> String {
    guard let condition = object.conditions.first(where: { $0.type == type }) else { return "-" }
    return condition.status == .yes ? "True" : "\(condition.status.rawValue) (\(condition.reason))"
  }

  private static func release(_ release: ReleaseStatus?) -> String {
    guard let release else { return "-" }
    let number = release.number.map { "release \($0), " } ?? ""
    let model = release.model.map { "model \($0.short), " } ?? ""
    let weight = release.weight.map { ", weight \($0)" } ?? ""
    return "\(number)\(model)commit \(release.commit.short)\(weight)"
  }

  private static func text(_ wait: Wait, now: Timestamp) -> String {
    let end = wait.until.map { ", until \($0.text) (\(age($0 - now)) from now)" } ?? ""
    return "\(wait.what) (\(wait.owner.rawValue))\(end)"
  }

  private static func milliseconds(_ microseconds: Double) -> String {
    "\((microseconds / 10).rounded() / 100) ms"
  }

  private static func age(_ duration: Duration) -> String {
    let seconds = max(0, duration.milliseconds / 1000)
    switch seconds {
    case ..<120: return "\(seconds)s"
    case ..<7200: return "\(seconds / 60)m"
    case ..<172_800: return "\(seconds / 3600)h"
    default: return "\(seconds / 86_400)d"
    }
  }
}
