import NIOCore
import NIOHTTP1
import Synchronization

/// One connection to a server, which carries one request at a time.
final class Connection: Sendable {
  private let channel: any Channel
  private let handler: NIOLoopBound<ResponseHandler>
  /// Requests answered on it so far.
  private let answered = Atomic<Int>(0)

  init(channel: any Channel, handler: NIOLoopBound<ResponseHandler>) {
    self.channel = channel
    self.handler = handler
  }

  var isOpen: Bool { channel.isActive }
  var isFresh: Bool { answered.load(ordering: .relaxed) == 0 }

  /// Sends a request and waits for the whole answer. After an error the connection is of no use.
  /// - Returns: the response, and whether the server keeps the connection.
  func send(
    _ request: ClientRequest, host: String, timeout: Duration
  ) async throws(ClientError) -> (ClientResponse, keepsAlive: Bool) {
    let promise = channel.eventLoop.makePromise(of: ResponseHandler.Received.self)
    let channel = channel
    let handler = handler
    channel.eventLoop.execute {
      handler.value.expect(promise, timeout: timeout, channel: channel)
      channel.write(HTTPClientRequestPart.head(Self.head(of: request, host: host)), promise: nil)
      if !request.body.isEmpty {
        channel.write(HTTPClientRequestPart.body(.byteBuffer(ByteBuffer(bytes: request.body))), promise: nil)
      }
      channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
    }
    do {
      let received = try await withTaskCancellationHandler {
        try await promise.futureResult.get()
      } onCancel: {
        channel.close(promise: nil)
      }
      answered.add(1, ordering: .relaxed)
      return (received.response, received.keepsAlive)
    } catch let error as ClientError {
      throw Task.isCancelled ? ClientError(.cancelled, "the request was cancelled") : error
    } catch {
      throw ClientError(.closed, "the connection failed: \(error)")
    }
  }

  func close() {
    channel.close(promise: nil)
  }

  private static func head(of request: ClientRequest, host: String) -> HTTPRequestHead {
    var head = HTTPRequestHead(
      version: .http1_1, method: HTTPMethod(rawValue: request.method), uri: request.path)
    head.headers.add(name: "host", value: host)
    for (name, value) in request.headers { head.headers.add(name: name, value: value) }
    if !request.body.isEmpty || request.method == "POST" || request.method == "PUT" {
      head.headers.add(name: "content-length", value: String(request.body.count))
    }
    return head
  }
}

/// Gathers the parts of a response. Lives on its channel's event loop.
final class ResponseHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPClientResponsePart

  struct Received: Sendable {
    let response: ClientResponse
    let keepsAlive: Bool
  }

  private let maxBodyBytes: Int
  private var promise: EventLoopPromise<Received>?
  private var timer: Scheduled<Void>?
  private var head: HTTPResponseHead?
  private var body: [UInt8] = []

  init(maxBodyBytes: Int) {
    self.maxBodyBytes = maxBodyBytes
  }

  /// Waits for the answer to a request that is about to be written.
  func expect(_ promise: EventLoopPromise<Received>, timeout: Duration, channel: any Channel) {
    guard channel.isActive, self.promise == nil else {
      promise.fail(ClientError(.closed, "the server closed the connection before the request was sent"))
      return
    }
    self.promise = promise
    let bound = NIOLoopBound(self, eventLoop: channel.eventLoop)
    timer = channel.eventLoop.scheduleTask(in: TimeAmount(timeout)) {
      bound.value.fail(ClientError(.timeout, "no answer within \(timeout)"))
      channel.close(promise: nil)
    }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      // Interim answers come before the real one.
      guard head.status.code >= 200 else { return }
      self.head = head
      body = []
    case .body(let part):
      guard body.count + part.readableBytes <= maxBodyBytes else {
        fail(ClientError(.badAnswer, "the answer is larger than \(maxBodyBytes) bytes"))
        context.close(promise: nil)
        return
      }
      body.append(contentsOf: part.readableBytesView)
    case .end:
      guard let head else { return }
      let response = ClientResponse(
        status: Int(head.status.code), headers: head.headers.map { (name: $0.name, value: $0.value) }, body: body)
      let received = Received(response: response, keepsAlive: head.isKeepAlive)
      self.head = nil
      body = []
      timer?.cancel()
      let promise = promise
      self.promise = nil
      promise?.succeed(received)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    fail(
      ClientError(
        .closed, head == nil ? "the server closed the connection without an answer" : "the answer was cut off"))
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    switch error {
    case HTTPParserError.invalidEOFState: fail(ClientError(.closed, "the answer was cut off"))
    case is HTTPParserError: fail(ClientError(.badAnswer, "the answer is no HTTP: \(error)"))
    default: fail(ClientError(.closed, "the connection failed: \(error)"))
    }
    context.close(promise: nil)
  }

  private func fail(_ error: ClientError) {
    timer?.cancel()
    let promise = promise
    self.promise = nil
    promise?.fail(error)
  }
}
