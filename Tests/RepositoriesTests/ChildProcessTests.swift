import Foundation
import Testing

@testable import Repositories

@Suite struct `A child process` {
  private func run(
    _ script: String, silence: Duration = .seconds(60), total: Duration = .seconds(60), output: Int = 1 << 20,
    environment: [String] = []
  ) throws(ChildProcess.Failure) -> ChildProcess.Result {
    try ChildProcess(
      program: "/bin/sh", arguments: ["-c", script], environment: environment,
      limits: ChildProcess.Limits(silence: silence, total: total, outputByteCount: output)
    ).run(Cancellation())
  }

  @Test func `gives its status, its output and what it said`() throws {
    let result = try run("echo out; echo err >&2; exit 3")
    #expect(result.status == 3)
    #expect(result.output == Array("out\n".utf8))
    #expect(result.errors == "err\n")
    #expect(try run("kill -KILL $$").status == 137)
  }

  @Test func `sees the given environment and nothing else`() throws {
    let result = try run("echo \"$A-$HOME\"; test -t 0 || echo no terminal", environment: ["A=b"])
    #expect(String(decoding: result.output, as: UTF8.self) == "b-\nno terminal\n")
  }

  @Test func `may write much, up to the limit`() throws {
    #expect(try run("head -c 1000000 /dev/zero").output.count == 1_000_000)
    #expect(throws: ChildProcess.Failure.self) { try run("cat /dev/zero") }
    #expect(try run("head -c 1000000 /dev/zero >&2; echo end >&2").errors.hasSuffix("end\n"))
  }

  @Test func `is not waited for by the pipes that a grandchild holds open`() throws {
    let start = ContinuousClock.now
    let result = try run("sleep 30 & echo $!")
    #expect(ContinuousClock.now - start < .seconds(20))
    let grandchild = try #require(
      pid_t(String(decoding: result.output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)))
    kill(grandchild, SIGKILL)
  }

  @Test func `is ended when it is silent, or takes too long`() throws {
    #expect { try run("sleep 1000", silence: .milliseconds(100)) } throws: {
      if case ChildProcess.Failure.silent = $0 { true } else { false }
    }
    #expect { try run("while :; do echo x; done", total: .milliseconds(200), output: 1 << 30) } throws: {
      if case ChildProcess.Failure.tooLong = $0 { true } else { false }
    }
  }
}
