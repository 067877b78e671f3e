import HeadgateTensors
import Testing

@testable import HeadgateRuntime

@Suite struct `A model of a boosting library` {
  /// The rows that the models of `TreeFiles` were tried on, with what their own libraries predict.
  private static let rows: [Float] = [0.5, 1, 1, .nan, -1, 2, -2, 0, 3, 3, 0, 9]
  private static let xgboost: [Float] = [
    0.9517444372177124, 0.10337576270103455, 0.16267025470733643, 0.9517444372177124,
  ]
  private static let lightGBM = [0.5625740442921106, 0.39733507619971775, 0.3763842562508409, 0.5625740442921106]

  @Test(arguments: [TreeFiles.json, TreeFiles.ubjson])
  func `of XGBoost predicts as its library does`(bytes: [UInt8]) throws {
    let model = try Model(bytes: ModelBytes(bytes))
    #expect(model.inputs == [ValueInfo(name: "features", kind: .tensor, elementType: .float, shape: [nil, 3])])
    #expect(model.outputs.map(\.name) == ["label", "probabilities"])
    #expect(model.metadata.featureNames == ["age", "pay", "town"])
    #expect(model.metadata.producerName == "XGBoost" && model.metadata.producerVersion == "3.2.0")
    let outputs = try model.run(["features": Tensor(shape: [4, 3], floats: Self.rows)])
    let probabilities = try #require(outputs["probabilities"]?.tensor).floats()
    for (row, expected) in Self.xgboost.enumerated() {
      #expect(abs(probabilities[2 * row + 1] - expected) < 1e-7)
      #expect(probabilities[2 * row] == 1 - probabilities[2 * row + 1])
    }
    #expect(try outputs["label"]?.tensor?.integers() == [1, 0, 0, 1])
  }

  @Test func `of LightGBM predicts as its library does`() throws {
    let model = try Model(bytes: ModelBytes(TreeFiles.text))
    #expect(model.inputs == [ValueInfo(name: "features", kind: .tensor, elementType: .double, shape: [nil, 3])])
    #expect(model.metadata.featureNames == ["age", "pay", "town"])
    let outputs = try model.run(["features": Tensor(shape: [4, 3], doubles: Self.rows.map { Double($0) })])
    let probabilities = try #require(outputs["probabilities"]?.tensor).doubles()
    for (row, expected) in Self.lightGBM.enumerated() {
      #expect(abs(probabilities[2 * row + 1] - expected) < 1e-15)
    }
    #expect(try outputs["label"]?.tensor?.integers() == [1, 0, 0, 1])
  }

