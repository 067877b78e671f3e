import Glibc
import Testing

@testable import Processes

@Suite struct `A program run on the calling thread` {
  private func run(
    _ script: String, limits: ProcessLimits = ProcessLimits(total: .seconds(60)), output: Int = 1 << 20,
    environment: [String: String] = ["PATH": "/usr/bin:/bin"]
  ) throws -> ProcessEnding {
    try ProcessCommand("sh", ["-c", script], environment: environment, output: .captured(limit: output))
      .run(limits, Cancellation())
  }

  @Test func `is looked for on the PATH and gives the status a shell would`() throws {
    #expect(try run("exit 3").shellStatus == 3)
    #expect(try run("kill -KILL $$").shellStatus == 137)
    #expect(try run("kill -KILL $$").status == .signalled(SIGKILL))
  }

  @Test func `has no terminal, no input and only the given environment`() throws {
    let script = "echo \"$A-$HOME\"; test -t 0 || echo none; cat; (exec 3</dev/tty) 2>/dev/null || echo no terminal"
    let ending = try run(script, environment: ["A": "b", "PATH": "/usr/bin:/bin"])
    #expect(String(decoding: ending.standardOutput, as: UTF8.self) == "b-\nnone\nno terminal\n")
  }

  @Test func `may write much, up to the limit`() throws {
    #expect(try run("head -c 1000000 /dev/zero").standardOutput.count == 1_000_000)
    let stopping = ProcessLimits(total: .seconds(60), stopsAtOutputLimit: true)
    #expect(try run("cat /dev/zero", limits: stopping).status == .stopped(.tooMuchOutput))
    #expect(try run("head -c 2000 /dev/zero", limits: stopping, output: 1000).status == .stopped(.tooMuchOutput))
    let errors = try run("head -c 1000000 /dev/zero >&2; echo end >&2", limits: stopping).standardError
    #expect(errors.suffix(4).elementsEqual("end\n".utf8))
    #expect(errors.count == 64 << 10)
  }

  @Test func `is not waited for by the pipes that a grandchild holds open`() throws {
    let start = ContinuousClock.now
    let ending = try run("sleep 600 & echo $!", limits: ProcessLimits(total: .seconds(300), killsRemainder: false))
    #expect(ContinuousClock.now - start < .seconds(300))
    let line = String(decoding: ending.standardOutput, as: UTF8.self).prefix { $0.isNumber }
    let grandchild = try #require(pid_t(line))
    // It was left alone.
    #expect(kill(grandchild, SIGKILL) == 0)
  }

  @Test(arguments: [
    ("sleep 1000", ProcessLimits(total: .seconds(60), silence: .milliseconds(100)), ProcessEnding.StopReason.silent),
    ("while :; do echo x; done", ProcessLimits(total: .milliseconds(200)), .timeOver),
  ])
  func `is stopped when it is silent, or takes too long`(
    script: String, limits: ProcessLimits, reason: ProcessEnding.StopReason
  ) throws {
    #expect(try run(script, limits: limits).status == .stopped(reason))
  }

  @Test func `can put its files in order before it is killed`() throws {
    let limits = ProcessLimits(total: .seconds(60), silence: .seconds(3), grace: .seconds(20))
    let ending = try run("trap 'echo tidy; exit' TERM; while :; do sleep 0.05; done", limits: limits)
    #expect(ending.standardOutput == Array("tidy\n".utf8))
  }

  @Test func `is not started once it is cancelled`() throws {
    let cancellation = Cancellation()
    cancellation.cancel()
    let command = ProcessCommand("/nonexistent", [], environment: [:])
    let ending = try command.run(ProcessLimits(total: .seconds(1)), cancellation)
    #expect(ending.status == .stopped(.cancelled))
  }
}

@Suite struct `A detached program` {
  @Test func `goes on by itself, in a session of its own, until it is killed`() throws {
    let command = ProcessCommand(
      "/bin/sh", ["-c", "exec sleep 600"], environment: ["PATH": "/usr/bin:/bin"], output: .file("/dev/null"))
    let process = try command.startDetached()
    #expect(process.isAlive())
    #expect(getsid(process.pid) == process.pid)
    process.kill()
    #expect(!process.isAlive())
  }

  @Test func `that does not exist is an error with the system's reason`() {
    let command = ProcessCommand("/nonexistent/program", [], environment: [:], output: .file("/dev/null"))
    #expect { try command.startDetached() } throws: { ($0 as? ProcessError)?.code == ENOENT }
  }
}
