import Connections
import Domain
import Foundation
import Testing

@testable import Targets

/// A stand-in for the server: a program that listens on the socket and does nothing else.
private func command(_ folder: StateFolder, script: String) -> ServerCommand {
  ServerCommand(
    executable: "/bin/sh", arguments: ["-c", script],
    environment: ["SOCKET": folder.serverSocket, "PATH": "/usr/local/bin:/usr/bin:/bin"],
    log: folder.root + "/server.log")
}

private let listener = """
  exec python3 -c '
  import socket,os
  s=socket.socket(socket.AF_UNIX); p=os.environ["SOCKET"]
  if os.path.exists(p): os.unlink(p)
  s.bind(p); s.listen(8)
  kept=[]
  while True: kept.append(s.accept()[0])'
  """

private func temporaryFolder() throws -> StateFolder {
  let path = "/tmp/hg-\(UInt32.random(in: .min ... .max))"
  try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  return StateFolder(path)
}

@Suite(.timeLimit(.minutes(10))) struct `A server's supervisor` {
  @Test func `starts a server, starts it again when it is killed, and leaves it alive at the end`() async throws {
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder.root) }
    let (events, continuation) = AsyncStream.makeStream(of: ServerSupervisor.Event.self)
    let supervisor = ServerSupervisor(folder, command: command(folder, script: listener)) { continuation.yield($0) }
    let task = Task { await supervisor.run() }
    var pids: [Int32] = []
    for await event in events {
      switch event {
      case .started(let pid): pids.append(pid)
      case .listening where pids.count == 1: #expect(kill(pids[0], SIGKILL) == 0)
      default: break
      }
      if event == .listening, pids.count == 2 { break }
    }
    task.cancel()
    await task.value
    try #require(pids.count == 2)
    #expect(kill(pids[1], 0) == 0)
    // The next supervisor adopts it.
    let (later, laterContinuation) = AsyncStream.makeStream(of: ServerSupervisor.Event.self)
    let second = Task {
      await ServerSupervisor(folder, command: command(folder, script: "exit 1")) { laterContinuation.yield($0) }.run()
    }
    #expect(await later.first { _ in true } == .adopted)
    second.cancel()
    await second.value
    kill(pids[1], SIGKILL)
  }

  @Test func `says that a server ends right after its start`() async throws {
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder.root) }
    let (events, continuation) = AsyncStream.makeStream(of: ServerSupervisor.Event.self)
    let task = Task {
      await ServerSupervisor(folder, command: command(folder, script: "exit 1")) { continuation.yield($0) }.run()
    }
    let failure = await events.first { if case .failed = $0 { true } else { false } }
    guard case .failed(let message) = failure else {
      Issue.record("no failure was told")
      return
    }
    #expect(message.contains("2 times"))
    task.cancel()
    await task.value
  }
}
