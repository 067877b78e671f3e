/// One gate of a deployment.
package struct GateSpec: Hashable, Sendable, Codable {
  /// The gates of a deployment that lists none: no model is served that was not at least scanned.
  package static let standard = [GateSpec(name: "security", check: .security)]

  /// The name in reports; unique within the deployment. Defaults to kind and metric, such as `quality/roc_auc`.
  package let name: String
  package let check: GateCheck

  package init(name: String, check: GateCheck) {
    self.name = name
    self.check = check
  }
}

/// What a gate looks at.
package enum GateCheck: Hashable, Sendable, Codable {
  case quality(QualityCheck)
  case fairness(FairnessCheck)
  case security

  /// The data set the check needs, if any.
  package var dataset: DatasetName? {
    switch self {
    case .quality(let check): check.dataset
    case .fairness(let check): check.dataset
    case .security: nil
    }
  }

  /// The kind as specs write it.
  package var kind: String {
    switch self {
    case .quality: "quality"
    case .fairness: "fairness"
    case .security: "security"
    }
  }

  /// Whether the check compares with the live champion.
  package var comparesWithChampion: Bool {
    guard case .quality(let check) = self, case .notWorseThanChampion = check.limit else { return false }
    return true
  }
}

/// A quality gate: one metric on one split against a limit.
package struct QualityCheck: Hashable, Sendable, Codable {
  package let dataset: DatasetName
  package let split: String
  package let metric: QualityMetric
  package let limit: QualityLimit
  /// With a confidence the interval decides, without it the point value.
  package let confidence: Double?

  package init(
    dataset: DatasetName, split: String, metric: QualityMetric, limit: QualityLimit, confidence: Double? = nil
  ) {
    self.dataset = dataset
    self.split = split
    self.metric = metric
    self.limit = limit
    self.confidence = confidence
  }
}

/// Metrics of a binary classifier, under scikit-learn's names.
package enum QualityMetric: String, Hashable, Sendable, Codable, CaseIterable {
  case rocAUC = "roc_auc"
  case accuracy
  case f1
  case logLoss = "log_loss"
  case brier

  package var smallerIsBetter: Bool { self == .logLoss || self == .brier }
}

/// The side of a limit a metric must stay on.
package enum QualityLimit: Hashable, Sendable, Codable {
  case atLeast(Double)
  case atMost(Double)
  /// The interval of challenger minus champion on the same rows decides.
  case notWorseThanChampion(margin: Double)
}

/// A fairness gate: one metric over the groups of each attribute, against an upper or lower limit.
package struct FairnessCheck: Hashable, Sendable, Codable {
  package let dataset: DatasetName
  package let split: String
  package let metric: FairnessMetric
  /// Sensitive attributes of the data set; each is judged by itself and the worst decides.
  package let by: [String]
  package let limit: FairnessLimit
  package let confidence: Double?

  package init(
    dataset: DatasetName, split: String, metric: FairnessMetric, by: [String], limit: FairnessLimit,
    confidence: Double? = nil
  ) {
    self.dataset = dataset
    self.split = split
    self.metric = metric
    self.by = by
    self.limit = limit
    self.confidence = confidence
  }
}

/// Metrics over groups, under Fairlearn's names.
package enum FairnessMetric: String, Hashable, Sendable, Codable, CaseIterable {
  case demographicParityDifference = "demographic_parity_difference"
  case demographicParityRatio = "demographic_parity_ratio"
  case equalizedOddsDifference = "equalized_odds_difference"
}

/// Differences have an upper limit, ratios a lower one.
package enum FairnessLimit: Hashable, Sendable, Codable {
  case atMost(Double)
  case atLeast(Double)
}
