import Foundation
import Testing

extension EndToEnd {
  @Suite struct `The command line` {
    private static let usages: [(words: [String], code: Int32)] = [
      (["plan", "--unknown"], 64), (["get", "--output", "xml"], 64), (["nonsense"], 64), (["load"], 64),
      (["schema", "Nothing"], 64), (["serve"], 64), (["up", "--repository", "x", "--interval", "soon"], 64),
      (["version"], 0), (["--help"], 0),
    ]

    @Test(arguments: usages)
    func `ends with 64 on wrong usage only`(words: [String], code: Int32) async throws {
      try await Fleet.with { fleet in
        let answer = try await fleet.run([Fleet.program] + words)
        #expect(answer.code == code, "\(answer.errors)")
        #expect(code == 0 ? answer.errors.isEmpty : answer.output.isEmpty)
        if code == 64 { #expect(answer.errors.hasPrefix("Error: "), "\(answer.errors)") }
      }
    }

    @Test func `says which kernels run models`() async throws {
      try await Fleet.with { fleet in
        let forced = ["/usr/bin/env", "HEADGATE_KERNELS=reference", Fleet.program, "version"]
        let text = try await fleet.run(forced)
        #expect(text.output.hasPrefix("headgate ") && text.output.hasSuffix(", kernels reference\n"), "\(text.output)")
        let json = try await fleet.run(forced + ["-o", "json"]).json()
        #expect(json["instructionSet"] as? String == "reference")
        let chosen = try await fleet.run([Fleet.program, "version", "-o", "json"]).json()
        #expect(["reference", "avx2", "avx512"].contains(chosen["instructionSet"] as? String))
      }
    }

    @Test(arguments: ["ModelDeployment", "Dataset", "Environment"])
    func `prints the schema of a kind as JSON`(kind: String) async throws {
      try await Fleet.with { fleet in
        let answer = try await fleet.run([Fleet.program, "schema", kind])
        #expect(answer.code == 0)
        #expect(try answer.json()["type"] as? String == "object")
        #expect(answer.output.contains(#""\#(kind)""#))
      }
    }

    @Test func `points at a misspelt field`() async throws {
      try await Fleet.with { fleet in
        _ = try await fleet.write(TinyModel.fast(sharpness: 1))
        let folder = fleet.clone + "/specs"
        let good = try await fleet.run([Fleet.program, "validate", folder])
        #expect(good.code == 0, "\(good.output)")
        #expect(good.output == "2 objects, no faults\n")
        let path = folder + "/tiny.yaml"
        let spec = fleet.text(path).replacingOccurrences(of: "  rollout:", with: "  rollot:")
        try spec.write(toFile: path, atomically: true, encoding: .utf8)
        let line = try #require(
          spec.split(separator: "\n", omittingEmptySubsequences: false).firstIndex(of: "  rollot:"))
        let bad = try await fleet.run([Fleet.program, "validate", folder])
        #expect(bad.code == 1)
        #expect(bad.output.contains("specs/tiny.yaml:\(line + 1):3: error: unknown field 'rollot'"), "\(bad.output)")
        #expect(bad.output.contains("    rollot:\n    ^~~~~~\n"), "\(bad.output)")
        #expect(bad.output.contains("did you mean 'rollout'?"), "\(bad.output)")
        let json = try await fleet.run([Fleet.program, "validate", folder, "-o", "json"])
        #expect(json.code == 1)
        #expect(try json.json()["valid"] as? Bool == false)
      }
    }

    @Test func `ends with 2 when a plan has changes`() async throws {
      try await Fleet.with { fleet in
        _ = try await fleet.write(TinyModel.fast(sharpness: 1))
        try await fleet.commit("First model")
        _ = try await fleet.write(TinyModel.fast(sharpness: 2))
        try await fleet.commit("Second model")
        func plan(_ words: String...) async throws -> Fleet.Answer {
          try await fleet.run([Fleet.program, "plan"] + words, in: fleet.clone)
        }
        let changed = try await plan("--base", "HEAD~1", "--detailed-exitcode")
        #expect(changed.code == 2, "\(changed.errors)")
        #expect(changed.output.contains("tiny"))
        #expect(try await plan("--base", "HEAD~1").code == 0)
        #expect(try await plan("--base", "HEAD", "--detailed-exitcode").code == 0)
        let unknown = try await plan("--base", "nowhere")
        #expect(unknown.code == 1)
        #expect(unknown.errors.isOneLine, "\(unknown.errors)")
      }
    }

