import Domain
import Testing

@testable import Specs

@Suite struct `Plain scalars` {
  /// The core schema of YAML 1.2.2 (10.3.2), with `true` and `false` as the only booleans.
  @Test(arguments: [
    ("true", ScalarTag.boolean), ("false", .boolean), ("True", .string), ("TRUE", .string), ("yes", .string),
    ("no", .string), ("on", .string), ("off", .string), ("y", .string), ("n", .string), ("null", .null),
    ("Null", .null),
    ("NULL", .null), ("~", .null), ("", .null), ("nil", .string), ("0", .integer), ("-19", .integer), ("+7", .integer),
    ("0o7", .integer), ("0o8", .string), ("0x3A", .integer), ("0xG", .string), ("0b1", .string), ("0o", .string),
    ("0.", .float), ("-0.0", .float), (".5", .float), ("+12e03", .float), ("-2E+05", .float), (".inf", .float),
    ("-.Inf", .float), ("+.INF", .float), (".nan", .float), ("-.nan", .string), ("1e", .string), (".", .string),
    ("-", .string), ("1_000", .string), ("12:30", .string), ("0x", .string), ("1.2.3", .string),
    ("2024-01-01", .string),
    ("5%", .string),
  ])
  func `resolve by the core schema`(text: String, tag: ScalarTag) {
    #expect(Scalar(text: text, style: .plain).tag == tag)
    #expect(Scalar(text: text, style: .quoted).tag == .string)
  }

  @Test(arguments: [("0o17", 15), ("0xff", 255), ("+7", 7), ("-19", -19), ("007", 7)])
  func `hold integers`(text: String, value: Int) {
    #expect(Scalar(text: text, style: .plain).integer == value)
  }

  @Test func `that do not fit are no integers`() {
    #expect(Scalar(text: "99999999999999999999", style: .plain).integer == nil)
    #expect(Scalar(text: "1e999", style: .plain).number == nil)
    #expect(Scalar(text: ".nan", style: .plain).number == nil)
  }
}

@Suite struct `Units of measure` {
  @Test(arguments: [
    ("50ms", 50), ("30s", 30_000), ("10m", 600_000), ("6h", 21_600_000), ("1h30m", 5_400_000), ("1d", 86_400_000),
    ("1m500ms", 60_500), ("0s", 0),
  ])
  func `of time`(text: String, milliseconds: Int) {
    #expect(Units.duration(text) == .milliseconds(milliseconds))
  }

  @Test(arguments: ["", "5", "h", "5 h", "1.5h", "-5s", "30m1h", "1h1h", "5sec", "٣s", "9999999999999999999d", "5s "])
  func `that are no time`(text: String) {
    #expect(Units.duration(text) == nil)
  }

  @Test(arguments: [
    ("5%", 500), ("100%", 10_000), ("0%", 0), ("0.25%", 25), ("0.5%", 50), ("12.05%", 1205), ("100.00%", 10_000),
  ])
  func `of shares`(text: String, basisPoints: Int) {
    #expect(Units.share(text)?.basisPoints == basisPoints)
  }

  @Test(arguments: ["", "%", "5", "0.125%", "100.01%", "101%", "-1%", "5.%", ".5%", "5 %", "1e1%", "٥%"])
  func `that are no shares`(text: String) {
    #expect(Units.share(text) == nil)
  }

  @Test(arguments: [
    ("4GiB", 4_294_967_296), ("512MiB", 536_870_912), ("1KiB", 1024), ("7B", 7), ("1TiB", 1_099_511_627_776),
  ])
  func `of size`(text: String, bytes: Int) {
    #expect(Units.size(text) == bytes)
  }

  @Test(arguments: ["", "4", "4GB", "4G", "4gib", "1.5GiB", "-1B", "99999999TiB", "GiB", "4 GiB"])
  func `that are no size`(text: String) {
    #expect(Units.size(text) == nil)
  }

  @Test(arguments: [(90_000, "1m30s"), (50, "50ms"), (0, "0s"), (86_400_000 * 40 + 3_600_000, "40d1h")])
  func `of time can be written`(milliseconds: Int, text: String) {
    #expect(Units.text(.milliseconds(milliseconds)) == text)
  }
}

@Suite struct `Near names` {
  /// Distances by the definition of optimal string alignment.
  @Test(arguments: [
    ("kitten", "sitting", 3), ("rolout", "rollout", 1), ("ca", "ac", 1), ("", "abc", 3), ("ca", "abc", 3),
  ])
  func `count edits`(left: String, right: String, distance: Int) {
    #expect(Suggestions.distance(Array(left.utf8), Array(right.utf8)) == distance)
  }

