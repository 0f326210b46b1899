internal import Core
internal import HTTP
internal import Switcher

/// Who sleeps, who could, and the orders to sleep and to wake, as kvcached's controller has them, under both spellings.
struct SleepRoutes: Sendable {
  let desk: Operator
  let views: TrafficViews

  func add(to router: inout Router) {
    for prefix in ["", "/model"] {
      router.add(.get, "\(prefix)/sleep/status") { try await views.answer($0, status) }
      router.add(.get, "\(prefix)/sleep/candidates") { try await views.answer($0, candidates) }
    }
    for path in ["/action/sleep/", "/model/sleep/"] {
      addOrder(path, to: &router, "is asleep") { .sleep($0, nil) }
    }
    for path in ["/action/wakeup/", "/model/wake/"] { addOrder(path, to: &router, "is awake") { .wake($0) } }
  }

  // MARK: Looking

  @Sendable private func status(
    _ query: TrafficQuery, _ overview: TrafficOverview, _ clock: WallClock
  ) -> JSONValue {
    let sleeping = overview.entries.filter { $0.model.rest != nil }
    return [
      "sleeping_models": .details(sleeping) { entry in
        [
          "sleep_start_time": .time(entry.model.rest?.since, clock),
          "sleep_duration": .seconds(entry.model.rest.map { entry.now - $0.since }),
          "manual_sleep": .bool(entry.model.rest?.wasOrdered ?? false),
        ]
      },
      "sleep_candidates": .names(overview.sleepCandidates(beyond: query.threshold)),
      "auto_sleep_enabled": .bool(overview.sleepsByItself),
      "idle_threshold_seconds": .seconds(query.threshold),
      "wakeup_on_request": true,
    ]
  }

  @Sendable private func candidates(
    _ query: TrafficQuery, _ overview: TrafficOverview, _ clock: WallClock
  ) -> JSONValue {
    let candidates = overview.sleepCandidates(beyond: query.threshold)
    return [
      "sleep_candidates": .names(candidates),
      "candidate_details": .details(candidates) { entry in
        [
          "idle_time_seconds": .seconds(entry.idleAwakeTime),
          "total_requests": .number(entry.traffic.total),
          "last_activity_time": .time(entry.traffic.lastActivity, clock),
          "can_sleep": true,
          "auto_sleep_in_seconds": .seconds(entry.model.sleepsAt.map { max($0 - entry.now, .zero) }),
        ]
      },
      "idle_threshold_seconds": .seconds(query.threshold),
      "auto_sleep_enabled": .bool(overview.sleepsByItself),
    ]
  }

  // MARK: Ordering

  private func addOrder(
    _ path: String, to router: inout Router, _ success: String,
    _ command: @escaping @Sendable (ModelID) -> Switcher.Command
  ) {
    router.add(.post, under: path) { exchange in
      try views.admission.admit(exchange)
      let model = ModelID(percentDecoded(exchange.path.dropFirst(path.count)))
      var failure: AdminError?
      do throws(AdminError) {
        try await desk.carryOut(command(model))
      } catch {
        failure = error
      }
      if failure?.status == 404 {
        return try await exchange.respond(
          ["error": .string("Model \(model.name.prefix(200)) not found")], status: 404)
      }
      let answer: JSONValue = [
        "model_name": .name(model),
        "success": .bool(failure == nil),
        "message": .string(failure?.message ?? "\(model) \(success)"),
      ]
      try await exchange.respond(answer, status: failure == nil ? 200 : 400)
    }
  }
}
