internal import Core
internal import HTTP

extension ServerControl {
  /// Carries the steps out, each after the one before it.
  /// - Throws: the first failure, which names its step: "wake step 2/3 failed: POST /collective_rpc returned 500: …".
  func carryOut(_ steps: [ControlStep], of operation: ControlOperation, timeout: Duration) async throws(RuntimeFailure)
  {
    for (index, step) in steps.enumerated() {
      let title = "\(operation.rawValue) step \(index + 1)/\(steps.count)"
      let start = timeline.now
      defer { observe(.stepTaken(operation, step: index + 1, timeline.now - start)) }
      do throws(RuntimeFailure) {
        let answer = try await carryOut(step, timeout: step.timeout ?? timeout)
        logger.info(
          "\(title) done", ["request": step.title, "status": answer.status, "seconds": (timeline.now - start).seconds])
      } catch {
        let failure = RuntimeFailure("\(title) failed: \(error.message)", error.cause)
        guard step.isOptional, !Task.isCancelled else { throw failure }
        logger.warning(failure.message)
      }
    }
  }

  private func carryOut(_ step: ControlStep, timeout: Duration) async throws(RuntimeFailure) -> Answer {
    var triesLeft = step.retries
    while true {
      do throws(RuntimeFailure) {
        return try await tryOnce(step, timeout: timeout)
      } catch {
        guard triesLeft > 0, (try? await timeline.sleep(for: .milliseconds(200))) != nil else { throw error }
        triesLeft -= 1
        logger.warning("a step is tried again", ["failure": error.message, "tries_left": triesLeft])
      }
    }
  }

  private func tryOnce(_ step: ControlStep, timeout: Duration) async throws(RuntimeFailure) -> Answer {
    let answer: Answer
    do {
      answer = try await ask(step.method, step.endpoint, body: step.body, timeout: timeout)
    } catch {
      throw RuntimeFailure(error.description, error.kind == .timedOut ? .timedOut : .other)
    }
    guard 200..<300 ~= answer.status else { throw RuntimeFailure("\(step.title) \(answer.description)") }
    if let expected = step.expectedBody, !answer.body.contains(expected) {
      throw RuntimeFailure("\(step.title) \(answer.description): expected a body that contains \"\(expected)\"")
    }
    return answer
  }
}

extension ControlStep {
  fileprivate var title: String { "\(method.rawValue) \(endpoint)" }
}
