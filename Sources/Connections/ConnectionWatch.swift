import NIOCore
import NIOPosix

/// An open connection that sends nothing: it ends when the process at the other end does.
package struct ConnectionWatch: Sendable {
  private let channel: any Channel

  /// Connects.
  /// - Throws: `ClientError.refused` when nobody listens.
  package init(
    _ address: ServerAddress, group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
    connectTimeout: Duration = .seconds(5)
  ) async throws(ClientError) {
    let bootstrap = ClientBootstrap(group: group).connectTimeout(TimeAmount(connectTimeout))
    do {
      switch address {
      case .tcp(let host, let port): channel = try await bootstrap.connect(host: host, port: port).get()
      case .unix(let path): channel = try await bootstrap.connect(unixDomainSocketPath: path).get()
      }
    } catch {
      throw ClientError(.refused, "cannot connect to \(address): \(error)")
    }
  }

  /// Waits until the connection ends, or the task is cancelled.
  package func waitForEnd() async {
    let channel = channel
    await withTaskCancellationHandler {
      _ = try? await channel.closeFuture.get()
    } onCancel: {
      channel.close(promise: nil)
    }
  }
}
