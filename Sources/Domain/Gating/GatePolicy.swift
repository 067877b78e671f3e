/// The gates in force for one deployment, each bound to the data it is judged on. Evidence is valid for one policy only.
package struct GatePolicy: Hashable, Sendable, Codable {
  package struct Requirement: Hashable, Sendable, Codable {
    package let gate: GateSpec
    /// Of the data set's object (file, label, groups), when the gate needs one.
    package let datasetDigest: Digest?

    package init(gate: GateSpec, datasetDigest: Digest?) {
      self.gate = gate
      self.datasetDigest = datasetDigest
    }
  }

  package let requirements: [Requirement]
  /// Which output is the class and which the score, and what the model computes in, is part of what was judged.
  package let serving: ServingSpec

  package init(requirements: [Requirement], serving: ServingSpec) {
    self.requirements = requirements
    self.serving = serving
  }

  /// The policy of a deployment as Git asks for it.
  package init(of deployment: DesiredDeployment) {
    self.init(
      requirements: deployment.spec.gates.map { gate in
        Requirement(gate: gate, datasetDigest: gate.check.dataset.flatMap { deployment.datasets[$0]?.digest })
      },
      serving: deployment.spec.serving)
  }

  /// The digest that evidence and routes carry.
  package var digest: Digest {
    var builder = DigestBuilder("headgate.policy.v1")
    builder.add(requirements.count.description)
    for requirement in requirements {
      builder.add(requirement.digest)
    }
    builder.add(serving.features?.count.description ?? "any")
    for feature in serving.features ?? [] {
      builder.add(feature)
    }
    builder.add(serving.classOutput ?? "")
    builder.add(serving.scoreOutput ?? "")
    // Only where it is asked for, so that older evidence keeps its policy's digest.
    if let precision = serving.precision { builder.add(precision.rawValue) }
    return builder.finish()
  }
}

extension GatePolicy.Requirement {
  /// The digest of the gate and of the data it is judged on.
  package var digest: Digest {
    var builder = DigestBuilder("headgate.gate.v1")
    builder.add(gate.name)
    gate.check.add(to: &builder)
    builder.add(datasetDigest?.description ?? "")
    return builder.finish()
  }
}

extension GateCheck {
  /// Adds every field in a fixed order, so that the digest does not depend on an encoder.
  fileprivate func add(to builder: inout DigestBuilder) {
    builder.add(kind)
    switch self {
    case .quality(let check):
      builder.add(check.dataset.text)
      builder.add(check.split)
      builder.add(check.metric.rawValue)
      switch check.limit {
      case .atLeast(let limit): builder.add("atLeast \(limit)")
      case .atMost(let limit): builder.add("atMost \(limit)")
      case .notWorseThanChampion(let margin): builder.add("notWorseThan champion \(margin)")
      }
      builder.add("\(check.confidence ?? 0)")
    case .fairness(let check):
      builder.add(check.dataset.text)
      builder.add(check.split)
      builder.add(check.metric.rawValue)
      builder.add(check.by.count.description)
      for attribute in check.by {
        builder.add(attribute)
      }
      switch check.limit {
      case .atLeast(let limit): builder.add("atLeast \(limit)")
      case .atMost(let limit): builder.add("atMost \(limit)")
      }
      builder.add("\(check.confidence ?? 0)")
    case .security:
      break
    }
  }
}