    @Test func `ends a gate with 3 when it fails and 4 when it is inconclusive`() async throws {
      try await Fleet.with { fleet in
        _ = try await fleet.write(TinyModel.fast(sharpness: 1))
        try TinyModel.wrong(sharpness: 1).write(to: URL(filePath: fleet.root + "/wrong.onnx"))
        let spec = fleet.clone + "/specs"
        func gate(_ model: String, _ words: String...) async throws -> Fleet.Answer {
          try await fleet.run([Fleet.program, "gate", model, "--spec", spec] + words)
        }
        let good = fleet.clone + "/models/tiny.onnx"
        let passed = try await gate(good)
        #expect(passed.code == 0, "\(passed.output) \(passed.errors)")
        #expect(passed.output.hasSuffix("\npass\n"))
        let failed = try await gate(fleet.root + "/wrong.onnx")
        #expect(failed.code == 3, "\(failed.output) \(failed.errors)")
        #expect(failed.output.hasSuffix("\nfail\n"))
        let unclear = fleet.text(spec + "/tiny.yaml")
          .replacingOccurrences(of: "split: test, metric: accuracy", with: "split: few, metric: accuracy")
        try unclear.write(toFile: spec + "/tiny.yaml", atomically: true, encoding: .utf8)
        let inconclusive = try await gate(good)
        #expect(inconclusive.code == 4, "\(inconclusive.output) \(inconclusive.errors)")
        #expect(inconclusive.output.hasSuffix("\ninconclusive\n"))
        let missing = try await gate(fleet.root + "/gone.onnx")
        #expect(missing.code == 1)
        #expect(missing.errors.isOneLine, "\(missing.errors)")
      }
    }

    @Test func `says when it reads without a controller, and what is unknown`() async throws {
      try await Fleet.with { fleet in
        let empty = try await fleet.headgate("get")
        #expect(empty.code == 1)
        #expect(empty.errors.isOneLine && empty.errors.contains("there is no journal"), "\(empty.errors)")
        let aimless = try await fleet.headgate("up")
        #expect(aimless.code == 1)
        #expect(aimless.errors.isOneLine && aimless.errors.contains("--repository"), "\(aimless.errors)")
        _ = try await fleet.write(TinyModel.fast(sharpness: 1))
        try await fleet.commit("First model")
        let controller = try fleet.up()
        _ = try await fleet.status(within: .seconds(60), "the first release") { $0.condition("Ready") == "True" }
        let online = try await fleet.headgate("get")
        #expect(online.code == 0)
        #expect(online.errors.isEmpty, "\(online.errors)")
        let stranger = try await fleet.headgate("get", "stranger")
        #expect(stranger.code == 1)
        #expect(stranger.errors.isOneLine && stranger.errors.contains("'stranger'"), "\(stranger.errors)")
        #expect(stranger.output.isEmpty)
        #expect(try await fleet.headgate("plan", "--detailed-exitcode").code == 0)
        #expect(try await fleet.headgate("reconcile").code == 0)
        for command in ["describe", "explain", "history"] {
          let answer = try await fleet.headgate(command, "tiny")
          #expect(answer.code == 0, "\(command): \(answer.errors)")
          #expect(answer.errors.isEmpty, "\(command): \(answer.errors)")
        }
        controller.send(SIGTERM)
        #expect(try await controller.end(within: .seconds(60)) == .code(0))

        for words in [["get"], ["get", "tiny"], ["describe", "tiny"], ["explain", "tiny"], ["history", "tiny"]] {
          let answer = try await fleet.run([Fleet.program] + words + ["--state", fleet.state])
          #expect(answer.code == 0, "\(words): \(answer.errors)")
          #expect(answer.output.contains("tiny"), "\(words): \(answer.output)")
          #expect(
            answer.errors == "no controller runs on \(fleet.state): this is what its journal remembers\n",
            "\(words): \(answer.errors)")
        }
        for words in [["reconcile"], ["retry", "tiny"], ["abort", "tiny"], ["plan"]] {
          let answer = try await fleet.run([Fleet.program] + words + ["--state", fleet.state])
          #expect(answer.code == 1, "\(words)")
          #expect(
            answer.errors.isOneLine && answer.errors.contains("no controller runs on"), "\(words): \(answer.errors)")
        }
      }
    }
  }
}

extension String {
  /// Whether it is one line that ends.
  fileprivate var isOneLine: Bool { hasSuffix("\n") && filter { $0 == "\n" }.count == 1 }
}
