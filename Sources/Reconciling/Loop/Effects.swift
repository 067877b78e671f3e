import Domain

/// Carries out the long actions. A failure becomes a value, so that no child ends its siblings.
struct Effects: Sendable {
  let seams: ControllerSeams

  func outcome(of action: Action) async -> ActionOutcome {
    switch action {
    case .build(let deployment):
      do throws(StageError) {
        return .built(try await seams.builder.build(deployment))
      } catch {
        return .failed(error)
      }
    case .judge(let request):
      return await judge(request)
    case .revert(let request):
      do throws(GitError) {
        return .reverted(try await seams.writeBack.push(request))
      } catch {
        return .failed(.push(error))
      }
    case .route, .unload:
      return .failed(
        StageError(.loading, reason: "NotAlone", "Routes go out in one document for all models.", remedy: .retry))
    }
  }

  private func judge(_ request: GateRequest) async -> ActionOutcome {
    do throws(StageError) {
      let evidence = try await seams.gatekeeper.judge(request)
      let bytes: [UInt8]
      do {
        bytes = try EvidenceFile.bytes(of: evidence)
      } catch {
        return .failed(
          StageError(.gating, reason: "EvidenceNotWritten", "The evidence cannot be encoded: \(error)", remedy: .retry))
      }
      do throws(StoreError) {
        return .judged(evidence, digest: try seams.store.put(bytes, in: .evidence))
      } catch {
        return .failed(StageError(.gating, reason: "EvidenceNotWritten", error.message, remedy: .retry))
      }
    } catch {
      return .failed(error)
    }
  }

  /// Works until done or until told to stop; `nil` means stopped, with nothing left running.
  func outcome(of action: Action, stoppedBy stop: AsyncStream<Never>) async -> ActionOutcome? {
    await withTaskGroup(of: ActionOutcome?.self) { group in
      group.addTask { await outcome(of: action) }
      group.addTask {
        for await _ in stop {}
        return nil
      }
      let first = await group.next() ?? nil
      group.cancelAll()
      await group.waitForAll()
      return first
    }
  }
}

extension StageError {
  /// A push that failed: what the next attempt may mend is tried again, what a person must mend is held.
  static func push(_ error: GitError) -> StageError {
    let remedy: Remedy =
      switch error.code {
      case .unreachable, .failed, .corrupt: .retry
      case .authentication, .notFound, .tooLarge, .unsupported, .refused: .changeSpec
      }
    return StageError(.reverting, reason: "RevertFailed", error.message, remedy: remedy)
  }
}
