import Foundation
import Testing

extension EndToEnd {
  /// `run`, `inspect`, `operators` and `conformance`, on a classifier of two numbers.
  @Suite struct `Commands on model files` {
    private static func withModel(_ body: (Fleet, String) async throws -> Void) async throws {
      try await Fleet.with { fleet in
        let path = fleet.root + "/tiny.onnx"
        try TinyModel.fast(sharpness: 1).write(to: URL(filePath: path))
        try await body(fleet, path)
      }
    }

    private static func write(_ text: String, _ name: String, in fleet: Fleet) throws -> String {
      let path = fleet.root + "/" + name
      try text.write(toFile: path, atomically: true, encoding: .utf8)
      return path
    }

    /// The class is whether the sum of both numbers is positive.
    @Test func `run a table and show a row for each of its rows`() async throws {
      try await Self.withModel { fleet, model in
        let table = try Self.write("a,b\n1,2\n-3,1\n", "rows.csv", in: fleet)
        let answer = try await fleet.run([Fleet.program, "run", model, "--input", table])
        #expect(answer.code == 0, "\(answer.errors)")
        let lines = answer.output.split(separator: "\n").map(String.init)
        #expect(lines.first == "label: int64[2]", "\(answer.output)")
        let heads = lines.map { $0.split(separator: " ") }
        #expect(heads.contains(["ROW", "label", "scores[0]", "scores[1]"]), "\(answer.output)")
        #expect(lines.contains { $0.hasPrefix("0    1 ") }, "\(answer.output)")
        #expect(lines.contains { $0.hasPrefix("1    0 ") }, "\(answer.output)")
        let swapped = try Self.write("b,other,a\n2,x,1\n", "more.csv", in: fleet)
        let chosen = try await fleet.run([
          Fleet.program, "run", model, "-i", swapped, "--features", "a,b", "-o", "json",
        ])
        #expect(chosen.code == 0, "\(chosen.errors)")
        #expect(chosen.output.contains(#""name":"label","datatype":"INT64","shape":[1],"data":[1]"#))
        let unfit = try await fleet.run([Fleet.program, "run", model, "-i", swapped])
        #expect(unfit.code == 1)
        #expect(unfit.errors.contains("--features"), "\(unfit.errors)")
        let broken = try Self.write("a,b\n1,word\n", "broken.csv", in: fleet)
        let refused = try await fleet.run([Fleet.program, "run", model, "-i", broken])
        #expect(refused.code == 1)
        #expect(refused.errors.contains("broken.csv:2:3") && refused.errors.contains("--missing"), "\(refused.errors)")
      }
    }

