import Foundation
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import Connections

/// A server that answers each request with the next of some raw texts, then closes or waits as told.
private final class ScriptedServer: Sendable {
  private final class Script: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let next: @Sendable () -> String?
    init(next: @escaping @Sendable () -> String?) { self.next = next }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      let text = String(buffer: unwrapInboundIn(data))
      // Requests in these tests come in one piece.
      guard text.contains("\r\n\r\n") else { return }
      guard let answer = next() else {
        context.close(promise: nil)
        return
      }
      if answer.isEmpty { return }
      context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
      if answer.contains("cut off") { context.close(promise: nil) }
    }
  }

  private let answers: Mutex<[String?]>
  let connections = Atomic<Int>(0)
  private let bound = Mutex<(any Channel)?>(nil)

  init(_ answers: [String?]) {
    self.answers = Mutex(answers)
  }

  deinit {
    bound.withLock { $0?.close(promise: nil) }
  }

  func start() async throws -> HTTPClient {
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          self.connections.add(1, ordering: .relaxed)
          try channel.pipeline.syncOperations.addHandler(
            Script { self.answers.withLock { $0.isEmpty ? nil : $0.removeFirst() } })
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    bound.withLock { $0 = channel }
    return HTTPClient(.tcp(host: "127.0.0.1", port: try #require(channel.localAddress?.port)), maxBodyBytes: 1000)
  }

  var connectionCount: Int { connections.load(ordering: .relaxed) }
}

private let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: b\r\n\r\nhi"

@Suite struct `An HTTP client` {
  @Test func `uses a connection again`() async throws {
    let server = ScriptedServer([ok, ok, "HTTP/1.1 404 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n"])
    let client = try await server.start()
    for _ in 0..<2 {
      let response = try await client.send(ClientRequest("GET", "/"))
      #expect(response.status == 200)
      #expect(response.body == Array("hi".utf8))
      #expect(response.header("x-a") == "b")
    }
    let response = try await client.send(ClientRequest("POST", "/", body: [1]))
    #expect(response.status == 404)
    #expect(response.body == Array("no".utf8))
    #expect(server.connectionCount == 1)
  }

  @Test func `does not use a connection again that the server gives up`() async throws {
    let server = ScriptedServer(["HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", ok])
    let client = try await server.start()
    _ = try await client.send(ClientRequest("GET", "/"))
    _ = try await client.send(ClientRequest("GET", "/"))
    #expect(server.connectionCount == 2)
  }

  @Test func `repeats what may be repeated when a used connection ends, and nothing else`() async throws {
    let server = ScriptedServer([ok, nil, ok, nil])
    let client = try await server.start()
    _ = try await client.send(ClientRequest("GET", "/"))
    #expect(try await client.send(ClientRequest("PUT", "/")).status == 200)
    let error = await #expect(throws: ClientError.self) { try await client.send(ClientRequest("POST", "/")) }
    #expect(error?.code == .closed)
  }

  @Test(arguments: [
    (
      "HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + String(repeating: "x", count: 2000),
      ClientError.Code.badAnswer
    ),
    ("what is this\r\n\r\n", .badAnswer), ("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncut off", .closed),
  ])
  func `says what is wrong with an answer`(answer: String, code: ClientError.Code) async throws {
    let server = ScriptedServer([answer])
    let client = try await server.start()
    let error = await #expect(throws: ClientError.self) { try await client.send(ClientRequest("GET", "/")) }
    #expect(error?.code == code)
  }

  @Test func `does not wait for ever`() async throws {
    let server = ScriptedServer([""])
    let client = try await server.start()
    let error = await #expect(throws: ClientError.self) {
      try await client.send(ClientRequest("GET", "/"), timeout: .milliseconds(30))
    }
    #expect(error?.code == .timeout)
  }

  @Test func `ends when its task is cancelled`() async throws {
    let server = ScriptedServer([""])
    let client = try await server.start()
    let task = Task { try await client.send(ClientRequest("GET", "/")) }
    task.cancel()
    await #expect(throws: ClientError.self) { try await task.value }
  }

  @Test func `says that nobody listens`() async throws {
    let client = HTTPClient(.unix(path: "/tmp/hg-nobody-\(UInt32.random(in: .min ... .max))"))
    let error = await #expect(throws: ClientError.self) { try await client.send(ClientRequest("GET", "/")) }
    #expect(error?.code == .refused)
  }
}
