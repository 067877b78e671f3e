/// Puts a candidate through the gates of its deployment.
package protocol Gatekeeper: Sendable {
  /// Runs every gate of the policy and returns the evidence, whatever the verdicts. Throws only when nothing could be judged.
  func judge(_ request: GateRequest) async throws(StageError) -> Evidence
}

/// A candidate and what it is judged by.
package struct GateRequest: Hashable, Sendable, Codable {
  package let deployment: DesiredDeployment
  package let candidate: Digest
  package let champion: Digest?
  /// How the champion is served where that is known: its columns and outputs may be others than the candidate's.
  package let championServing: ServingSpec?

  /// - Parameter championServing: nil takes the candidate's.
  package init(
    deployment: DesiredDeployment, candidate: Digest, champion: Digest?, championServing: ServingSpec? = nil
  ) {
    self.deployment = deployment
    self.candidate = candidate
    self.champion = champion
    self.championServing = championServing
  }

  /// What the champion's inputs and outputs are bound by.
  package var servingOfChampion: ServingSpec { championServing ?? deployment.spec.serving }
}

/// Looks at the bytes of a foreign file without ever executing them.
package protocol Scanner: Sendable {
  /// Findings in order of place; none means the file is of a known format and nothing in it is suspicious.
  func scan(_ bytes: UnsafeRawBufferPointer, name: String) -> [Finding]
}

/// Decides whether the server may give a version traffic.
package protocol Admission: Sendable {
  /// - Parameters:
  ///   - version: what the routes ask for.
  ///   - model: the name it would be served under.
  ///   - bytes: the bytes the server has mapped and will run.
  /// - Throws: `AdmissionRefusal` with the reason.
  func admit(_ version: VersionRoute, of model: ModelName, bytes: UnsafeRawBufferPointer) throws(AdmissionRefusal)
}

/// Why a version gets no traffic.
package struct AdmissionRefusal: Error, Hashable, Sendable, Codable, CustomStringConvertible {
  package enum Reason: String, Hashable, Sendable, Codable {
    /// There is no evidence file of the digest named in the routes.
    case noEvidence = "NoEvidence"
    /// The evidence file cannot be read, or its bytes are not those of the digest it is filed under.
    case damagedEvidence = "DamagedEvidence"
    /// The bytes of the model are not those of the digest in the routes.
    case modelChanged = "ModelChanged"
    /// The evidence speaks of another model digest or another model name.
    case otherModel = "EvidenceForOtherModel"
    /// The evidence was made under another policy than the one in force.
    case otherPolicy = "EvidenceForOtherPolicy"
    /// A gate of the policy is missing in the evidence or did not pass.
    case notPassed = "GateNotPassed"
  }

  package let reason: Reason
  package let message: String

  package init(_ reason: Reason, _ message: String) {
    self.reason = reason
    self.message = message
  }

  package var description: String { "\(reason.rawValue): \(message)" }
}
