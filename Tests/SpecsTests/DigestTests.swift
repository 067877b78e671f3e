import Domain
import Testing

@testable import Specs

@Suite struct `A digest` {
  /// The digest of the income deployment after a change to one file.
  private func digest(_ path: String, _ change: (String) -> String) throws -> Digest {
    var fleet = Sample.fleet
    fleet[path] = change(fleet[path])
    let state = try fleet.load()
    return try #require(
      state.deployments[ModelName("income")], "\(DiagnosticRenderer().text(state.diagnostics))"
    ).digest
  }

  private func unchanged() throws -> Digest { try digest("specs/income.yaml") { $0 } }

  @Test(arguments: [
    ("0.90", "0.9"), ("0.90", "9.0e-1"), ("6h", "360m"), ("6h", "5h60m"), ("5%}", "5.00%}"),
    ("kind: ModelDeployment", "kind: ModelDeployment # a note"),
    ("metadata: {name: income}", "metadata:\n  name: 'income'"),
    ("{name: income}", "{name: income, labels: {a: b}, annotations: {c: d}}"),
    ("{weight: 5%}, {weight: 25%}", "  {weight: \"5%\"},\n    {weight: 25%}"),
    ("  onFailure: revert\n    onDeadline: rollback", "  onDeadline: rollback\n    onFailure: revert"),
    ("train.py, {dataset", "./train.py, {dataset"), ("\n", "\r\n"),
  ])
  func `does not depend on how a spec is written`(written: String, instead: String) throws {
    let same = try digest("specs/income.yaml") { text in
      #expect(text.contains(written))
      return text.split(separator: written, omittingEmptySubsequences: false).joined(separator: instead)
    }
    #expect(try unchanged() == same)
  }

  @Test(arguments: [
    ("specs/income.yaml", "0.90", "0.91"), ("specs/income.yaml", "revert", "hold"),
    ("specs/income.yaml", "{weight: 5%}, ", ""), ("specs/income.yaml", "by: [sex]", "by: [race]"),
    ("specs/income.yaml", "  - security: {}\n", ""), ("specs/train.py", "print()", "print(1)"),
    ("specs/adult.yaml", ">50K", "<=50K"), ("data/adult.csv", "a,b", "a,c"),
  ])
  func `changes with what is asked for`(path: String, written: String, instead: String) throws {
    let other = try digest(path) { text in
      #expect(text.contains(written))
      return text.split(separator: written, omittingEmptySubsequences: false).joined(separator: instead)
    }
    #expect(try unchanged() != other)
  }

  @Test func `changes with the environment, but not when that only spells out the defaults`() throws {
    func with(_ spec: String) throws -> Digest {
      var fleet = Sample.fleet
      fleet["specs/default.yaml"] =
        "{apiVersion: headgate.dev/v1, kind: Environment, metadata: {name: default}, spec: \(spec)}"
      return try #require(try fleet.load().deployments[ModelName("income")]).digest
    }
    #expect(try with("{writeBack: none}") != unchanged())
    #expect(try with("{writeBack: push, historyRewrites: refuse, target: machine}") == unchanged())
  }

  @Test func `of a data set leaves out what only describes it`() throws {
    func dataset(_ change: (String) -> String) throws -> Digest {
      var fleet = Sample.fleet
      fleet["specs/adult.yaml"] = change(fleet["specs/adult.yaml"])
      return try #require(try fleet.load().datasets[DatasetName("adult")]).digest
    }
    #expect(try dataset { $0 } == dataset { $0 + "  licence: CC BY 4.0\n  source: UCI\n  description: census\n" })
    #expect(try dataset { $0 } != dataset { $0.replacing("fnlwgt", with: "education") })
  }

  @Test func `of a list depends on its order`() throws {
    let other = try digest("specs/adult.yaml") { $0.replacing("[sex, race,", with: "[race, sex,") }
    #expect(try unchanged() != other)
  }
}