  @Test(arguments: [
    ("rolout", "rollout"), ("ROLLOUT", "rollout"), ("gate", "gates"), ("sevring", "serving"), ("replicas", nil),
    ("", nil),
    ("x", nil),
  ])
  func `name what was meant`(word: String, meant: String?) {
    #expect(Suggestions.nearest(to: word, among: ["rollout", "gates", "serving", "model"]) == meant)
  }

}

@Suite struct `A name` {
  @Test(arguments: ["a", "0", "a-b", "no", String(repeating: "a", count: 63)])
  func `is a DNS label`(name: String) throws {
    let yaml = Sample.environment.replacing("production", with: name == "0" ? "'0'" : name)
    #expect(try diagnostics(of: yaml).isEmpty)
  }

  @Test(arguments: [
    "A", "-a", "a-", "a_b", "a.b", "ä", "a b", "'0\\n'", "''", "0", "1e3", String(repeating: "a", count: 64),
  ])
  func `is nothing else`(name: String) throws {
    #expect(try diagnostics(of: Sample.environment.replacing("production", with: name)).count == 1)
  }
}

/// Each row: text of a sound spec, what to write instead, and the one message that follows.
@Suite struct `A rule of deployments` {
  @Test(arguments: [
    ("roc_auc, atLeast: 0.90", "roc_auc, atLeast: 90", "'atLeast' must lie between 0 and 1 for roc_auc"),
    ("margin: 0.005", "margin: -0.1", "'margin' must lie between 0 and 1000"),
    ("atMost: 0.12", "atLeast: 0.12", "equalized_odds_difference is fairest at 0"),
    (
      "metric: equalized_odds_difference", "metric: demographic_parity_ratio",
      "demographic_parity_ratio is fairest at 1"
    ),
    ("confidence: 0.95", "confidence: 95%", "'confidence' must be a number, found the string '95%'"),
    ("by: [sex]", "by: [sex, sex]", "the attribute 'sex' is listed twice"),
    ("by: [sex]", "by: sex", "'by' must be a list, found the string 'sex'"),
    ("notWorseThan: champion", "notWorseThan: baseline", "'notWorseThan' cannot be 'baseline'"),
    ("security: {}", "security: {strict: true}", "unknown field 'strict' in 'security'"),
    ("minSamples: 500", "minSamples: 1.5", "'minSamples' must be a whole number, found the number 1.5"),
    ("minSamples: 500", "minSamples: 99999999999999999999", "'minSamples' must lie between 1 and 1000000000"),
    ("maxP99: 50ms", "maxP99: 50", "'maxP99' must be a duration with a unit, found the number 50"),
    ("deadline: 6h", "deadline: 0s", "'deadline' must lie between 1s and 30d"),
    ("{weight: 5%}", "{weight: 0%}", "'weight' must lie between 0.01% and 100%"),
    ("{weight: 5%}", "{weight: 25%}", "the weights of the steps must rise, found 25% after 25%"),
    ("{weight: 100%}", "{weight: 99.99%}", "the last step must be 100%, found 99.99%"),
    ("onDeadline: rollback", "onDeadline: revert", "'onDeadline' cannot be 'revert'"),
    (
      "output: model.onnx", "output: out/model.onnx",
      "'output' must be the name of a file, without a folder, found 'out/model.onnx'"
    ),
    ("output: model.onnx", "output: train.py", "the output 'train.py' has the name of an input, at line 9, column 54"),
    ("class: label", "class: probabilities", "'class' and 'score' cannot both be the output 'probabilities'"),
    ("name: income", "name: income, namespace: x", "unknown field 'namespace' in 'metadata'"),
    ("run: python train.py", "run: ''", "'run' must not be empty"),
  ])
  func `is told once, at its place`(written: String, instead: String, message: String) throws {
    let yaml = Sample.deployment.replacing(written, with: instead)
    #expect(yaml != Sample.deployment)
    let found = try diagnostics(of: yaml)
    #expect(found.map(\.message) == [message])
    #expect(found.allSatisfy { $0.severity == .error && $0.place.line > 1 })
  }

