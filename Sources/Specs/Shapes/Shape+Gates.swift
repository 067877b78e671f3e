import Domain

/// The tables of gates and rollouts.
extension ObjectShape {
  static let gate = ObjectShape(
    "a gate",
    [
      .optional("name", .gateName, "The name in reports; unique in the deployment."),
      .optional("quality", .object(quality), "One metric against a limit or against the champion."),
      .optional("fairness", .object(fairness), "One metric over the groups of sensitive attributes."),
      .optional("security", .object(ObjectShape("'security'", [])), "Digest, format by content, no outside data."),
      .later("data", "What must hold of the data."),
      .later("performance", "Latency and memory."),
      .later("governance", "Cards, approvals and evidence."),
    ], exactlyOne: [["quality", "fairness", "security"]])

  private static let confidence = Field.optional(
    "confidence", .number(0.5...0.9999), "With it the interval decides, without it the point value.")

  private static let quality = ObjectShape(
    "a quality gate",
    [
      .required("dataset", .name, "The Dataset to judge on."),
      .required("split", .text(maximum: 63), "The split of the Dataset."),
      .required("metric", .choice(QualityMetric.allCases.map(\.rawValue)), "The metric."),
      .optional("atLeast", .number(0...1000), "The lowest value that passes."),
      .optional("atMost", .number(0...1000), "The highest value that passes."),
      .optional("notWorseThan", .choice(["champion"]), "Compares with the live model on the same rows."),
      .optional("margin", .number(0...1000), "How much worse than the champion is still accepted."),
      confidence,
    ], exactlyOne: [["atLeast", "atMost", "notWorseThan"]], together: [("notWorseThan", "margin")])

  private static let fairness = ObjectShape(
    "a fairness gate",
    [
      .required("dataset", .name, "The Dataset to judge on."),
      .required("split", .text(maximum: 63), "The split of the Dataset."),
      .required("metric", .choice(FairnessMetric.allCases.map(\.rawValue)), "The metric."),
      .required("by", .list(.text(maximum: 256), count: 1...64), "Sensitive attributes of the Dataset."),
      .optional("atMost", .number(0...1), "The highest value that passes; for differences."),
      .optional("atLeast", .number(0...1), "The lowest value that passes; for ratios."),
      confidence,
    ], exactlyOne: [["atMost", "atLeast"]])

  static let rollout = ObjectShape(
    "'rollout'",
    [
      .optional(
        "steps",
        .list(
          .object(
            ObjectShape("a rollout step", [.required("weight", .share(leastBasisPoints: 1), "The candidate's share.")])),
          count: 1...64), "Shares of the candidate, rising to 100%."),
      .optional("advance", .object(advance), "What a candidate must show at each step."),
      .optional("onFailure", .choice(["revert", "hold"]), "What follows when a candidate fails."),
      .optional("onDeadline", .choice(["rollback", "hold"]), "What follows when a step takes too long."),
      .later("shadow", "Traffic copied to the candidate without using its answers."),
      .later("policy", "A named RolloutPolicy."),
    ])

  private static let advance = ObjectShape(
    "'advance'",
    [
      .optional("minSamples", .integer(1...1_000_000_000), "Requests of the candidate before a step is judged."),
      .optional("maxErrorRate", .share(leastBasisPoints: 0), "The highest share of failed requests."),
      .optional("maxP99", .duration(.milliseconds(1) ... .seconds(3600)), "The highest 99th percentile of latency."),
      .optional("deadline", .duration(.seconds(1) ... .seconds(30 * 86_400)), "The longest a step may take."),
    ])
}
