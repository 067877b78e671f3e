import Testing

@testable import Processes

@Suite struct `A program run as a child` {
  private func shell(_ script: String, output: ProcessCommand.Output = .captured(limit: 1 << 16)) -> ProcessCommand {
    ProcessCommand("/bin/sh", ["-c", script], environment: ["PATH": "/usr/bin:/bin"], output: output)
  }

  @Test func `gives its output, its errors and its exit code`() async throws {
    let ending = try await shell("echo out; echo err >&2; exit 3").run(deadline: .seconds(30))
    #expect(ending.status == .exited(3))
    #expect(ending.standardOutput == Array("out\n".utf8))
    #expect(ending.standardError == Array("err\n".utf8))
  }

  @Test func `inherits no variable that is not named`() async throws {
    let ending = try await shell("/usr/bin/env").run(deadline: .seconds(30))
    let text = String(decoding: ending.standardOutput, as: UTF8.self)
    #expect(text.contains("PATH=/usr/bin:/bin"))
    #expect(!text.contains("HOME="))
  }

  @Test func `is killed with its children when its time is over`() async throws {
    let ending = try await shell("sleep 600 & echo $!; wait").run(deadline: .seconds(3))
    #expect(ending.status == .stopped(.timeOver))
    let lines = String(decoding: ending.standardOutput, as: UTF8.self).split(separator: "\n")
    let child = try #require(lines.first.flatMap { Int32($0) })
    #expect(await becomesTrue { kill(child, 0) == -1 || isZombie(child) })
  }

  @Test func `is killed when the task is cancelled`() async throws {
    let task = Task { try await shell("sleep 600").run(deadline: .seconds(600)) }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test func `may write more than is kept`() async throws {
    let ending = try await shell("head -c 300000 /dev/zero", output: .captured(limit: 1000)).run(deadline: .seconds(30))
    #expect(ending.succeeded)
    #expect(ending.standardOutput.count == 1000)
  }

  @Test func `that does not exist is an error that names it`() async throws {
    let command = ProcessCommand("/nonexistent/program", [], environment: [:])
    await #expect(throws: ProcessError.self) { try await command.run(deadline: .seconds(1)) }
  }
}

import Glibc

/// Whether a process has ended and only waits to be reaped by its new parent.
private func isZombie(_ pid: Int32) -> Bool {
  guard let file = fopen("/proc/\(pid)/stat", "r") else { return true }
  defer { fclose(file) }
  var line = [CChar](repeating: 0, count: 512)
  guard fgets(&line, 512, file) != nil else { return true }
  let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  return text.contains(") Z ")
}

/// Waits for a condition with a deadline that only ends a test that hangs.
private func becomesTrue(_ condition: () -> Bool) async -> Bool {
  let end = ContinuousClock.now + .seconds(300)
  while ContinuousClock.now < end {
    if condition() { return true }
    await Task.yield()
  }
  return condition()
}
