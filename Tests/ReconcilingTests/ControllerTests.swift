import Domain
import Reconciling
import TestSupport
import Testing

@Suite struct `A controller` {
  private let lab = Lab()

  private func deployment(_ model: String, commit: String) -> DesiredDeployment {
    deployment("income", model, commit: commit)
  }

  private func deployment(_ name: String, _ model: String, commit: String) -> DesiredDeployment {
    Samples.deployment(name, model: model, commit: commit, rollout: Story.rollout)
  }

  @Test func `brings a commit to the server and a second one through the canary`() async throws {
    let controller = try lab.controller()
    lab.commit("c1", [deployment("v1", commit: "c1")])
    await lab.pass(controller)
    #expect(await lab.phase(controller) == "Idle")
    #expect(lab.weights == ["income 1 100% ready"])
    let evidence = try #require(lab.target.document?.models.first?.versions.first?.evidence)
    #expect(lab.store.bytes(of: evidence, in: .evidence) != nil)

    lab.commit("c2", [deployment("v2", commit: "c2")])
    lab.target.send(500)
    await lab.pass(controller, 4)
    #expect(await lab.phase(controller) == "Canary")
    await lab.pass(controller, 20)
    #expect(await lab.phase(controller) == "Idle")
    #expect(lab.weights == ["income 2 100% ready"])
    let state = try #require(lab.repository.headState)
    #expect(await !controller.plan(state).hasChanges)
  }

  @Test func `takes a bad model back and restores Git`() async throws {
    let controller = try lab.controller()
    let good = deployment("v1", commit: "c1")
    lab.commit("c1", [good])
    await lab.pass(controller)
    let bad = deployment("v2", commit: "c2")
    lab.target.behave(
      SimulatedServer.Behaviour(latencyMicroseconds: 900_000), model: Samples.model(of: bad))
    lab.commit("c2", [bad])
    lab.target.send(2000)
    await lab.pass(controller, 20)
    #expect(await lab.phase(controller) == "Idle")
    #expect(lab.weights == ["income 1 100% ready"])
    #expect(lab.repository.pushed.count == 1)
    #expect(lab.repository.headState?.deployments[ModelName("income")]?.files == good.files)
    let state = try #require(lab.repository.headState)
    #expect(await !controller.plan(state).hasChanges)
    #expect(await controller.snapshot.objects.first?.quarantine.map(\.model) == [Samples.model(of: bad)])
    #expect(lab.journal.events.contains { $0.reason == "Reverted" })
  }

