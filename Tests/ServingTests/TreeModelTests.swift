import Domain
import Testing

@testable import Serving

@Suite struct `A model server with a file of trees` {
  /// A tree of two leaves, as XGBoost 1.0 wrote it: 0.25 below one half, 1 above.
  private static let xgboost = """
    {"learner": {"attributes": {}, "gradient_booster": {"model": {"gbtree_model_param": {"num_trees": "1",
    "size_leaf_vector": "0"}, "tree_info": [0], "trees": [{"base_weights": [0, 0, 0], "default_left": [true,
    false, false], "id": 0, "left_children": [1, -1, -1], "loss_changes": [1, 0, 0], "parents": [2147483647, 0,
    0], "right_children": [2, -1, -1], "split_conditions": [0.5, -0.25, 0.5], "split_indices": [0, 0, 0],
    "sum_hessian": [2, 1, 1], "tree_param": {"num_deleted": "0", "num_feature": "1", "num_nodes": "3",
    "size_leaf_vector": "0"}}]}, "name": "gbtree"}, "learner_model_param": {"base_score": "0.500000", "num_class":
    "0", "num_feature": "1"}, "objective": {"name": "reg:linear", "reg_loss_param": {}}}, "version": [1, 0, 0]}
    """

  @Test func `answers by it as by ONNX`() async throws {
    let state = try TestState()
    let server = try await RunningServer.gated(state)
    let version = try state.release(1, bytes: Array(Self.xgboost.utf8), weight: 10_000)
    let status = try await server.route(generation: 1, [version])
    #expect(status.models.first?.versions.first?.state == .ready)
    let body = #"{"inputs":[{"name":"features","shape":[2,1],"datatype":"FP32","data":[0.25,0.75]}]}"#
    let answer = try await server.post("/v2/models/m/infer", body)
    #expect(answer.numbers("prediction") == [0.25, 1], "\(answer.text)")
    #expect(try await server.get("/v2/models/m").json["platform"] as? String == "xgboost")
  }
}