  @Test func `takes numbers of other types as its library does`() throws {
    let text = try Model(bytes: ModelBytes(TreeFiles.text))
    let json = try Model(bytes: ModelBytes(TreeFiles.json))
    let floats = try Tensor(shape: [4, 3], floats: Self.rows)
    let doubles = try Tensor(shape: [4, 3], doubles: Self.rows.map { Double($0) })
    let whole = try Tensor(shape: [1, 3], integers: [1, 2, 3])
    #expect(
      try text.run(["features": floats])["probabilities"]?.tensor?.doubles()
        == text.run(["features": doubles])["probabilities"]?.tensor?.doubles())
    #expect(
      try json.run(["features": floats])["probabilities"]?.tensor?.floats()
        == json.run(["features": doubles])["probabilities"]?.tensor?.floats())
    #expect(try json.run(["features": whole])["label"]?.tensor?.shape == [1])
  }

  @Test func `refuses rows of another width, and texts`() throws {
    let model = try Model(bytes: ModelBytes(TreeFiles.json))
    for features in [
      try Tensor(shape: [1, 2], floats: [1, 2]), try Tensor(shape: [3], floats: [1, 2, 3]),
      try Tensor(shape: [1, 3], strings: ["a", "b", "c"]),
    ] {
      let error = #expect(throws: RunError.self) { try model.run(["features": features]) }
      #expect(error?.code == .invalidInput)
    }
  }

  /// The containers of categories as XGBoost 3.2.0 writes them: names one after the other, or numbers.
  @Test func `takes the names of categories that its file has`() throws {
    let text = String(decoding: TreeFiles.json, as: UTF8.self).replacing(
      "\"enc\":[]",
      with:
        #""enc":[{"offsets":[],"values":[]},{"offsets":[],"values":[]},{"offsets":[0,1,2,4,6],"values":[120,121,122,122,195,169]}]"#
    )
    let model = try Model(bytes: ModelBytes(Array(text.utf8)))
    #expect(model.metadata.categories == ["town": ["x", "y", "zz", "é"]])
    let numbers = try model.run(["features": Tensor(shape: [3, 3], floats: [0.5, 1, 1, .nan, -1, 2, -2, 0, .nan])])
    let texts = try model.run([
      "features": Tensor(shape: [3, 3], strings: ["0.5", "1", "y", "", "-1", "zz", "-2", "0", ""])
    ])
    #expect(try texts["probabilities"]?.tensor?.floats() == numbers["probabilities"]?.tensor?.floats())
    for (cell, naming) in [("w", "'w' in row 0, column 2"), ("2", "no category")] {
      let error = #expect(throws: RunError.self) {
        try model.run(["features": Tensor(shape: [1, 3], strings: ["1", "1", cell])])
      }
      #expect(error?.code == .invalidInput && error?.message.contains(naming) == true)
    }
    let other = text.replacing(
      #"{"offsets":[0,1,2,4,6],"values":[120,121,122,122,195,169]}"#, with: #"{"type":15,"values":[5,7,9]}"#)
    #expect(try Model(bytes: ModelBytes(Array(other.utf8))).metadata.categories == ["town": ["5", "7", "9"]])
    let wrong = text.replacing("[0,1,2,4,6]", with: "[0,1,2,4,7]")
    #expect(throws: ModelFileError.self) { try Model(bytes: ModelBytes(Array(wrong.utf8))) }
  }

  @Test func `answers no rows with no rows`() throws {
    for bytes in [TreeFiles.json, TreeFiles.text] {
      let outputs = try Model(bytes: ModelBytes(bytes)).run(["features": Tensor(shape: [0, 3], floats: [])])
      #expect(outputs["label"]?.tensor?.shape == [0])
      #expect(outputs["probabilities"]?.tensor?.shape == [0, 2])
    }
  }

  @Test func `gives raw scores when asked to`() throws {
    let model = try Model(bytes: ModelBytes(TreeFiles.text), options: ModelOptions(givesRawScores: true))
    let outputs = try model.run(["features": Tensor(shape: [1, 3], doubles: [0.5, 1, 1])])
    // The raw score of LightGBM for the first row: 0.0633... + 0.1883...
    #expect(try outputs["score"]?.tensor?.doubles() == [0.063311320624246853 + 0.18830399171036172])
  }

  @Test func `may not pass the memory of a run`() throws {
    let model = try Model(bytes: ModelBytes(TreeFiles.json), options: ModelOptions(maxRunBytes: 100))
    let error = #expect(throws: RunError.self) {
      try model.run(["features": Tensor(shape: [100, 3], floats: [Float](repeating: 0, count: 300))])
    }
    #expect(error?.code == .memoryLimit)
  }

  @Test func `has neither operators nor other files`() throws {
    for bytes in [TreeFiles.json, TreeFiles.ubjson, TreeFiles.text] {
      let inspection = try ModelInspection.inspect(ModelBytes(bytes))
      #expect(inspection.operators.isEmpty && inspection.externalData.isEmpty)
    }
  }

  @Test func `of an unknown objective is refused by its name`() throws {
    for (bytes, name) in [(TreeFiles.json, "binary:logistic"), (TreeFiles.text, "binary sigmoid:1")] {
      let text = String(decoding: bytes, as: UTF8.self)
      let range = try #require(text.firstRange(of: name))
      let changed = text.replacingCharacters(in: range, with: "oracle" + String(repeating: "x", count: name.count - 6))
      let error = #expect(throws: ModelFileError.self) { try Model(bytes: ModelBytes(Array(changed.utf8))) }
      #expect(error?.code == .unsupported)
      #expect(error?.message.contains("oracle") == true)
    }
  }

  /// base_score is a probability for a logistic objective, and was a plain number before version 3.1.
  @Test func `of an older version has a plain base score`() throws {
    let text = String(decoding: TreeFiles.json, as: UTF8.self).replacing("\"[4.6333334E-1]\"", with: "\"4.6333334E-1\"")
      .replacing("\"version\":[3,2,0]", with: "\"version\":[1,0,0]").replacing(",\"num_target\":\"1\"", with: "")
    let outputs = try Model(bytes: ModelBytes(Array(text.utf8))).run([
      "features": Tensor(shape: [4, 3], floats: Self.rows)
    ])
    let probabilities = try #require(outputs["probabilities"]?.tensor).floats()
    for (row, expected) in Self.xgboost.enumerated() { #expect(abs(probabilities[2 * row + 1] - expected) < 1e-7) }
  }

  /// With scores 0.25 and 1, by XGBoost 3.2.0 the same; before 1.3 there were no splits of categories in files.
  @Test func `may lack what versions before categories did not write`() throws {
    let text = """
      {"learner": {"attributes": {}, "feature_names": [], "feature_types": [], "gradient_booster": {"model": {
      "gbtree_model_param": {"num_trees": "1", "size_leaf_vector": "0"}, "tree_info": [0], "trees": [{"base_weights": [0, 0, 0],
      "default_left": [true, false, false], "id": 0, "left_children": [1, -1, -1], "loss_changes": [1, 0, 0],
      "parents": [2147483647, 0, 0], "right_children": [2, -1, -1], "split_conditions": [0.5, -0.25, 0.5],
      "split_indices": [0, 0, 0], "sum_hessian": [2, 1, 1], "tree_param": {"num_deleted": "0", "num_feature": "1",
      "num_nodes": "3", "size_leaf_vector": "0"}}]}, "name": "gbtree"}, "learner_model_param": {"base_score": "0.500000",
      "num_class": "0", "num_feature": "1"}, "objective": {"name": "reg:linear", "reg_loss_param": {}}}, "version": [1, 0, 0]}
      """
    let model = try Model(bytes: ModelBytes(Array(text.utf8)))
    let outputs = try model.run(["features": Tensor(shape: [4, 1], floats: [0.4, 0.5, .nan, Float(0.5).nextDown])])
    #expect(try outputs["prediction"]?.tensor?.floats() == [0.25, 1, 0.25, 0.25])
  }

  /// XGBoost takes trees, their scores and their factors by ids. The first score depends on the order of its sums.
  @Test(arguments: [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 4, 0, 3, 1]])
  func `of XGBoost may hold its trees in any order`(order: [Int]) throws {
    let values = ["1E8", "3", "-2", "-1E8", "2.5E-1"]
    let trees = order.map { id in
      "{\"default_left\":[0],\"id\":\(id),\"left_children\":[-1],\"right_children\":[-1],\"split_conditions\":"
        + "[\(values[id])],\"split_indices\":[0],\"split_type\":[0],\"tree_param\":{\"size_leaf_vector\":\"1\"}}"
    }
    let text = """
      {"learner":{"gradient_booster":{"gbtree":{"model":{"tree_info":[0,1,2,0,0],
      "trees":[\(trees.joined(separator: ","))]},"name":"gbtree"},"name":"dart","weight_drop":[1,0.5,2,1,1]},
      "learner_model_param":{"base_score":"0.5","num_class":"3","num_feature":"1"},
      "objective":{"name":"multi:softprob"}},"version":[3,2,0]}
      """
    let model = try Model(bytes: ModelBytes(Array(text.utf8)), options: ModelOptions(givesRawScores: true))
    let outputs = try model.run(["features": Tensor(shape: [1, 1], floats: [0])])
    #expect(try outputs["score"]?.tensor?.floats() == [0.25, 2, -3.5])
  }

  /// As LightGBM defines it: a constant and products of features, and the leaf's plain value where one is missing.
  @Test func `of LightGBM may have functions in its last leaves only`() throws {
    let lists = "num_leaves=2\nsplit_feature=0\nthreshold=0.5\ndecision_type=10\nleft_child=-1\nright_child=-2\n"
    let plain = (0..<3000).map { "Tree=\($0)\n\(lists)leaf_value=1 2\n\n" }
    let text =
      "tree\nversion=v2\nnum_class=1\nmax_feature_idx=1\nobjective=regression\n\n" + plain.joined()
      + "Tree=3000\n\(lists)leaf_value=7 8\nis_linear=1\nleaf_const=10 20\nnum_features=1 0\n"
      + "leaf_features=1 \nleaf_coeff=4 \n\nend of trees\n"
    let model = try Model(bytes: ModelBytes(Array(text.utf8)))
    let rows = [0.5, 0.25, 0.75, 0, .nan, 3, 0, .nan]
    let outputs = try model.run(["features": Tensor(shape: [4, 2], doubles: rows)])
    #expect(try outputs["prediction"]?.tensor?.doubles() == [3011, 6020, 3022, 3007])
  }
}
