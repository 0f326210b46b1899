internal import Core
internal import Foundation

/// A Hugging Face Inference Endpoint, and how it is ordered about.
package struct InferenceEndpoint: Hashable, Sendable {
  /// What `sleep` orders; the raw values are the configuration's.
  package enum SleepAction: String, Sendable, CaseIterable {
    case pause
    case scaleToZero = "scale_to_zero"

    fileprivate var route: String {
      switch self {
      case .pause: "/pause"
      case .scaleToZero: "/scale-to-zero"
      }
    }
  }

  package static let standardAPI = "https://api.endpoints.huggingface.cloud/v2"

  /// Namespace and name: "my-org/my-endpoint".
  package var name: String
  /// A secret.
  package var token: String
  package var sleepAction = SleepAction.pause
  /// Without a trailing slash.
  package var apiURL = standardAPI

  package init(name: String, token: String) {
    self.name = name
    self.token = token
  }
}

/// Orders an inference endpoint through the service's API. The service carries orders out when it gets to it, so it is
/// asked again and again for what has become of them.
struct EndpointHost: ModelHost {
  let endpoint: InferenceEndpoint
  let site: HostSite
  /// For an endpoint that names no health route.
  let healthPath: String
  let sleepTimeout: Duration
  let wakeTimeout: Duration
  /// Between two looks: the service answers 429 to whom it finds too eager.
  var lookInterval: Duration = .seconds(2)

  private static let answerTimeout: Duration = .seconds(30)
  /// Whoever is to be woken waits for this look.
  private static let lookTimeout: Duration = .seconds(5)
  /// A daemon that is to end can't wait for a service that does not answer.
  private static let stopTimeout: Duration = .seconds(10)

  private var timeline: any Timeline { site.control.timeline }
  private var web: WebClient { site.control.web }
  private var authorization: String { "Bearer \(endpoint.token)" }

  func wake() async throws(RuntimeFailure) -> Upstream {
    let deadline = timeline.now + wakeTimeout
    var isResumed = false
    while true {
      let report = try await look(until: deadline)
      switch report.phase {
      case .running(let url), .scaledToZero(let url):
        // To a sleeping one the look at its health is the request that wakes it.
        if let upstream = try await healthy(report, at: url, until: deadline) { return upstream }
      case .paused where !isResumed: isResumed = try await order("/resume", until: deadline)
      case .paused, .starting: break
      case .failed: throw RuntimeFailure("the endpoint \(endpoint.name) is \(report.story)")
      }
      try await pause(lookInterval, until: deadline) {
        "the endpoint \(endpoint.name) was not ready within \(wakeTimeout): it is \(report.story)"
      }
    }
  }

  func sleep() async throws(RuntimeFailure) { try await sleep(within: sleepTimeout) }

  func stop() async -> Bool { await tryToSleep() }

  func vacate() async -> Bool { await tryToSleep() }

  /// Does not insist: the endpoint has hardware of its own, so whoever comes next need not wait for it.
  private func tryToSleep() async -> Bool {
    do throws(RuntimeFailure) {
      try await sleep(within: min(sleepTimeout, Self.stopTimeout))
      return true
    } catch {
      site.control.logger.error("the endpoint may go on running", ["failure": error.message])
      return false
    }
  }

  private func sleep(within timeout: Duration) async throws(RuntimeFailure) {
    let deadline = timeline.now + timeout
    var isOrdered = false
    while true {
      let report = try await look(until: deadline)
      guard !report.isAsleep else { return }
      if !isOrdered { isOrdered = try await order(endpoint.sleepAction.route, until: deadline) }
      try await pause(lookInterval, until: deadline) {
        "the endpoint \(endpoint.name) was not asleep within \(timeout): it is \(report.story)"
      }
    }
  }

  /// An endpoint that has fallen asleep by itself is as good as awake only if it wakes by itself too.
  func isAlive() async -> Bool {
    do throws(RuntimeFailure) {
      switch try await look(until: timeline.now + Self.answerTimeout).phase {
      case .running, .scaledToZero: return true
      case .paused, .starting, .failed: return false
      }
    } catch {
      return false
    }
  }