  @Test func `goes on with one object while another builds for long`() async throws {
    let controller = try lab.controller()
    let release = lab.builder.hold(ModelName("slow"))
    lab.commit("c1", [deployment("slow", "v1", commit: "c1"), deployment("quick", "v1", commit: "c1")])
    let (triggers, continuation) = AsyncStream<ControllerTrigger>.makeStream()
    await withTaskGroup { group in
      group.addTask { await controller.run(triggers: triggers) }
      continuation.yield(.poll)
      #expect(
        await eventually {
          lab.clock.advance(by: .seconds(1))
          continuation.yield(.tick)
          return await lab.phase(controller, "quick") == "Idle"
        })
      #expect(await lab.phase(controller, "slow") == "Building")
      release()
      continuation.finish()
    }
  }

  @Test func `cancels the build that a newer commit makes obsolete`() async throws {
    let controller = try lab.controller()
    let name = ModelName("income")
    let release = lab.builder.hold(name)
    lab.commit("c1", [deployment("v1", commit: "c1")])
    let (triggers, continuation) = AsyncStream<ControllerTrigger>.makeStream()
    await withTaskGroup { group in
      group.addTask { await controller.run(triggers: triggers) }
      continuation.yield(.poll)
      #expect(await eventually { lab.builder.started.count == 1 })
      lab.commit("c2", [deployment("v2", commit: "c2")])
      continuation.yield(.poll)
      #expect(await eventually { lab.builder.cancelled == [name] && lab.builder.started.count == 2 })
      release()
      continuation.finish()
    }
    await lab.pass(controller)
    #expect(await controller.snapshot.objects.first?.champion?.commit == CommitID("c2"))
    #expect(try lab.journal.load().openIntents == [])
  }

  @Test func `exits when cancelled and takes its builds with it`() async throws {
    let controller = try lab.controller()
    _ = lab.builder.hold(ModelName("income"))
    lab.commit("c1", [deployment("v1", commit: "c1")])
    await withTaskGroup { group in
      group.addTask { await controller.run() }
      #expect(await eventually { lab.builder.started.count == 1 })
      group.cancelAll()
    }
    #expect(lab.builder.cancelled.count == 1)
    #expect(try lab.journal.load().openIntents.count == 1, "the next controller builds it again")
  }

  @Test func `tells a server its routes again that has lost them`() async throws {
    let controller = try lab.controller()
    lab.commit("c1", [deployment("v1", commit: "c1")])
    await lab.pass(controller)
    lab.target.forget()
    #expect(lab.weights == [])
    lab.clock.advance(by: .seconds(60))
    await lab.pass(controller, 3, .tick)
    #expect(lab.weights == ["income 1 100% ready"])
  }

  @Test func `takes over from a controller that died, with a newer token`() async throws {
    let first = try lab.controller()
    lab.commit("c1", [deployment("v1", commit: "c1")])
    await lab.pass(first, 2)
    let second = try lab.controller()
    await lab.pass(second)
    #expect(await lab.phase(second) == "Idle")
    #expect(lab.weights == ["income 1 100% ready"])
    #expect(lab.target.document?.fencingToken == 2)
    #expect(lab.target.document?.models.count == 1)
  }

  @Test func `finishes what it knows while Git is unreachable, also after a restart`() async throws {
    let first = try lab.controller()
    lab.commit("c1", [deployment("v1", commit: "c1")])
    await lab.pass(first)
    lab.commit("c2", [deployment("v2", commit: "c2")])
    await lab.pass(first, 3)
    #expect(await lab.phase(first) == "Canary")
    lab.repository.fail(with: GitError(.unreachable, "no route to host"))
    let second = try lab.controller()
    lab.target.send(500)
    await lab.pass(second, 20)
    #expect(await lab.phase(second) == "Idle")
    #expect(lab.weights == ["income 2 100% ready"])
    #expect(await second.snapshot.gitError == "no route to host")
  }

  @Test func `refuses a rewritten history until told to accept it`() async throws {
    let controller = try lab.controller()
    lab.commit("c1", [deployment("v1", commit: "c1")])
    await lab.pass(controller)
    lab.commit("x1", [deployment("v2", commit: "x1")], rewriting: true)
    await lab.pass(controller)
    #expect(await controller.snapshot.refusedHead == CommitID("x1"))
    #expect(lab.weights == ["income 1 100% ready"])
    let again = try lab.controller()
    await lab.pass(again)
    #expect(await again.snapshot.refusedHead == CommitID("x1"))
    #expect(await lab.phase(again) == "Idle")
    await again.reconcile(acceptRewrite: true)
    lab.target.send(500)
    await lab.pass(again, 30)
    #expect(await again.snapshot.refusedHead == nil)
    #expect(lab.weights == ["income 2 100% ready"])
  }

  @Test func `takes up a rewritten history where the environment in force allows it`() async throws {
    let controller = try lab.controller()
    let free = EnvironmentSpec(historyRewrites: .allow)
    lab.commit("c1", [Samples.deployment("income", model: "v1", commit: "c1", environment: free)])
    await lab.pass(controller)
    lab.commit("x1", [Samples.deployment("income", model: "v2", commit: "x1", environment: free)], rewriting: true)
    await lab.pass(controller, 12)
    #expect(await controller.snapshot.appliedCommit == CommitID("x1"))
    #expect(lab.weights == ["income 2 100% ready"])
  }

  @Test func `says when the champion stops serving, and when it serves again`() async throws {
    let controller = try lab.controller()
    let first = deployment("v1", commit: "c1")
    lab.commit("c1", [first])
    await lab.pass(controller)
    lab.target.behave(SimulatedServer.Behaviour(refusal: "ModelChanged"), model: Samples.model(of: first))
    lab.target.restart()
    for expected in [Condition.Status.no, .yes] {
      lab.clock.advance(by: .seconds(40))
      await lab.pass(controller, 3, .tick)
      let ready = await controller.snapshot.objects.first?.conditions.first { $0.type == .ready }
      #expect(ready?.status == expected)
      lab.target.behave(SimulatedServer.Behaviour(), model: Samples.model(of: first))
      lab.target.restart()
    }
  }

  @Test func `does nothing that it cannot record, and goes on when it can`() async throws {
    let controller = try lab.controller()
    lab.commit("c1", [deployment("v1", commit: "c1")])
    lab.journal.fail(with: StoreError(.full, "no space left"))
    await lab.pass(controller, 3)
    #expect(await controller.snapshot.storeError == "no space left")
    #expect(lab.builder.started == [])
    #expect(lab.target.appliedCount == 0)
    lab.journal.fail(with: nil)
    await lab.pass(controller)
    #expect(await controller.snapshot.storeError == nil)
    #expect(lab.weights == ["income 1 100% ready"])
  }

  @Test func `waits for a server that is away`() async throws {
    let controller = try lab.controller()
    lab.target.setReachable(false)
    lab.commit("c1", [deployment("v1", commit: "c1")])
    await lab.pass(controller)
    #expect(await lab.phase(controller) == "Loading")
    #expect(await controller.snapshot.objects.first?.wait?.owner == .server)
    lab.target.setReachable(true)
    await lab.pass(controller, 20)
    #expect(await lab.phase(controller) == "Idle")
  }

  @Test func `aborts and retries by command`() async throws {
    let controller = try lab.controller()
    let name = ModelName("income")
    lab.commit("c1", [deployment("v1", commit: "c1")])
    await lab.pass(controller)
    lab.gatekeeper.judge(Samples.model(of: deployment("v2", commit: "c2")), as: .fail)
    lab.commit("c2", [deployment("v2", commit: "c2")])
    await lab.pass(controller, 3)
    #expect(await controller.snapshot.objects.first?.problem?.reason == "GateFailed")
    lab.gatekeeper.judge(Samples.model(of: deployment("v2", commit: "c2")), as: .pass)
    #expect(try await controller.perform(.retry, on: name))
    await lab.pass(controller, 3)
    #expect(await lab.phase(controller) == "Canary")
    #expect(try await controller.perform(.abort, on: name))
    await lab.pass(controller, 10)
    #expect(await lab.phase(controller) == "Idle")
    #expect(lab.repository.pushed.count == 1)
    #expect(try await !controller.perform(.abort, on: ModelName("nobody")))
  }

  @Test func `does nothing at a poll without news`() async throws {
    let controller = try lab.controller()
    let deployments = (0..<50).map { deployment("m\($0)", "v1", commit: "c1") }
    lab.commit("c1", deployments)
    await lab.pass(controller, 12)
    let writes = lab.journal.writeCount
    let applied = lab.target.appliedCount
    let fetches = lab.repository.fetchCount
    await lab.pass(controller, 100)
    #expect(lab.journal.writeCount == writes)
    #expect(lab.target.appliedCount == applied)
    #expect(lab.repository.fetchCount == fetches + 100)
    #expect(await controller.snapshot.objects.allSatisfy { $0.phase == "Idle" })
  }

  @Test func `concludes nothing of a candidate from what it saw before the commit`() async throws {
    let controller = try lab.controller()
    lab.commit("c1", [deployment("v1", commit: "c1")])
    await lab.pass(controller)
    lab.target.setReachable(false)
    lab.commit("c2", [deployment("v2", commit: "c2")])
    await lab.pass(controller, 4)
    #expect(await lab.phase(controller) == "Loading")
    #expect(lab.weights == ["income 1 100% ready"])
    lab.target.setReachable(true)
    await lab.pass(controller, 20)
    #expect(await lab.phase(controller) == "Canary")
  }

  @Test func `goes on counting releases when an object comes back, also after a restart`() async throws {
    let first = try lab.controller()
    lab.commit("c1", [deployment("v1", commit: "c1")])
    await lab.pass(first)
    lab.commit("c2", [])
    await lab.pass(first)
    #expect(await lab.phase(first) == "Gone")
    let second = try lab.controller()
    lab.commit("c3", [deployment("v2", commit: "c3")])
    await lab.pass(second)
    #expect(lab.weights == ["income 2 100% ready"])
    lab.commit("c4", [])
    await lab.pass(second)
    lab.commit("c5", [deployment("v1", commit: "c5")])
    await lab.pass(second)
    #expect(lab.weights == ["income 3 100% ready"])
  }

  @Test func `unloads what is deleted and forgets it`() async throws {
    let controller = try lab.controller()
    lab.commit("c1", [deployment("v1", commit: "c1"), deployment("other", "v1", commit: "c1")])
    await lab.pass(controller)
    lab.commit("c2", [deployment("other", "v1", commit: "c1")])
    await lab.pass(controller)
    #expect(lab.weights == ["other 1 100% ready"])
    #expect(await controller.snapshot.objects.map(\.name) == [ModelName("other")])
  }
}
