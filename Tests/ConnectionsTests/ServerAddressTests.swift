import Testing

@testable import Connections

@Suite struct `An address` {
  @Test(arguments: [
    ("http://a", ServerAddress.tcp(host: "a", port: 80), "/"),
    ("http://a:8080/v2/x?y", .tcp(host: "a", port: 8080), "/v2/x?y"),
    ("http://[::1]:1/", .tcp(host: "::1", port: 1), "/"),
    ("http://[::1]", .tcp(host: "::1", port: 80), "/"),
    ("unix:/tmp/s", .unix(path: "/tmp/s"), "/"),
  ])
  func `is read from a URL`(url: String, address: ServerAddress, path: String) throws {
    let parsed = try #require(ServerAddress.parse(url))
    #expect(parsed.address == address)
    #expect(parsed.path == path)
  }

  @Test(arguments: [
    "", "a", "https://a", "http://", "http://a:0", "http://a:65536", "http://a:b", "http://u@a", "unix:s",
  ])
  func `is refused when it is none, or would need TLS`(url: String) {
    #expect(ServerAddress.parse(url) == nil)
  }
}
