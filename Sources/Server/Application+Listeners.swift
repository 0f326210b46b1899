internal import Backends
internal import Core
internal import Foundation
internal import HTTP
internal import Switcher

/// The daemon's addresses, and what is served at each.
extension Application {
  /// Takes every address; nothing is accepted there before the servers are told to.
  /// - Returns: the servers, and where each listens, the clients' first.
  /// - Throws: `ListenFailure` when an address can't be had.
  func bindServers() async throws -> (servers: [HTTPServer], addresses: [String]) {
    var clients = router(for: .client)
    addClientRoutes(to: &clients)
    var wanted: [(HTTPMetrics.Listener, SocketAddress, Router)] = []
    if let address = configuration.adminListen {
      var admin = router(for: .admin)
      addAdminRoutes(to: &admin, isLoopback: address.isLoopback)
      wanted = [(.client, configuration.listen, clients), (.admin, address, admin)]
    } else {
      addAdminRoutes(to: &clients, isLoopback: configuration.listen.isLoopback)
      wanted = [(.client, configuration.listen, clients)]
    }
    if let address = configuration.metricsListen {
      var metrics = router(for: .metrics)
      MetricsRoute(registry: registry).add(to: &metrics)
      wanted.append((.metrics, address, metrics))
    }
    var servers: [(HTTPMetrics.Listener, HTTPServer)] = []
    var addresses: [String] = []
    for (listener, address, router) in wanted {
      let server = HTTPServer(
        address: address, loops: loops, logger: logger, refusing: router.refuse, handler: router.serve)
      addresses.append("http://\(try await server.bind())")
      servers.append((listener, server))
    }
    http.expose(servers, registry: registry)
    return (servers.map(\.1), addresses)
  }

  private func router(for listener: HTTPMetrics.Listener) -> Router {
    let ledger = RequestLedger(
      listener: listener, metrics: http, access: logs.access, audit: logs.audit, timeline: timeline)
    return Router(ledger: ledger, logger: logger)
  }

  private func addClientRoutes(to router: inout Router) {
    let startedAt = Int(Date.now.timeIntervalSince1970)
    ClientRoutes(switcher: switcher, directory: directory, readiness: readiness, startedAt: startedAt).add(to: &router)
    HealthRoutes(switcher: switcher, directory: directory).add(to: &router)
    let followsEvents = configuration.adminListen == nil && configuration.adminToken == nil
    StatusPageRoute(
      switcher: switcher, monitor: traffic, history: history, timeline: timeline,
      events: followsEvents ? EventsRoute.path : nil
    ).add(to: &router)
    let proxy = ModelProxy(
      directory: directory, switcher: switcher, web: WebForwarding(transfers: runtimes.forwarded.web),
      timeline: timeline, recorder: recorder, logger: logger)
    for path in ["/completion", "/infill", "/rerank", "/tokenize"] { router.add(.post, path, proxy.serve) }
    for path in Self.namedPaths { router.add(nil, path, proxy.serve) }
    router.add(under: "/v1/", proxy.serve)
    router.add(under: UpstreamPath.prefix, proxy.serveUpstreamPath)
  }

  /// Those below /v1/ that have a name of their own in the metrics; all others there are served just the same.
  private static let namedPaths = [
    "/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/responses", "/v1/messages",
  ]

  private func addAdminRoutes(to router: inout Router, isLoopback: Bool) {
    let admission = AdminGuard(token: configuration.adminToken, isLoopback: isLoopback)
    router.addAdminRoutes { router in
      StatusRoute(switcher: switcher, admission: admission).add(to: &router)
      ConfigurationRoutes(live: live, admission: admission).add(to: &router)
      let desk = Operator(switcher: switcher) { [live] in await live.current.models.refusal(of: $0, for: $1) }
      CommandRoutes(desk: desk, admission: admission).add(to: &router)
      EvictionRoute(switcher: switcher, live: live, admission: admission).add(to: &router)
      let views = TrafficViews(switcher: switcher, monitor: traffic, timeline: timeline, admission: admission)
      TrafficRoutes(views: views).add(to: &router)
      SleepRoutes(desk: desk, views: views).add(to: &router)
      EndpointRoutes(desk: desk, admission: admission).add(to: &router)
      ServerInfoRoutes(switcher: switcher, live: live, admission: admission).add(to: &router)
      HistoryRoute(history: history, timeline: timeline, admission: admission).add(to: &router)
      EventsRoute(hub: feed.hub, timeline: timeline, admission: admission).add(to: &router)
      ModelLogRoute(
        directory: directory, outputs: runtimes.outputs, secrets: logs.secrets, timeline: timeline,
        admission: admission
      ).add(to: &router)
    }
    MetricsRoute(registry: registry).add(to: &router)
  }
}
