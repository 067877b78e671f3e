import Domain
import Provenance
import Testing

@testable import Gates

@Suite struct `A security gate before files of trees` {
  /// A tree of two leaves, as XGBoost 1.0 wrote it.
  private static let xgboost = """
    {"learner": {"attributes": {}, "gradient_booster": {"model": {"gbtree_model_param": {"num_trees": "1",
    "size_leaf_vector": "0"}, "tree_info": [0], "trees": [{"base_weights": [0, 0, 0], "default_left": [true,
    false, false], "id": 0, "left_children": [1, -1, -1], "loss_changes": [1, 0, 0], "parents": [2147483647, 0,
    0], "right_children": [2, -1, -1], "split_conditions": [0.5, -0.25, 0.5], "split_indices": [0, 0, 0],
    "sum_hessian": [2, 1, 1], "tree_param": {"num_deleted": "0", "num_feature": "1", "num_nodes": "3",
    "size_leaf_vector": "0"}}]}, "name": "gbtree"}, "learner_model_param": {"base_score": "0.500000", "num_class":
    "0", "num_feature": "1"}, "objective": {"name": "reg:linear", "reg_loss_param": {}}}, "version": [1, 0, 0]}
    """

  private static let lightGBM = """
    tree
    version=v4
    num_class=1
    num_tree_per_iteration=1
    max_feature_idx=0
    objective=binary sigmoid:1
    feature_names=x

    Tree=0
    num_leaves=2
    num_cat=0
    split_feature=0
    threshold=0.5
    decision_type=2
    left_child=-1
    right_child=-2
    leaf_value=-0.25 1
    shrinkage=1


    end of trees

    """

  private func report(_ text: String) async throws -> GateReport {
    var fixture = try GateFixture()
    fixture.scanner = FormatScanner()
    return try #require(try await fixture.judge(Array(text.utf8), by: [.security]).reports.first)
  }

  // The fixture's files are named .onnx, which is noted and does not block.
  @Test(arguments: [xgboost, lightGBM])
  func `passes those of XGBoost and LightGBM, which hold no code`(text: String) async throws {
    let report = try await report(text)
    #expect(report.verdict == .pass, "\(report.message)")
    #expect(report.findings.map(\.rule) == ["ExtensionMismatch"])
  }

  @Test(arguments: [
    (String(xgboost.dropLast(20)), "UnreadableModel"), (#"{"learner": {}}"#, "UnreadableModel"),
    (lightGBM.replacing("num_leaves=2", with: "num_leaves=3"), "UnreadableModel"), (#"{"weights": [1, 2]}"#, "JSON"),
    ("(lp0\nI1\na.", "Pickle"),
  ])
  func `fails for what is damaged, no model, or a pickle`(text: String, rule: String) async throws {
    let report = try await report(text)
    #expect(report.verdict == .fail)
    #expect(report.findings.filter(\.blocks).map(\.rule).contains(rule), "\(report.findings)")
  }
}
