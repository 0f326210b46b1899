internal import Core
internal import HTTP
internal import Switcher

/// What the traffic of each model has been, in the shapes of kvcached's controller and under both of its spellings.
struct TrafficRoutes: Sendable {
  let views: TrafficViews

  func add(to router: inout Router) {
    for prefix in ["", "/model"] {
      add("\(prefix)/traffic/stats", to: &router, stats)
      router.add(.get, under: "\(prefix)/traffic/stats/") { exchange in
        let name = percentDecoded(exchange.path.dropFirst("\(prefix)/traffic/stats/".count))
        try await views.answer(exchange) { query, overview, clock throws(AdminError) in
          try stats(of: name, query, overview, clock)
        }
      }
    }
    for path in ["/models/idle", "/model/traffic/idle"] { add(path, to: &router, idle) }
    for path in ["/models/active", "/model/traffic/active"] { add(path, to: &router, active) }
  }

  private func add(_ path: String, to router: inout Router, _ view: @escaping TrafficViews.View) {
    router.add(.get, path) { exchange in try await views.answer(exchange, view) }
  }

  // MARK: Views

  @Sendable private func stats(_ query: TrafficQuery, _ overview: TrafficOverview, _ clock: WallClock) -> JSONValue {
    let models = overview.entries.filter(\.hasData).map { entry in
      JSONValue.Member(entry.model.id.name, .object(entry.stats(query, clock)))
    }
    return ["traffic_stats": .object(models), "window_seconds": .seconds(query.window)]
  }

  private func stats(
    of name: String, _ query: TrafficQuery, _ overview: TrafficOverview, _ clock: WallClock
  ) throws(AdminError) -> JSONValue {
    guard let entry = overview.entries.first(where: { $0.model.id.name == name && $0.hasData }) else {
      throw AdminError(404, "No traffic data found for model \(name.prefix(200))")
    }
    let stats = [JSONValue.Member("model_name", .string(name))] + entry.stats(query, clock)
    return ["model_stats": .object(stats), "window_seconds": .seconds(query.window)]
  }

  @Sendable private func idle(_ query: TrafficQuery, _ overview: TrafficOverview, _ clock: WallClock) -> JSONValue {
    let idle = overview.entries.filter { $0.isIdle(beyond: query.threshold) }
    return [
      "idle_models": .names(idle),
      "idle_threshold_seconds": .seconds(query.threshold),
      "idle_model_details": .details(idle) { entry in
        [
          "idle_time_seconds": .seconds(entry.idleTime),
          "total_requests": .number(entry.traffic.total),
          "last_activity_time": .time(entry.traffic.lastActivity, clock),
        ]
      },
      "idle_models_count": .number(idle.count),
    ]
  }

  @Sendable private func active(_ query: TrafficQuery, _ overview: TrafficOverview, _ clock: WallClock) -> JSONValue {
    let active = overview.entries.filter { !$0.isIdle(beyond: query.threshold) }
    return [
      "active_models": .names(active),
      "idle_threshold_seconds": .seconds(query.threshold),
      "window_seconds": .seconds(query.window),
      "active_model_details": .details(active) { entry in
        [
          "request_rate": .number(entry.traffic.rate(over: query.window, at: entry.now)),
          "total_requests": .number(entry.traffic.total),
          "avg_response_time": .seconds(entry.traffic.meanResponseTime),
          "last_activity_time": .time(entry.traffic.lastActivity, clock),
        ]
      },
      "active_models_count": .number(active.count),
    ]
  }
}

extension TrafficOverview.Entry {
  fileprivate func stats(_ query: TrafficQuery, _ clock: WallClock) -> [JSONValue.Member] {
    [
      .init("total_requests", .number(traffic.total)),
      .init("successful_requests", .number(traffic.succeeded)),
      .init("failed_requests", .number(traffic.failed)),
      .init("in_flight_requests", .number(traffic.inFlight)),
      .init("request_rate", .number(traffic.rate(over: query.window, at: now))),
      .init("avg_response_time", .seconds(traffic.meanResponseTime)),
      .init("last_activity_time", .time(traffic.lastActivity, clock)),
      .init("idle_time_seconds", .seconds(idleTime)),
      .init("is_idle", .bool(isIdle(beyond: query.threshold))),
    ]
  }
}

extension JSONValue {
  /// The names of the models.
  static func names(_ entries: [TrafficOverview.Entry]) -> JSONValue { .array(entries.map { .name($0.model.id) }) }

  /// An object with a member for each model, by its name.
  static func details(
    _ entries: [TrafficOverview.Entry], _ detail: (TrafficOverview.Entry) -> JSONValue
  ) -> JSONValue {
    .object(entries.map { Member($0.model.id.name, detail($0)) })
  }
}
