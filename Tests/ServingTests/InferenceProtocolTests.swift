import Domain
import Foundation
import TestSupport
import Testing

@testable import Serving

/// One server with one model `m`: `y = x` over float[?, 3].
private func serveIdentity(_ type: UInt64 = 1) async throws -> (RunningServer, TestState) {
  let state = try TestState()
  let server = try await RunningServer.gated(state)
  let status = try await server.route(
    generation: 1, [try state.release(1, bytes: ONNXFile.identity(type: type), weight: 10_000)])
  #expect(status.models.first?.versions.first?.state == .ready)
  return (server, state)
}

@Suite struct `The inference protocol over REST` {
  @Test(arguments: [
    ("/v2/health/live", #"{"live":true}"#),
    ("/v2/health/ready", #"{"ready":true,"live":true}"#),
    ("/v2/models/m/ready", #"{"name":"m","ready":true}"#),
    ("/v2/models/m/versions/1/ready", #"{"name":"m","ready":true}"#),
    (
      "/v2/models/m",
      #"{"name":"m","versions":["1"],"platform":"onnx","inputs":[{"name":"x","datatype":"FP32","shape":[-1,3]}],"#
        + #""outputs":[{"name":"y","datatype":"FP32","shape":[-1,3]}]}"#
    ),
    (
      "/v2/models/m/config",
      #"{"name":"m","platform":"onnx","backend":"headgate","max_batch_size":0,"#
        + #""input":[{"name":"x","data_type":"TYPE_FP32","dims":[-1,3]}],"#
        + #""output":[{"name":"y","data_type":"TYPE_FP32","dims":[-1,3]}]}"#
    ),
  ])
  func `answers questions about itself and its models`(path: String, body: String) async throws {
    let (server, _) = try await serveIdentity()
    let response = try await server.get(path)
    #expect(response.status == 200)
    #expect(response.text == body)
    #expect(response.header("content-type") == "application/json")
  }

  @Test func `gives its name, version and extensions`() async throws {
    let (server, _) = try await serveIdentity()
    let response = try await server.get("/v2")
    #expect(response.json["name"] as? String == "headgate")
    #expect(response.json["version"] is String)
    #expect(response.json["extensions"] is [String])
    #expect(response.json["ungated"] == nil)
  }

  @Test(arguments: [
    #"{"inputs":[{"name":"x","shape":[2,3],"datatype":"FP32","data":[1,2,3,4,5,6.5]}]}"#,
    #"{"inputs":[{"name":"x","shape":[2,3],"datatype":"FP32","data":[[1,2,3],[4,5,6.5]]}]}"#,
    #"{"inputs":[{"data":[[1,2,3],[4,5,6.5]],"datatype":"FP32","shape":[2,3],"name":"x"}]}"#,
    #" { "inputs" : [ { "name" : "x" , "shape" : [ 2 , 3 ] , "datatype" : "FP32" , "data" : [ 1 , 2.0 , 3e0, 4, 5, 65e-1 ] } ] } "#,
    #"{"parameters":{"binary_data_output":true},"inputs":[{"name":"x","shape":[2,3],"datatype":"FP32","data":[1,2,3,4,5,6.5]}],"outputs":[{"name":"y","parameters":{"binary_data":false}}]}"#,
    #"{"inputs":[{"name":"x","shape":[2,3],"datatype":"FP32","parameters":{},"data":[1,2,3,4,5,6.5]}],"outputs":[]}"#,
  ])
  func `reads data flat and nested, in any order of members`(body: String) async throws {
    let (server, _) = try await serveIdentity()
    let response = try await server.post("/v2/models/m/infer", body)
    #expect(response.status == 200, "\(response.text)")
    #expect(response.numbers("y") == [1, 2, 3, 4, 5, 6.5])
    #expect(response.json["model_name"] as? String == "m")
    #expect(response.json["model_version"] as? String == "1")
    #expect((response.json["id"] as? String)?.isEmpty == false)
    #expect(response.header("X-Headgate-Version") == "1")
  }

  @Test func `gives a request's id back`() async throws {
    let (server, _) = try await serveIdentity()
    let response = try await server.post(
      "/v2/models/m/versions/1/infer",
      #"{"id":"a \"quoted\" \u00e9","inputs":[{"name":"x","shape":[0,3],"datatype":"FP32","data":[]}]}"#)
    #expect(response.json["id"] as? String == "a \"quoted\" é")
    #expect(response.numbers("y") == [])
  }

  @Test(arguments: [
    (#""#, "no body"),
    (#"{"#, "ends"),
    (#"[]"#, "'{'"),
    (#"{}"#, "'inputs'"),
    (#"{"inputs":[{"name":"x","shape":[2,3],"datatype":"FP32","data":[1,2,3,4,5]}]}"#, "fewer than"),
    (#"{"inputs":[{"name":"x","shape":[2,3],"datatype":"FP32","data":[1,2,3,4,5,6,7]}]}"#, "more than"),
    (#"{"inputs":[{"name":"x","shape":[2,3],"datatype":"FP32","data":[[1,2],[3,4],[5,6]]}]}"#, "fewer than"),
    (#"{"inputs":[{"name":"x","shape":[2,3],"datatype":"FP32","data":[[1,2,3],[4,5,6]}]}"#, "']'"),
    (#"{"inputs":[{"name":"x","shape":[1099511627776,1099511627776],"datatype":"FP32","data":[1]}]}"#, "more elements"),
    (#"{"inputs":[{"name":"x","shape":[1099511627776],"datatype":"FP32","data":[1]}]}"#, "more elements"),
    (#"{"inputs":[{"name":"x","shape":[-1,3],"datatype":"FP32","data":[1,2,3]}]}"#, "dimension"),
    (#"{"inputs":[{"name":"x","shape":[1.5,3],"datatype":"FP32","data":[1,2,3]}]}"#, "dimension"),
    (#"{"inputs":[{"name":"x","shape":[1,3],"datatype":"FP99","data":[1,2,3]}]}"#, "FP99"),
    (#"{"inputs":[{"name":"x","shape":[1,3],"datatype":"FP16","data":[1,2,3]}]}"#, "JSON form"),
    (#"{"inputs":[{"name":"x","shape":[1,3],"datatype":"FP64","data":[1,2,3]}]}"#, "takes FP32"),
    (#"{"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":["1",2,3]}]}"#, "string"),
    (#"{"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":[1e39,2,3]}]}"#, "range of FP32"),
    (#"{"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":[01,2,3]}]}"#, "begin with 0"),
    (#"{"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","data":[1,2,3,4]}]}"#, "[-1, 3]"),
    (#"{"inputs":[{"name":"x","shape":[3],"datatype":"FP32","data":[1,2,3]}]}"#, "[-1, 3]"),
    (#"{"inputs":[{"name":"z","shape":[1,3],"datatype":"FP32","data":[1,2,3]}]}"#, "no input 'z'"),
    (#"{"inputs":[]}"#, "missing"),
    (#"{"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32"}]}"#, "'data'"),
    (#"{"inputs":[{"name":"x","datatype":"FP32","data":[1]}]}"#, "'shape'"),
    (#"{"inputs":[{"name":"x","shape":[1],"data":[1]}]}"#, "'datatype'"),
    (#"{"inputs":[{"shape":[1,3],"datatype":"FP32","data":[1,2,3]}]}"#, "name"),
    (#"{"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","parameters":{"binary_data_size":12}}]}"#, "binary"),
    (
      #"{"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":[1,2,3]}],"outputs":[{"name":"q"}]}"#,
      "no output 'q'"
    ),
    (#"{"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":[1,2,3]}],"inputs":[]}"#, "second 'inputs'"),
    (#"{"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":[1,2,3]}]} x"#, "end of the text"),
    (#"{"id":7,"inputs":[]}"#, "string"),
    (#"{"x":"# + String(repeating: "[", count: 100_000), "nested"),
  ])
  func `refuses what is wrong with a reason`(body: String, reason: String) async throws {
    let (server, _) = try await serveIdentity()
    let response = try await server.post("/v2/models/m/infer", body)
    #expect(response.status == 400)
    #expect((response.json["error"] as? String)?.contains(reason) == true, "\(response.text)")
  }

  @Test(arguments: [
    (3 as UInt64, "INT8", "300"), (3, "INT8", "-129"), (2, "UINT8", "-1"), (5, "INT16", "32768"),
    (4, "UINT16", "65536"),
    (6, "INT32", "2147483648"), (12, "UINT32", "4294967296"), (7, "INT64", "9223372036854775808"),
    (13, "UINT64", "18446744073709551616"), (7, "INT64", "1.5"), (9, "BOOL", "2"), (8, "BYTES", "1"),
    (11, "FP64", "1e400"),
  ])
  func `refuses values outside of their type`(type: UInt64, datatype: String, value: String) async throws {
    let (server, _) = try await serveIdentity(type)
    let response = try await server.post(
      "/v2/models/m/infer",
      #"{"inputs":[{"name":"x","shape":[1,3],"datatype":"\#(datatype)","data":[\#(value),\#(value),\#(value)]}]}"#)
    #expect(response.status == 400)
    #expect(response.json["error"] is String)
  }

  @Test(arguments: [
    (1 as UInt64, "FP32", "[0.1,-3.4028235e+38,1e-45]"), (11, "FP64", "[0.1,1.7976931348623157e+308,5e-324]"),
    (2, "UINT8", "[0,255,1]"), (3, "INT8", "[-128,127,1]"), (4, "UINT16", "[0,65535,1]"),
    (5, "INT16", "[-32768,32767,1]"),
    (12, "UINT32", "[0,4294967295,1]"), (6, "INT32", "[-2147483648,2147483647,1]"),
    (13, "UINT64", "[0,18446744073709551615,1]"), (7, "INT64", "[-9223372036854775808,9223372036854775807,1]"),
    (9, "BOOL", "[true,false,true]"), (8, "BYTES", #"["","a\"b\\\n","é😀"]"#),
  ])
  func `gives every datatype back as it came`(type: UInt64, datatype: String, data: String) async throws {
    let (server, _) = try await serveIdentity(type)
    let response = try await server.post(
      "/v2/models/m/infer", #"{"inputs":[{"name":"x","shape":[1,3],"datatype":"\#(datatype)","data":\#(data)}]}"#)
    #expect(response.status == 200, "\(response.text)")
    #expect(response.text.contains(#""datatype":"\#(datatype)","shape":[1,3],"data":\#(data)}"#), "\(response.text)")
  }

  @Test(arguments: [
    "[null,1,2]", "[NaN,1,2]", #"["NaN",1,2]"#,
  ])
  func `reads a missing number in every spelling of it`(data: String) async throws {
    let (server, _) = try await serveIdentity()
    let response = try await server.post(
      "/v2/models/m/infer", #"{"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":\#(data)}]}"#)
    #expect(response.text.contains(#""data":["NaN",1.0,2.0]"#), "\(response.text)")
  }

  @Test func `writes infinities as protocol buffers do`() async throws {
    let (server, _) = try await serveIdentity()
    let response = try await server.post(
      "/v2/models/m/infer",
      #"{"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":[Infinity,-Infinity,"Infinity"]}]}"#)
    #expect(response.text.contains(#""data":["Infinity","-Infinity","Infinity"]"#), "\(response.text)")
  }

  @Test func `answers the maps of a ZipMap as scores with labels`() async throws {
    let state = try TestState()
    let server = try await RunningServer.gated(state)
    _ = try await server.route(generation: 1, [try state.release(1, bytes: ONNXFile.zipMap(), weight: 10_000)])
    let response = try await server.post(
      "/v2/models/m/infer", #"{"inputs":[{"name":"x","shape":[2,2],"datatype":"FP32","data":[0.25,0.75,1,0]}]}"#)
    #expect(response.numbers("p") == [0.25, 0.75, 1, 0])
    let output = try #require((response.json["outputs"] as? [[String: Any]])?.first)
    #expect(output["shape"] as? [Int] == [2, 2])
    #expect((output["parameters"] as? [String: String])?["labels"] == #"["no","yes"]"#)
  }

  @Test(arguments: [
    ("GET", "/", 404), ("GET", "/v2/models/none", 404), ("GET", "/v2/models/none/ready", 404),
    ("POST", "/v2/models/none/infer", 404), ("POST", "/v2/models/m/versions/2/infer", 404),
    ("POST", "/v2/models/m/versions/x/infer", 404), ("GET", "/v2/models/m/versions/2", 404),
    ("GET", "/v2/models/m/infer", 405), ("GET", "/v2/health/late", 404), ("GET", "/v2/models/%zz", 400),
    ("POST", "/v2/repository/models/m/load", 400), ("POST", "/v2/repository/models/m/unload", 400),
    ("PUT", "/admin/v1/routes", 404), ("GET", "/admin/v1/status", 404),
  ])
  func `has errors in JSON for what is not there`(method: String, path: String, status: Int) async throws {
    let (server, _) = try await serveIdentity()
    let body = #"{"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":[1,2,3]}]}"#
    let response = try await server.client.send(.init(method, path, body: Array(body.utf8)))
    #expect(response.status == status, "\(response.text)")
    #expect(response.json["error"] is String)
  }

  @Test func `refuses binary tensors and compressed bodies in words`() async throws {
    let (server, _) = try await serveIdentity()
    let binary = try await server.post(
      "/v2/models/m/infer", "{}", headers: [("Inference-Header-Content-Length", "2")])
    #expect(binary.status == 400)
    #expect(binary.text.contains("binary"))
    let gzip = try await server.post("/v2/models/m/infer", "{}", headers: [("Content-Encoding", "gzip")])
    #expect(gzip.status == 415)
  }

  @Test func `refuses a body that is too large and goes on`() async throws {
    let state = try TestState()
    var settings = ServerSettings()
    settings.maxBodyBytes = 1000
    let server = try await RunningServer.gated(state, settings: settings)
    _ = try await server.route(generation: 1, [try state.release(1, bytes: ONNXFile.identity(), weight: 10_000)])
    let response = try await server.post("/v2/models/m/infer", String(repeating: " ", count: 2000))
    #expect(response.status == 413)
    #expect(try await server.get("/v2/health/live").status == 200)
  }

  @Test func `lists models and versions with their state`() async throws {
    let (server, _) = try await serveIdentity()
    let response = try await server.post("/v2/repository/index", "")
    #expect(response.text == #"[{"name":"m","version":"1","state":"READY","reason":""}]"#)
  }

  @Test func `counts requests for statistics and metrics`() async throws {
    let (server, _) = try await serveIdentity()
    let body = #"{"inputs":[{"name":"x","shape":[2,3],"datatype":"FP32","data":[1,2,3,4,5,6]}]}"#
    for _ in 0..<3 { _ = try await server.post("/v2/models/m/infer", body) }
    _ = try await server.post("/v2/models/m/infer", "no")
    for path in ["/v2/models/stats", "/v2/models/m/stats", "/v2/models/m/versions/1/stats"] {
      let response = try await server.get(path)
      let model = try #require((response.json["model_stats"] as? [[String: Any]])?.first)
      #expect(model["inference_count"] as? Int == 6)
      #expect(model["execution_count"] as? Int == 3)
      let spans = try #require(model["inference_stats"] as? [String: [String: Int]])
      #expect(spans["success"]?["count"] == 3)
      #expect(spans["fail"]?["count"] == 1)
      #expect(spans["compute_infer"]?["count"] == 3)
    }
    let metrics = try await server.get("/metrics").text
    #expect(metrics.contains(#"headgate_requests_total{model="m",version="1",code="200"} 3"#))
    #expect(metrics.contains(#"headgate_requests_total{model="m",version="1",code="400"} 1"#))
    #expect(metrics.contains(#"headgate_request_duration_seconds_count{model="m",version="1"} 4"#))
    #expect(metrics.contains(#"headgate_version_weight{model="m",version="1"} 1"#))
    #expect(metrics.contains(#"headgate_server_info{version="0.1.0",ungated="false"} 1"#))
  }

  @Test func `escapes labels`() {
    var text = PrometheusText()
    text.sample("a", [("b", "x\"y\\z\n")], 1.5)
    #expect(String(decoding: text.bytes, as: UTF8.self) == "a{b=\"x\\\"y\\\\z\\n\"} 1.5\n")
  }
}