  /// A service that does not answer, or wants to be let alone for longer, is as good as out of reach: what it keeps awake
  /// is in nobody's way.
  func isHeld() async throws(RuntimeFailure) -> Bool {
    do throws(RuntimeFailure) {
      return try await !look(until: timeline.now + Self.lookTimeout).isAsleep
    } catch {
      throw error.cause == .timedOut ? RuntimeFailure(error.message, .unreachable) : error
    }
  }

  // MARK: The service

  /// Asks for the endpoint's state; an answer that does not come is no reason to give up before the deadline, unless the
  /// service wants to be let alone for longer.
  private func look(until deadline: Instant) async throws(RuntimeFailure) -> EndpointReport {
    while true {
      let answer: WebClient.Answer
      do throws(RuntimeFailure) {
        answer = try await ask(.get, "", until: deadline)
      } catch {
        guard !Task.isCancelled, error.cause != .timedOut else { throw error }
        try await pause(lookInterval, until: deadline) { error.message }
        continue
      }
      if answer.status == 200, let report = try? JSONDecoder().decode(EndpointReport.self, from: Data(answer.body)) {
        return report
      }
      let failure = RuntimeFailure("GET \(address) \(answer.description)")
      guard answer.status >= 500 else { throw failure }
      try await pause(lookInterval, until: deadline) { failure.message }
    }
  }

  /// Gives an order. Returns whether it was taken; if not, the state tells whether it is still to be given.
  private func order(_ route: String, until deadline: Instant) async throws(RuntimeFailure) -> Bool {
    let answer = try await ask(.post, route, until: deadline)
    site.control.logger.info("endpoint ordered", ["order": route, "endpoint": endpoint.name, "status": answer.status])
    switch answer.status {
    case 200..<300: return true
    // It was in that state already, or is on its way there.
    case 400: return false
    case 500...: return false
    default: throw RuntimeFailure("POST \(address)\(route) \(answer.description)")
    }
  }

  /// Asks once more whenever the service says that it was asked too often.
  private func ask(
    _ method: ControlRequest.Method, _ route: String, until deadline: Instant
  ) async throws(RuntimeFailure) -> WebClient.Answer {
    while true {
      let answer = try await web.ask(method, address + route, authorization, timeout: patience(until: deadline))
      guard answer.status == 429 else { return answer }
      try await pause(max(answer.retryAfter ?? lookInterval, .milliseconds(1)), until: deadline) {
        "\(method.rawValue) \(address)\(route) \(answer.description)"
      }
    }
  }

  private var address: String { "\(endpoint.apiURL)/endpoint/\(endpoint.name)" }

  /// Where the endpoint answers, if its health route does; nil if not yet.
  private func healthy(
    _ report: EndpointReport, at url: String, until deadline: Instant
  ) async throws(RuntimeFailure) -> Upstream? {
    let name = site.control.upstream.modelName
    guard let upstream = Upstream(endpointURL: url, modelName: name, authorization: authorization) else {
      throw RuntimeFailure("the endpoint \(endpoint.name) names the URL \"\(url)\", expected http or https")
    }
    let route = report.healthRoute ?? healthPath
    let base = url.hasSuffix("/") ? String(url.dropLast()) : url
    do throws(RuntimeFailure) {
      return try await web.ask(
        .get, base + (route.hasPrefix("/") ? route : "/" + route), authorization, timeout: patience(until: deadline)
      ).status == 200 ? upstream : nil
    } catch {
      guard !Task.isCancelled else { throw error }
      return nil
    }
  }

  /// For one answer: as `ServerControl.leastPatience` has it, even where the deadline is near.
  private func patience(until deadline: Instant) -> Duration {
    max(min(deadline - timeline.now, Self.answerTimeout), site.control.leastPatience)
  }

  private func pause(
    _ duration: Duration, until deadline: Instant, orFail story: () -> String
  ) async throws(RuntimeFailure) {
    guard timeline.now + duration < deadline else { throw RuntimeFailure(story(), .timedOut) }
    // Only a task that was cancelled can't wait.
    do { try await timeline.sleep(for: duration) } catch { throw RuntimeFailure("given up: \(story())") }
  }
}