  @Test func `warns of a limit on the side nobody wants`() throws {
    let yaml = Sample.deployment.replacing("roc_auc, atLeast: 0.90", with: "roc_auc, atMost: 0.99")
    let found = try diagnostics(of: yaml)
    #expect(found.map(\.severity) == [.warning])
    var fleet = Sample.fleet
    fleet["specs/income.yaml"] = yaml
    #expect(try fleet.load().deployments.count == 1)
  }
}

@Suite struct `Hostile files` {
  private func one(_ yaml: String) throws -> Diagnostic {
    let found = try diagnostics(of: yaml)
    #expect(found.count == 1)
    return try #require(found.first)
  }

  @Test func `with a billion laughs are refused`() throws {
    var yaml = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1...12 {
      yaml += "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ") + "]\n"
    }
    #expect(try one(yaml).message == "aliases stand for more than 100000 nodes")
  }

  @Test func `with aliases that nest ever deeper are refused`() throws {
    let yaml = "a0: &a0 [x]\n" + (1...100).map { "a\($0): &a\($0) [*a\($0 - 1)]\n" }.joined()
    #expect(try one(yaml).message == "aliases nest more than 64 levels deep")
  }

  @Test(arguments: ["[", "{a: ", "- ", "? "])
  func `that nest too deep are refused`(opening: String) throws {
    let found = try diagnostics(of: String(repeating: opening, count: 100_000))
    #expect(found.first?.message == "nested more than 64 levels deep")
  }

  @Test func `with too many nodes are refused`() throws {
    let yaml = "[" + String(repeating: "x,", count: 100_001) + "]"
    #expect(try one(yaml).message == "the file has more than 100000 nodes")
  }

  @Test func `of too many bytes are refused`() throws {
    let yaml = "# " + String(repeating: "x", count: 1 << 20)
    #expect(try one(yaml).message == "the file has 1048578 bytes, more than the limit of 1048576")
  }

  @Test func `with a huge scalar are told its limit, in a short message`() throws {
    let huge = String(repeating: "x", count: 1_000_000)
    for yaml in [
      Sample.deployment.replacing("python train.py", with: huge),
      Sample.deployment.replacing("name: income", with: "name: \(huge)"),
      Sample.deployment.replacing("serving:", with: "? \(huge)\n  : 1\n  serving:"),
    ] {
      for diagnostic in try diagnostics(of: yaml) {
        #expect(diagnostic.message.utf8.count < 300)
        #expect(diagnostic.sourceLine?.utf8.count ?? 0 <= 4096)
      }
      #expect(try !diagnostics(of: yaml).isEmpty)
    }
  }

  @Test func `with thousands of faults show the first hundred`() throws {
    let yaml =
      Sample.environment.replacing("{name: production}", with: "{name: production, labels: []}")
      + String(repeating: "---\n{apiVersion: x}\n", count: 5000)
    let found = try diagnostics(of: yaml)
    #expect(found.count == 101)
    #expect(found.last?.message == "9901 more problems in this file are not shown")
  }

  @Test func `with thousands of bad references are bounded too`() throws {
    var fleet = Sample.fleet
    fleet["specs/many.yaml"] = (0..<200).map { index in
      "{apiVersion: headgate.dev/v1, kind: ModelDeployment, metadata: {name: m\(index)}, spec: {environment: nowhere, "
        + "model: {artifact: {path: gone-\(index), digest: \(Sample.digest)}}}}\n"
    }.joined(separator: "---\n")
    let state = try fleet.load()
    #expect(state.diagnostics.count == 100)
    #expect(state.invalidFiles.map(\.text) == ["specs/many.yaml"])
  }

  @Test func `in UTF-16 are refused`() throws {
    let path = try #require(RepositoryPath("a.yaml"))
    let decoded = FileDecoder.decode(SourceText(path: path, bytes: [0xFF, 0xFE, 0x61, 0x00]))
    #expect(decoded.diagnostics.map(\.message) == ["the file is not UTF-8 (byte 0)"])
  }

  @Test func `may start with a byte order mark`() throws {
    #expect(try diagnostics(of: "\u{FEFF}" + Sample.environment).isEmpty)
  }
}

@Suite struct `Aliases` {
  @Test func `stand for the value of their anchor`() throws {
    var fleet = Sample.fleet
    fleet["specs/income.yaml"] = Sample.deployment.replacing(
      "dataset: adult, split: train", with: "dataset: &d adult, split: train"
    )
    .replacing("dataset: adult, split: test", with: "dataset: *d, split: test")
    #expect(
      try fleet.load().deployments[ModelName("income")]?.digest
        == Sample.fleet.load().deployments[ModelName("income")]?.digest)
  }
}
