import HeadgateTensors
import Testing

@testable import HeadgateRuntime

/// Large enough that its reading is shared where there are processors.
@Suite struct `Loading trees on several threads` {
  private static let count = 3000

  /// Trees of one test each, whose leaves give numbers of which sums depend on the order.
  private static func lightGBM(_ damaged: [Int: String] = [:]) -> [UInt8] {
    let trees = (0..<count).map { tree in
      let left = damaged[tree] ?? "-1"
      return "Tree=\(tree)\nnum_leaves=2\nsplit_feature=\(tree % 3)\nthreshold=0.\(tree % 97)\ndecision_type=10\n"
        + "left_child=\(left)\nright_child=-2\nleaf_value=\(Double(tree * 7919 % 1013) / 7) -\(Double(tree) / 3)\n\n"
    }
    return Array(
      ("tree\nversion=v2\nnum_class=1\nmax_feature_idx=2\nobjective=regression\n\n" + trees.joined() + "end of trees\n")
        .utf8)
  }

  /// The trees stand in the file from the last to the first.
  private static func xgboost(_ damaged: [Int: String] = [:]) -> [UInt8] {
    let trees = (0..<count).reversed().map { tree in
      "{\"default_left\":[0,0,0],\"id\":\(tree),\"left_children\":[\(damaged[tree] ?? "1"),-1,-1],"
        + "\"right_children\":[2,-1,-1],\"split_conditions\":[0.\(tree % 97),\(Double(tree * 7919 % 1013) / 7),"
        + "-\(Double(tree) / 3)],\"split_indices\":[\(tree % 3),0,0],\"split_type\":[0,0,0],"
        + "\"tree_param\":{\"size_leaf_vector\":\"1\"}}"
    }
    let targets = (0..<count).map { String($0 % 3) }.joined(separator: ",")
    return Array(
      """
      {"learner":{"gradient_booster":{"model":{"tree_info":[\(targets)],"trees":[\(trees.joined(separator: ","))]},
      "name":"gbtree"},"learner_model_param":{"base_score":"0.5","num_class":"3","num_feature":"3"},
      "objective":{"name":"multi:softprob"}},"version":[3,2,0]}
      """.utf8)
  }

  private static let files: [(String, @Sendable ([Int: String]) -> [UInt8])] = [
    ("LightGBM", { lightGBM($0) }), ("XGBoost", { xgboost($0) }),
  ]

  @Test(arguments: files) func `gives the same bits as on one`(
    name: String, file: @Sendable ([Int: String]) -> [UInt8]
  ) throws {
    let bytes = file([:])
    let rows = try Tensor(shape: [40, 3], floats: (0..<120).map { Float($0 * 37 % 101) / 100 })
    let answers = try [1, nil].map { threads in
      let options = ModelOptions(givesRawScores: true, maxLoadingThreads: threads)
      let score = try Model(bytes: ModelBytes(bytes), options: options).run(["features": rows])["score"]?.tensor
      return try #require(score).elementType == .double ? score?.doubles() : score?.floats().map { Double($0) }
    }
    #expect(answers[0] == answers[1])
    #expect(Set(try #require(answers[0])).count > 20)
  }

  @Test(arguments: files) func `names the first damaged tree, as on one`(
    name: String, file: @Sendable ([Int: String]) -> [UInt8]
  ) throws {
    for damaged in [[0], [2999], [1400, 1600], [10, 2990], [749, 750, 1499, 1500]] {
      let bytes = file(Dictionary(uniqueKeysWithValues: damaged.map { ($0, "77") }))
      let errors = [1, nil].map { threads in
        #expect(throws: ModelFileError.self) {
          try Model(bytes: ModelBytes(bytes), options: ModelOptions(maxLoadingThreads: threads))
        }
      }
      #expect(errors[0]?.message == errors[1]?.message)
      #expect(errors[0]?.byteOffset == errors[1]?.byteOffset)
      #expect(errors[1]?.message.contains("tree \(damaged[0]) ") == true, "\(errors[1]?.message ?? "")")
    }
  }
}
