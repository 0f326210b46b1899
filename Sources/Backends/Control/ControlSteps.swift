internal import Core
internal import HTTP

extension ServerControl {
  /// Before the first time that a request is tried again; it doubles with each.
  private static let firstPause: Duration = .milliseconds(200)
  private static let longestPause: Duration = .seconds(5)

  /// Carries the steps out, each after the one before it.
  /// - Parameter timeout: of each request that has none of its own, and of each wait for the server's health.
  /// - Throws: the first failure, which names its step: "wake step 2/3 failed: POST /collective_rpc returned 500: …".
  func carryOut(_ steps: [ControlStep], of operation: ControlOperation, timeout: Duration) async throws(RuntimeFailure)
  {
    for (index, step) in steps.enumerated() {
      let title = "\(operation.rawValue) step \(index + 1)/\(steps.count)"
      let start = timeline.now
      defer { observe(.stepTaken(operation, step: index + 1, timeline.now - start)) }
      do throws(RuntimeFailure) {
        try await carryOut(step, timeout: timeout)
        let requests = step.requests.map(\.title).joined(separator: ", ")
        logger.info("\(title): \(requests)", ["seconds": (timeline.now - start).seconds])
      } catch {
        let failure = RuntimeFailure("\(title) failed: \(error.message)", error.cause)
        guard step.isOptional, !Task.isCancelled else { throw failure }
        logger.warning(failure.message)
      }
    }
  }

  private func carryOut(_ step: ControlStep, timeout: Duration) async throws(RuntimeFailure) {
    if let request = step.requests.first, step.requests.count == 1 {
      try await carryOut(request, timeout: timeout)
    } else {
      try await carryOutAtOnce(step.requests, timeout: timeout)
    }
    if step.awaitsHealth { try await awaitHealth(at: healthPath, within: timeout) }
  }

  /// The first failure ends the others, whose answers nobody needs any more.
  private func carryOutAtOnce(_ requests: [ControlRequest], timeout: Duration) async throws(RuntimeFailure) {
    let failure = await withTaskGroup(of: RuntimeFailure?.self, returning: RuntimeFailure?.self) { group in
      for request in requests {
        group.addTask {
          do throws(RuntimeFailure) {
            try await carryOut(request, timeout: timeout)
            return nil
          } catch {
            return error
          }
        }
      }
      for await failure in group {
        guard let failure else { continue }
        group.cancelAll()
        return failure
      }
      return nil
    }
    if let failure { throw failure }
  }

  private func carryOut(_ request: ControlRequest, timeout: Duration) async throws(RuntimeFailure) {
    var triesLeft = request.retries
    var pause = Self.firstPause
    while true {
      do throws(RuntimeFailure) {
        return try await tryOnce(request, timeout: request.timeout ?? timeout)
      } catch {
        // A wake or sleep that is given up ends with the failure that it has.
        guard triesLeft > 0, (try? await timeline.sleep(for: pause)) != nil else { throw error }
        triesLeft -= 1
        pause = min(pause * 2, Self.longestPause)
        logger.warning("a step is tried again", ["failure": error.message, "tries_left": triesLeft])
      }
    }
  }

  private func tryOnce(_ request: ControlRequest, timeout: Duration) async throws(RuntimeFailure) {
    let answer: Answer
    do {
      answer = try await ask(request.method, request.endpoint, body: request.body, timeout: timeout)
    } catch {
      throw RuntimeFailure(error)
    }
    guard 200..<300 ~= answer.status else { throw RuntimeFailure("\(request.title) \(answer.description)") }
    if let expected = request.expectedBody, !answer.body.contains(expected) {
      throw RuntimeFailure("\(request.title) \(answer.description): expected a body that contains \"\(expected)\"")
    }
  }
}