    @Test func `run a request and answer as the server does`() async throws {
      try await Self.withModel { fleet, model in
        let request = try Self.write(
          #"{"id": "7", "inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 2], "data": [1, 2]}], "#
            + #""outputs": [{"name": "label"}]}"#, "request.json", in: fleet)
        let answer = try await fleet.run([Fleet.program, "run", model, "--input", request, "-o", "json"])
        #expect(answer.code == 0, "\(answer.errors)")
        let json = try answer.json()
        #expect(json["id"] as? String == "7")
        #expect(json["model_name"] as? String == "tiny")
        #expect((json["outputs"] as? [[String: Any]])?.map { $0["name"] as? String } == ["label"])
        let wrong = try Self.write(
          #"{"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 3], "data": [1, 2, 3]}]}"#, "wrong.json",
          in: fleet)
        let refused = try await fleet.run([Fleet.program, "run", model, "--input", wrong])
        #expect(refused.code == 1)
        #expect(refused.errors.contains("[1, 3]"), "\(refused.errors)")
      }
    }

    @Test func `write arrays, and name those that fit no input`() async throws {
      try await Self.withModel { fleet, model in
        let table = try Self.write("a,b\n1,2\n", "rows.csv", in: fleet)
        let file = fleet.root + "/out.npz"
        let written = try await fleet.run([Fleet.program, "run", model, "-i", table, "--to", file])
        #expect(written.code == 0, "\(written.errors)")
        #expect(written.output.isEmpty)
        let back = try await fleet.run([Fleet.program, "run", model, "-i", file])
        #expect(back.code == 1)
        #expect(back.errors.contains("'label', 'scores'") && back.errors.contains("it takes 'x'"), "\(back.errors)")
        let other = try await fleet.run([Fleet.program, "run", model, "-i", table, "--to", "out.txt"])
        #expect(other.code == 64)
        let unknown = try await fleet.run([Fleet.program, "run", model, "-i", model])
        #expect(unknown.code == 1)
        #expect(unknown.errors.contains(".npz, .npy, .json or .csv"), "\(unknown.errors)")
      }
    }

    @Test func `show none of the control characters in a model's names`() async throws {
      try await Self.withModel { fleet, model in
        var bytes = try Data(contentsOf: URL(filePath: model))
        // As long as the name it takes the place of.
        let name = Data("\u{1B}[31m".utf8)
        while let range = bytes.range(of: Data("label".utf8)) { bytes.replaceSubrange(range, with: name) }
        let hostile = fleet.root + "/hostile.onnx"
        try bytes.write(to: URL(filePath: hostile))
        _ = try await fleet.write(TinyModel.fast(sharpness: 1))
        let table = try Self.write("a,b\n1,2\n", "rows.csv", in: fleet)
        let commands: [(words: [String], code: Int32)] = [
          (["run", hostile, "-i", table], 0), (["run", hostile, "-i", table, "--to", fleet.root + "/out.json"], 0),
          (["run", hostile, "-i", table, "--only", "none"], 1), (["inspect", hostile], 0),
          (["gate", hostile, "--spec", fleet.clone + "/specs"], 1),
        ]
        for (words, code) in commands {
          let answer = try await fleet.run([Fleet.program] + words)
          #expect(answer.code == code, "\(words): \(answer.errors)")
          #expect(!(answer.output + answer.errors).contains("\u{1B}"), "\(words)")
        }
        #expect(try await fleet.run([Fleet.program, "run", hostile, "-i", table]).output.hasPrefix("?[31m: int64[1]"))
      }
    }

    @Test func `inspect a file`() async throws {
      try await Self.withModel { fleet, model in
        let text = try await fleet.run([Fleet.program, "inspect", model])
        #expect(text.code == 0, "\(text.errors)")
        for word in ["ai.onnx 17", "float[?, 2]", "Softmax", "Runnable.", "Memory:"] {
          #expect(text.output.contains(word), "\(text.output)")
        }
        let answer = try await fleet.run([Fleet.program, "inspect", model, "-o", "json"])
        let json = try answer.json()
        #expect(json["runnable"] as? Bool == true)
        #expect(((json["inputs"] as? [[String: Any]])?.first?["name"] as? String) == "x")
        #expect(((json["memory"] as? [String: Any])?["runBytes"] as? Int ?? 0) > 0)
        let none = try await fleet.run([Fleet.program, "inspect", try Self.write("no model", "no.onnx", in: fleet)])
        #expect(none.code == 1)
        #expect(none.errors.filter { $0 == "\n" }.count == 1, "\(none.errors)")
        #expect(none.errors.contains("no.onnx: "), "\(none.errors)")
        let table = try Self.write("a,b\n1,2\n", "rows.csv", in: fleet)
        for words in [["inspect", "/nowhere.onnx"], ["run", "/nowhere.onnx", "-i", table]] {
          let gone = try await fleet.run([Fleet.program] + words)
          #expect(gone.code == 1)
          #expect(gone.errors.hasPrefix("headgate: cannot open /nowhere.onnx: "), "\(gone.errors)")
        }
        // An operator of the same length that is none.
        var bytes = try Data(contentsOf: URL(filePath: model))
        let name = try #require(bytes.range(of: Data("Softmax".utf8)))
        bytes.replaceSubrange(name, with: Data("Softest".utf8))
        let unknown = fleet.root + "/unknown.onnx"
        try bytes.write(to: URL(filePath: unknown))
        let unfit = try await fleet.run([Fleet.program, "inspect", unknown])
        #expect(unfit.code == 1)
        #expect(unfit.output.contains("Not runnable: ") && unfit.output.contains("Softest"), "\(unfit.output)")
        #expect(try await fleet.run([Fleet.program, "inspect", unknown, "-o", "json"]).code == 1)
      }
    }

    @Test func `measure a model over the rows of a table`() async throws {
      try await Self.withModel { fleet, model in
        let table = try Self.write("a,b\n" + (0..<40).map { "\($0),1\n" }.joined(), "rows.csv", in: fleet)
        let command = [Fleet.program, "bench", model, "-i", table, "--seconds", "0.1", "--warm-up", "0.01"]
        let words = command + ["--batch", "8"]
        let text = try await fleet.run(words + ["--profile"])
        #expect(text.code == 0, "\(text.errors)")
        for word in [
          "of 8 rows, walking through 40", "p99", "rows/s", "kept memory", "OF BANDWIDTH", "Softmax", "peak of a core",
        ] {
          #expect(text.output.contains(word), "\(text.output)")
        }
        let answer = try await fleet.run(words + ["-o", "json"])
        let json = try answer.json()
        for key in ["wall_us", "cpu_us"] {
          let times = try #require(json[key] as? [String: Double])
          #expect(Set(times.keys) == ["p50", "p90", "p99"])
          #expect(times.values.allSatisfy { $0 >= 0 })
        }
        for key in ["rows_per_second", "load_ms", "peak_rss_bytes"] {
          #expect((json[key] as? Double ?? 0) > 0, "\(key): \(answer.output)")
        }
        #expect((json["kept_bytes"] as? Double ?? -1) >= 0)
        #expect(json["nodes"] == nil)
        let profiled = try await fleet.run(words + ["-o", "json", "--profile"]).json()
        let nodes = try #require(profiled["nodes"] as? [[String: Any]])
        #expect(nodes.contains { $0["operator"] as? String == "Softmax" })
        #expect(abs(nodes.reduce(0) { $0 + ($1["share"] as? Double ?? 0) } - 1) < 1e-9)
        let few = try await fleet.run(command + ["--batch", "41"])
        #expect(few.code == 1)
        #expect(few.errors.contains("40 rows"), "\(few.errors)")
        let shared = try await fleet.run(words + ["--threads", "2", "--concurrency", "3", "-o", "json"])
        #expect(shared.code == 0, "\(shared.errors)")
        #expect(try shared.json()["threads"] as? Int == 2)
        #expect(try shared.json()["concurrency"] as? Int == 3)
        for wrong in [
          ["--batch", "0"], ["--threads", "0"], ["--seconds", "0"], ["--concurrency", "0"],
          ["--threads", "2", "--profile"],
        ] {
          #expect(try await fleet.run(words + wrong).code == 64, "\(wrong)")
        }
      }
    }

    @Test func `list the operators`() async throws {
      try await Fleet.with { fleet in
        let all = try await fleet.run([Fleet.program, "operators", "-o", "json"])
        #expect(all.code == 0)
        let rows = try #require(try JSONSerialization.jsonObject(with: Data(all.output.utf8)) as? [[String: Any]])
        #expect(rows.count > 100)
        let conv = try await fleet.run([Fleet.program, "operators", "--domain", "ai.onnx.ml", "--name", "treeensemble"])
        #expect(conv.output.contains("TreeEnsembleRegressor"))
        #expect(!conv.output.contains("Softmax"))
        let markdown = try await fleet.run([Fleet.program, "operators", "--name", "softmax", "-o", "markdown"])
        #expect(markdown.output.contains("| ai.onnx | Softmax | 1, 13 |"), "\(markdown.output)")
        #expect(try await fleet.run([Fleet.program, "operators", "--name", "nothing"]).code == 1)
      }
    }

    @Test func `judge conformance and end with 1 when a case fails`() async throws {
      try await Self.withModel { fleet, model in
        let folder = fleet.root + "/cases"
        for (name, label) in [("good", 1), ("bad", 0)] as [(String, UInt8)] {
          let set = folder + "/small/\(name)/test_data_set_0"
          try FileManager.default.createDirectory(atPath: set, withIntermediateDirectories: true)
          try FileManager.default.copyItem(atPath: model, toPath: folder + "/small/\(name)/model.onnx")
          // Tensors of [1, 2] floats and [1] int64, with dims, type and raw data.
          let floats: [Float] = [1, 2]
          let x = floats.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } }
          try Data([8, 1, 8, 2, 16, 1, 74, 8] + x).write(to: URL(filePath: set + "/input_0.pb"))
          try Data([8, 1, 16, 7, 74, 8, label, 0, 0, 0, 0, 0, 0, 0]).write(to: URL(filePath: set + "/output_0.pb"))
          let scores: [Float] = [0.0024726232, 0.99752736]
          let y = scores.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } }
          try Data([8, 1, 8, 2, 16, 1, 74, 8] + y).write(to: URL(filePath: set + "/output_1.pb"))
        }
        let answer = try await fleet.run([Fleet.program, "conformance", folder, "-o", "json"])
        #expect(answer.code == 1, "\(answer.errors)")
        let json = try answer.json()
        #expect(json["passed"] as? Int == 1, "\(answer.output)")
        #expect(json["failed"] as? Int == 1)
        #expect((json["failures"] as? [[String: String]])?.first?["name"] == "small/bad")
        #expect((json["groups"] as? [String: [String: Int]])?["small"] == ["passed": 1, "failed": 1])
        let good = try await fleet.run([Fleet.program, "conformance", folder + "/small/good"])
        #expect(good.code == 0, "\(good.output)")
        #expect(try await fleet.run([Fleet.program, "conformance", fleet.root + "/nowhere"]).code == 1)
      }
    }
  }
}
