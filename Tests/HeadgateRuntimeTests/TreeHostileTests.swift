import Foundation
import HeadgateTensors
import Testing

@testable import HeadgateRuntime

@Suite struct `A hostile tree model` {
  private static let files = [("JSON", TreeFiles.json), ("UBJSON", TreeFiles.ubjson), ("text", TreeFiles.text)]

  @Test(arguments: files) func `is refused when cut short at any byte`(form: String, bytes: [UInt8]) throws {
    // LightGBM's trees end before what may follow them.
    let text = String(decoding: bytes, as: UTF8.self)
    let end =
      form == "text" ? try #require(text.firstRange(of: "end of trees")).lowerBound.utf16Offset(in: text) : bytes.count
    for count in 0..<end {
      let error = #expect(throws: ModelFileError.self, "\(count) bytes") {
        try Model(bytes: ModelBytes(bytes[..<count]))
      }
      guard let error else { break }
      #expect((error.byteOffset ?? 0) <= count)
    }
    #expect(throws: Never.self) { try Model(bytes: ModelBytes(bytes[..<end])) }
  }

  /// As old versions wrote it, so that changes of its length get past the head.
  private static let unsized = Array(
    String(decoding: TreeFiles.text, as: UTF8.self).replacing("tree_sizes=577 579\n", with: "").utf8)

  /// The count comes from HEADGATE_SCALE_FUZZ. Whatever the bytes are, loading and running end in a value or an error.
  @Test(arguments: files + [("old text", unsized)]) func `never traps, whichever bytes are changed`(
    form: String, original: [UInt8]
  ) throws {
    let count = ProcessInfo.processInfo.environment["HEADGATE_SCALE_FUZZ"].flatMap(Int.init) ?? 2000
    let values: [Float] = [0.5, 1, 1, .nan, -1, 2, -2, .infinity, 3, 3, 0, 1e20]
    let few = try Tensor(shape: [4, 3], floats: values)
    // So many that they are taken together.
    let many = try Tensor(shape: [32, 3], floats: (0..<8).flatMap { _ in values })
    var random = SplitMix(state: UInt64(form.utf8.count))
    var loaded = 0
    for _ in 0..<count {
      let bytes = Self.changed(original, using: &random)
      guard let model = try? Model(bytes: ModelBytes(bytes), options: ModelOptions(maxRunBytes: 1 << 24)) else {
        continue
      }
      loaded += 1
      for rows in [few, many] { _ = try? model.run(["features": rows]) }
    }
    // Both ways are tried, or the changes prove nothing.
    #expect(loaded > count / 100)
    #expect(loaded < count)
  }

  /// Flips bytes, swaps digits for digits, or copies, cuts out and repeats parts.
  static func changed(_ original: [UInt8], using random: inout SplitMix) -> [UInt8] {
    var bytes = original
    for _ in 0...random.next() % 3 {
      let place = Int(random.next() % UInt64(bytes.count))
      switch random.next() % 6 {
      case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
      case 1: bytes[place] ^= 1 << UInt8(random.next() % 8)
      case 2, 3:
        if let digit = bytes[place...].firstIndex(where: { (0x30...0x39).contains($0) }) {
          bytes[digit] = 0x30 + UInt8(random.next() % 10)
        }
      case 4: bytes.removeSubrange(place..<min(bytes.count, place + 1 + Int(random.next() % 8)))
      default:
        let part = Array(bytes[place..<min(bytes.count, place + 1 + Int(random.next() % 16))])
        bytes.insert(contentsOf: part, at: Int(random.next() % UInt64(bytes.count)))
      }
      if bytes.isEmpty { bytes = [0] }
    }
    return bytes
  }

  private static func load(_ from: String, _ to: String, in bytes: [UInt8] = TreeFiles.json) throws -> ModelFileError? {
    let text = String(decoding: bytes, as: UTF8.self)
    let range = try #require(text.firstRange(of: from))
    let changed = text.replacingCharacters(in: range, with: to)
    return #expect(throws: ModelFileError.self, "\(from)") { try Model(bytes: ModelBytes(Array(changed.utf8))) }
  }

  @Test(
    arguments: [
      ("\"left_children\":[1,3,-1", "\"left_children\":[1,0,-1"),
      ("\"left_children\":[1,3,-1", "\"left_children\":[1,1,-1"),
      ("\"left_children\":[1,3,-1", "\"left_children\":[1,99,-1"),
      ("\"left_children\":[1,3,-1", "\"left_children\":[1,-2,-1"),
      ("\"right_children\":[2,4,-1", "\"right_children\":[2,3,-1"),
      ("\"split_indices\":[0,2,", "\"split_indices\":[0,3,"),
      ("\"split_indices\":[0,2,", "\"split_indices\":[0,-1,"), ("\"default_left\":[1,1,0", "\"default_left\":[1,1,0,0"),
      ("\"categories\":[0,2]", "\"categories\":[0]"), ("\"categories\":[0,2]", "\"categories\":[0,-2]"),
      ("\"categories\":[0,2]", "\"categories\":[0,16777216]"), ("\"categories_nodes\":[1]", "\"categories_nodes\":[9]"),
      ("\"categories_sizes\":[2]", "\"categories_sizes\":[9223372036854775807]"),
      ("\"categories_sizes\":[2,2]", "\"categories_sizes\":[4,4]"),
      ("\"categories_segments\":[0,2]", "\"categories_segments\":[0,3]"),
      ("\"categories_segments\":[0]", "\"categories_segments\":[9223372036854775807]"),
      ("\"categories_nodes\":[1]", "\"categories_nodes\":[2]"), ("\"id\":0", "\"id\":1"), ("\"id\":0", "\"id\":7"),
      ("\"tree_info\":[0,0]", "\"tree_info\":[0,1]"), ("\"tree_info\":[0,0]", "\"tree_info\":[0]"),
      ("[4.6333334E-1]", "[1.5]"), ("[4.6333334E-1]", "[0.5,0.5]"), ("[4.6333334E-1]", "nothing"),
      ("\"num_feature\":\"3\",\"num_target\"", "\"num_feature\":\"2\",\"num_target\""),
      ("\"num_feature\":\"3\",\"num_target\"", "\"num_feature\":\"-3\",\"num_target\""),
      ("\"num_target\":\"1\"", "\"num_target\":\"99999999999\""),
      ("\"size_leaf_vector\":\"1\"", "\"size_leaf_vector\":\"4000000000000000000\""),
      ("\"name\":\"gbtree\"", "\"name\":\"gbforest\""), ("\"name\":\"gbtree\"", "\"name\":\"dart\""),
      ("\"name\":\"gbtree\"", "\"name\":\"gblinear\""),
      ("\"split_conditions\":[3.9408728E-1", "\"split_conditions\":[\"a\""),
      ("\"left_children\":[1,3", "\"left_children\":[1.5,3"),
      ("\"left_children\":[1,3", "\"left_children\":[99999999999,3"),
    ])
  func `of XGBoost is refused when its numbers do not fit each other`(from: String, to: String) throws {
    _ = try Self.load(from, to)
  }

  /// Trees as short as these are found out while they are counted: their places would take far more than the file.
  @Test func `of XGBoost is refused for trees without nodes before anything is asked of them`() throws {
    let text = String(decoding: TreeFiles.json, as: UTF8.self)
      .replacing("\"tree_info\":[0,0]", with: "\"tree_info\":[0]")
    let start = try #require(text.firstRange(of: "\"trees\":[")).upperBound
    let end = try #require(text.firstRange(of: "]},\"name\":\"gbtree\"")).lowerBound
    let changed = text.replacingCharacters(in: start..<end, with: "{},{}")
    let error = #expect(throws: ModelFileError.self) { try Model(bytes: ModelBytes(Array(changed.utf8))) }
    #expect(error?.code == .invalidGraph)
    #expect(error?.message.contains("tree 0 has no nodes") == true)
    #expect(error?.byteOffset == start.utf16Offset(in: text))
  }

  /// A quote among numbers turns texts and what lies between them around, up to the end of the file.
  @Test(
    arguments: [
      "\"left_children\":[1,", "\"split_conditions\":[3.", "\"loss_changes\":[9.9505516E1,", "\"parents\":[",
      "\"categories\":[1,", "\"base_weights\":[-8.", "\"sum_hessian\":[5.068918E1,1.",
    ])
  func `of XGBoost is refused at the damaged number, not where the file stops making sense`(list: String) throws {
    let text = String(decoding: TreeFiles.json, as: UTF8.self)
    let place = try #require(text.firstRange(of: list)).upperBound.utf16Offset(in: text)
    var bytes = TreeFiles.json
    bytes[place] = UInt8(ascii: "\"")
    let error = #expect(throws: ModelFileError.self) { try Model(bytes: ModelBytes(bytes)) }
    #expect(error?.code == .malformed)
    #expect(error?.byteOffset == place)
  }

  @Test(
    arguments: [
      ("\"id\":0", "\"id\":7", "ids of 2 trees", "{\"base_weights\":[9.7"),
      ("\"tree_info\":[0,0]", "\"tree_info\":[0,1]", "tree 1 adds to score 1", "{\"base_weights\":[-8.3"),
      ("\"split_indices\":[0,2,2", "\"split_indices\":[0,2,3", "tree 1 tests feature 3", "{\"base_weights\":[-8.3"),
      ("\"id\":1,\"left_children\":[1", "\"id\":1,\"left_children\":[0", "tree 1 has", "{\"base_weights\":[-8.3"),
    ])
  func `of XGBoost is refused with the number and place of the tree`(
    from: String, to: String, naming: String, tree: String
  ) throws {
    let error = try Self.load(from, to)
    let text = String(decoding: TreeFiles.json, as: UTF8.self)
    #expect(error?.message.contains(naming) == true, "\(error?.message ?? "")")
    let start = try #require(text.firstRange(of: tree)).lowerBound.utf16Offset(in: text)
    #expect(error?.byteOffset == start)
  }

  @Test(
    arguments: [
      ("left_child=1 2 -1", "left_child=1 0 -1"), ("left_child=1 2 -1", "left_child=1 1 -1"),
      ("left_child=1 2 -1", "left_child=1 9 -1"), ("left_child=1 2 -1", "left_child=1 2 -9"),
      ("right_child=-2 -3 -4", "right_child=-2 -3 -3"), ("split_feature=0 2 0", "split_feature=0 3 0"),
      ("split_feature=0 2 0", "split_feature=0 -2"), ("num_leaves=4", "num_leaves=5"), ("num_leaves=4", "num_leaves=0"),
      ("num_leaves=4", "num_leaves=-9"), ("cat_boundaries=0 1", "cat_boundaries=0 2"),
      ("cat_boundaries=0 1", "cat_boundaries=1 0"), ("cat_threshold=10", "cat_threshold=-1"),
      ("threshold=0.37779988348484045 0 ", "threshold=0.37779988348484045 1 "),
      ("threshold=0.37779988348484045 0 ", "threshold=0.3777998834848404 -1 "),
      ("threshold=0.37779988348484045 0 ", "threshold=0.377799883484840 nan "),
      ("decision_type=10 1 8", "decision_type=14 1 8"),
      ("decision_type=10 1 8", "decision_type=99 1 8"), ("is_linear=0", "is_linear=1"),
      ("max_feature_idx=2", "max_feature_idx=1"),
      ("max_feature_idx=2", "max_feature_idx=9999999999"), ("tree_sizes=577", "tree_sizes=578"),
      ("tree_sizes=577", "tree_sizes=-77"), ("tree_sizes=577 579", "tree_sizes=577 579 9"),
      ("num_tree_per_iteration=1", "num_tree_per_iteration=3"), ("num_class=1", "num_class=0"),
    ])
  func `of LightGBM is refused when its numbers do not fit each other`(from: String, to: String) throws {
    _ = try Self.load(from, to, in: TreeFiles.text)
  }

  @Test(arguments: ["-2147483648", "2147483647", "3", "-5"])
  func `of LightGBM is refused for a child that is not there below a test that nothing leads to`(child: String) throws {
    let error = try Self.load("left_child=1 2 -1", "left_child=1 -1 \(child)", in: Self.unsized)
    #expect(error?.code == .invalidGraph)
    #expect(error?.message.contains("tree 0 of 4 leaves has a child \(child)") == true)
  }

  @Test func `may not nest without end`() {
    for text in [
      "{\"learner\":{\"attributes\":" + String(repeating: "{\"a\":", count: 100_000),
      "{\"learner\":" + String(repeating: "[", count: 1_000_000),
      "{\"version\":" + String(repeating: "[", count: 1_000_000),
    ] {
      #expect(throws: ModelFileError.self) { try Model(bytes: ModelBytes(Array(text.utf8))) }
    }
    let deep = Array("{i\u{1}a".utf8) + [UInt8](repeating: UInt8(ascii: "["), count: 1_000_000)
    let error = #expect(throws: ModelFileError.self) { try Model(bytes: ModelBytes(deep)) }
    #expect(error?.code == .tooLarge)
  }

  /// Counts that would take all memory, and types that take none.
  @Test(
    arguments: [
      "[$d#L\u{7F}\u{7F}\u{7F}\u{7F}\u{7F}\u{7F}\u{7F}\u{7F}", "[$T#l\u{7F}\u{7F}\u{7F}\u{7F}",
      "[#l\u{7F}\u{7F}\u{7F}\u{7F}", "[$d#i",
      "[$d", "[$", "[#", "[$[#i\u{9}[]", "SL\u{7F}\u{7F}\u{7F}\u{7F}\u{7F}\u{7F}\u{7F}\u{7F}", "Si", "Q",
    ])
  func `may not ask for more than it holds`(value: String) {
    for key in ["version", "other"] {
      let bytes = Array("{i".utf8) + [UInt8(key.utf8.count)] + Array((key + value).utf8)
      let error = #expect(throws: ModelFileError.self) { try Model(bytes: ModelBytes(bytes)) }
      #expect(error?.code == .malformed)
      #expect(error?.byteOffset != nil)
    }
  }

  /// A few distant categories would take a bit field of 2 MiB each.
  @Test func `may not spread its categories over all memory`() throws {
    let count = 200
    let list = [String](repeating: "0,16777215", count: count).joined(separator: ",")
    func numbers(_ number: (Int) -> Int) -> String {
      (0..<2 * count + 1).map { String(number($0)) }.joined(separator: ",")
    }
    let tree = """
      {"id":0,"left_children":[\(numbers { $0 < count ? 2 * $0 + 1 : -1 })],"right_children":[\(numbers { $0 < count ? 2 * $0 + 2 : -1 })],
      "split_indices":[\(numbers { _ in 0 })],"split_conditions":[\(numbers { _ in 0 })],"default_left":[\(numbers { _ in 0 })],
      "split_type":[\(numbers { $0 < count ? 1 : 0 })],"categories":[\(list)],
      "categories_nodes":[\((0..<count).map(String.init).joined(separator: ","))],
      "categories_segments":[\((0..<count).map { String(2 * $0) }.joined(separator: ","))],
      "categories_sizes":[\([String](repeating: "2", count: count).joined(separator: ","))],"tree_param":{"size_leaf_vector":"1"}}
      """
    let text = """
      {"learner":{"gradient_booster":{"model":{"tree_info":[0],"trees":[\(tree)]},"name":"gbtree"},"learner_model_param":
      {"base_score":"0.5","num_class":"0","num_feature":"1"},"objective":{"name":"reg:squarederror"}},"version":[3,2,0]}
      """
    let error = #expect(throws: ModelFileError.self) { try Model(bytes: ModelBytes(Array(text.utf8))) }
    #expect(error?.code == .tooLarge)
  }

  @Test(
    arguments: [
      ("", "empty"), ("nothing", "LightGBM"), ("\u{80}\u{4}", "XGBoost"), ("PK\u{3}\u{4}", "ONNX"), ("{", "ONNX"),
    ])
  func `of no known format is told which are read`(bytes: String, naming: String) {
    let error = #expect(throws: ModelFileError.self) { try Model(bytes: ModelBytes(Array(bytes.utf8))) }
    #expect(error?.code == .malformed)
    #expect(error?.message.contains(naming) == true, "\(error?.message ?? "")")
  }
}
