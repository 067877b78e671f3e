import Domain
import Testing

@testable import Specs

@Suite struct `One invalid file` {
  @Test func `never stops the others`() throws {
    var fleet = Sample.fleet
    fleet["specs/bad.yaml"] = Sample.deployment.replacing("name: income", with: "name: bad")
      .replacing("rollout:", with: "rolout:")
    let state = try fleet.load()
    #expect(state.deployments.keys.map(\.text) == ["income"])
    #expect(state.invalidFiles.map(\.text) == ["specs/bad.yaml"])
    #expect(state.diagnostics.map(\.hint) == ["did you mean 'rollout'?"])
  }

  @Test func `is held whole, but its sound data set can be used by others`() throws {
    var fleet = Sample.fleet
    fleet["specs/adult.yaml"] =
      Sample.dataset + "---\n"
      + Sample.deployment.replacing("name: income", with: "name: bad").replacing("roc_auc", with: "auc")
      + "---\n" + Sample.deployment.replacing("name: income", with: "name: held")
    let state = try fleet.load()
    #expect(state.deployments.keys.map(\.text) == ["income"])
    #expect(state.datasets.keys.map(\.text) == ["adult"])
    #expect(state.invalidFiles.map(\.text) == ["specs/adult.yaml"])
  }

  @Test func `with a data set makes the deployments that refer to it invalid`() throws {
    var fleet = Sample.fleet
    fleet["specs/adult.yaml"] = Sample.dataset.replacing("sensitive", with: "sensitiv")
    let state = try fleet.load()
    #expect(state.deployments.isEmpty)
    #expect(state.invalidFiles.map(\.text).sorted() == ["specs/adult.yaml", "specs/income.yaml"])
    #expect(state.diagnostics.contains { $0.message == "the Dataset 'adult' has errors, at specs/adult.yaml:3:18" })
  }

  @Test func `that may hide the default environment holds those that rely on it`() throws {
    for text in [
      "apiVersion: headgate.dev/v1\nkind: Environment\nmetadata: {name: \"default}\n",
      "apiVersion: headgate.dev/v2\nkind: Environment\nmetadata: {name: default}\nspec: {writeBack: none}\n",
      "apiVersion: headgate.dev/v1\nkind: Environment\nmetadata: {nam: default}\nspec: {writeBack: none}\n",
      "apiVersion: headgate.dev/v1\nkind: Environment\nmetadata: {name: default}\nspec: {writeBack: non}\n",
    ] {
      var fleet = Sample.fleet
      fleet["specs/environment.yaml"] = text
      let state = try fleet.load()
      #expect(state.deployments.isEmpty, "\(text)")
      #expect(state.invalidFiles.map(\.text).contains("specs/income.yaml"))
    }
  }

  @Test(arguments: [
    (Sample.deployment, true, false),
    (Sample.deployment.replacing("{name: income}", with: "{nam: income}"), false, true),
    (Sample.deployment.replacing("headgate.dev/v1", with: "headgate.dev/v9"), false, true),
    (Sample.deployment.replacing("{name: income}", with: "{name: \"income}"), false, true),
  ]) func `holds the objects it names, and hides those it may name`(text: String, isNamed: Bool, isObscure: Bool) throws
  {
    // Moved without its relative paths: train.py is not in the new folder.
    var fleet = Sample.fleet
    fleet.files["specs/income.yaml"] = nil
    fleet["specs/models/income.yaml"] = text
    let state = try fleet.load()
    let path = try #require(RepositoryPath("specs/models/income.yaml"))
    #expect(state.invalidFiles == [path])
    #expect(state.heldObjects == (isNamed ? [ObjectID(.modelDeployment, "income"): path] : [:]))
    #expect(state.obscureFiles == (isObscure ? [path] : []))
  }

  @Test func `is told that a name is taken by another, and both are held`() throws {
    var fleet = Sample.fleet
    fleet["specs/z/other.yaml"] = Sample.deployment.replacing("train.py", with: "../train.py")
      .replacing("requirements.txt", with: "../requirements.txt")
    let state = try fleet.load()
    #expect(state.deployments.isEmpty)
    #expect(state.invalidFiles.map(\.text).sorted() == ["specs/income.yaml", "specs/z/other.yaml"])
    #expect(state.diagnostics.map(\.place.description) == ["specs/income.yaml:3:18", "specs/z/other.yaml:3:18"])
    #expect(
      state.diagnostics.map(\.message) == [
        "ModelDeployment 'income' is given twice, also at specs/z/other.yaml:3:18",
        "ModelDeployment 'income' is given twice, also at specs/income.yaml:3:18",
      ])
  }
}
