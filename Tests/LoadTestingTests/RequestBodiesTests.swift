import Connections
import Domain
import Testing

@testable import LoadTesting

private func port(_ name: String, _ datatype: String, _ shape: [Int]) -> ModelMetadata.Port {
  ModelMetadata.Port(name: name, datatype: datatype, shape: shape)
}

@Suite struct `Requests of a load` {
  private func bodies(_ csv: String, _ inputs: [ModelMetadata.Port], key: String? = nil) throws -> [String] {
    let metadata = ModelMetadata(name: "m", inputs: inputs, outputs: [])
    return try RequestBodies(Array(csv.utf8), name: "f.csv", metadata: metadata, keyColumn: key).items
      .map { ($0.key.map { $0 + " " } ?? "") + String(decoding: $0.body, as: UTF8.self) }
  }

  @Test func `bind columns to inputs by name`() throws {
    let texts = try bodies(
      "label,age,job,id\n1,33,\"a \"\"b\"\", c\",p1\n0,,x,p2\n",
      [port("age", "FP32", [-1, 1]), port("job", "BYTES", [-1, 1])], key: "id")
    #expect(
      texts == [
        #"p1 {"inputs":[{"name":"age","shape":[1,1],"datatype":"FP32","data":[33.0]},"#
          + #"{"name":"job","shape":[1,1],"datatype":"BYTES","data":["a \"b\", c"]}]}"#,
        #"p2 {"inputs":[{"name":"age","shape":[1,1],"datatype":"FP32","data":[null]},"#
          + #"{"name":"job","shape":[1,1],"datatype":"BYTES","data":["x"]}]}"#,
      ])
  }

  @Test func `fill one wide input with all columns in order`() throws {
    #expect(
      try bodies("a,b\n1,2\n", [port("x", "INT64", [-1, 2])])
        == [#"{"inputs":[{"name":"x","shape":[1,2],"datatype":"INT64","data":[1,2]}]}"#])
  }

  @Test func `may be one body of the user's own`() throws {
    #expect(try bodies(" {\"inputs\":[]}", []) == [" {\"inputs\":[]}"])
  }

  @Test(arguments: [
    ("a\n1\n", "no column 'b'"), ("a,b\n1\n", "cells"), ("a,b\nx,1\n", "'x' is no FP32"),
    ("a,a\n1,2\n", "appears twice"),
    ("a,b\n", "no rows"), ("a,b\n\"1,2\n", "quote"),
  ])
  func `name what does not fit`(csv: String, reason: String) {
    let error = #expect(throws: LoadError.self) {
      try bodies(csv, [port("a", "FP32", [-1, 1]), port("b", "FP32", [-1, 1])])
    }
    #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
  }
}

@Suite struct `An answer under load` {
  private func judge(_ body: String, status: Int = 200, header: String? = "2", rows: Int? = 1) -> AnswerCheck.Verdict {
    let check = AnswerCheck(
      model: "m", version: nil, outputs: [port("label", "INT64", [-1]), port("probabilities", "FP32", [-1, 2])],
      expected: [[AnswerCheck.ExpectedValue(output: "label", index: 0, text: "1")]], tolerance: 1e-5)
    let response = ClientResponse(
      status: status, headers: header.map { [(name: "x-headgate-version", value: $0)] } ?? [], body: Array(body.utf8))
    return check.judge(response, item: 0, rowCount: rows)
  }

  private func body(label: String = "1", scores: String = "[0.25,0.75]", shape: String = "[1,2]") -> String {
    #"{"model_name":"m","model_version":"2","id":"","outputs":[{"name":"label","datatype":"INT64","shape":[1],"data":[\#(label)]},"#
      + #"{"name":"probabilities","datatype":"FP32","shape":\#(shape),"data":\#(scores)}]}"#
  }

  @Test func `is good when all of it is`() {
    #expect(judge(body()) == .good(version: "2"))
  }

  @Test(arguments: [
    (#"{"model_name":"m"}"#, "protocol"), ("", "protocol"),
  ])
  func `is bad when it is none of the protocol`(body: String, reason: String) {
    expectBad(judge(body), reason)
  }

  @Test func `is bad for each fault`() {
    expectBad(judge(#"{"error":"late"}"#, status: 503), "status 503: late")
    expectBad(judge(body(), header: "1"), "another version")
    expectBad(judge(body(scores: "[0.25]")), "shape")
    expectBad(judge(body(scores: "[1.5,0.5]")), "outside of [0, 1]")
    expectBad(judge(body(scores: #"["NaN",0.5]"#)), "not finite")
    expectBad(judge(body(scores: "[0.1,0.9,0.1,0.9]", shape: "[2,2]")), "2 rows")
    expectBad(judge(body(label: "0")), "expected")
  }

  private func expectBad(_ verdict: AnswerCheck.Verdict, _ part: String) {
    guard case .bad(_, let reason) = verdict else {
      Issue.record("taken as good, though it should be bad: \(part)")
      return
    }
    #expect(reason.contains(part), "\(reason)")
  }
}

@Suite struct `A model's URL` {
  @Test(arguments: [
    ("http://h:1/v2/models/m", "/v2/models/m"), ("http://h:1/v2/models/m/infer", "/v2/models/m"),
    ("http://h:1/v2/models/m/versions/3/infer", "/v2/models/m/versions/3"),
  ])
  func `names the model`(url: String, path: String) throws {
    #expect(try ModelURL(url).path == path)
  }

  @Test(arguments: ["http://h:1", "http://h:1/v1/models/m", "h:1", "http://h:1/v2/models"])
  func `is refused without one`(url: String) {
    #expect(throws: LoadError.self) { try ModelURL(url) }
  }
}
