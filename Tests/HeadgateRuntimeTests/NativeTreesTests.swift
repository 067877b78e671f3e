import Foundation
import HeadgateTensors
import Testing

@testable import HeadgateRuntime

/// `Tests/run.sh` makes the models with `Tests/peers/native_trees.py`, in the folder of the exports.
@Suite(
  "Native tree models", .enabled(if: NativeTreesCase.root != nil, "HEADGATE_EXPORTS is not set; Tests/run.sh sets it"))
struct NativeTreeModels {
  @Test func `are at least 60, of two libraries`() throws {
    var counts: [String: Int] = [:]
    for entry in NativeTreesCase.all { counts[try entry.manifest().library, default: 0] += 1 }
    #expect(counts.values.reduce(0, +) >= 60, "\(counts): make them again with Tests/peers/native_trees.py")
    #expect(counts.values.allSatisfy { $0 >= 25 } && counts.count == 2, "\(counts)")
  }

  @Test(arguments: NativeTreesCase.all)
  func `predict as their own library does`(_ model: NativeTreesCase) throws {
    let comparison = try model.compare()
    #expect(comparison.rows == 10_000)
    #expect(comparison.problems.isEmpty, "\(comparison.problems.joined(separator: "\n"))")
    if ProcessInfo.processInfo.environment["VERBOSE"] != nil {
      print("\(model.testDescription): worst \(comparison.worst), \(comparison.differing) numbers differ")
    }
  }

  @Test(arguments: NativeTreesCase.all)
  func `name the features as the file does`(_ model: NativeTreesCase) throws {
    #expect(try model.load().metadata.featureNames == (model.manifest().names ?? []))
  }

  @Test func `give the same answers from JSON and from UBJSON`() throws {
    let names = NativeTreesCase.all.map(\.testDescription)
    let pairs = names.filter { $0.hasSuffix("-json") && names.contains($0.dropLast(4) + "ubj") }
    try #require(pairs.count >= 10)
    let root = try #require(NativeTreesCase.root)
    for name in pairs {
      let text = NativeTreesCase(folder: root.appendingPathComponent(name))
      let binary = NativeTreesCase(folder: root.appendingPathComponent(name.dropLast(4) + "ubj"))
      let features = try ArrayFile.read(root.appendingPathComponent(text.manifest().features)).rows(0..<100)
      let answers = try [text.load(), binary.load()].map {
        try $0.run(["features": features])["score"]?.tensor?.floats()
      }
      #expect(answers[0] == answers[1], "\(name)")
    }
  }

  @Test func `give the same bits for a row alone and among others`() throws {
    let root = try #require(NativeTreesCase.root)
    for name in ["xgboost-categories-json", "xgboost-softprob-ubj", "lightgbm-multiclass", "lightgbm-linear-missing"] {
      let entry = NativeTreesCase(folder: root.appendingPathComponent(name))
      let model = try entry.load()
      let features = try ArrayFile.read(root.appendingPathComponent(entry.manifest().features)).rows(0..<131)
      let all = try #require(try model.run(["features": features])["score"]?.tensor)
      for row in [0, 63, 64, 130] {
        let one = try #require(try model.run(["features": features.rows(row..<row + 1)])["score"]?.tensor)
        let same = try all.rows(row..<row + 1)
        if all.elementType == .float {
          #expect(try one.floats() == same.floats(), "\(name)")
        } else {
          #expect(try one.doubles() == same.doubles(), "\(name)")
        }
      }
    }
  }
}
