internal import Backends
internal import Core
internal import Foundation
internal import HTTP
internal import Metrics
internal import Switcher

/// The daemon: puts everything together, serves until it is told to end, and leaves nothing behind.
struct Application: Sendable {
  private let configuration: Configuration
  private let logs: Logs
  private let logger: Logger
  private let timeline = SystemTimeline()
  private let loops: EventLoopGroup
  private let registry: Registry
  private let readiness = Readiness()
  private let traffic = TrafficMonitor()
  private let history = SwitchHistory()
  private let feed: EventFeed
  private let runtimes: RuntimeFactory
  private let web = WebForwarding()
  private let switcher: ModelSwitcher
  private let directory: LiveDirectory
  private let http: HTTPMetrics
  private let live: LiveConfiguration
  private let recorder: Recorder?

  /// - Throws: `SystemFailure` when the process may not open what it needs; `BackendFaults` when a model's settings can't
  ///   be used.
  /// - Parameters:
  ///   - source: what `configuration` was read from, and is read from again.
  ///   - recorder: gets to know of every request for a model.
  init(_ configuration: Configuration, source: ConfigurationSource, logs: Logs, recorder: Recorder?) throws {
    self.configuration = configuration
    self.recorder = recorder
    self.logs = logs
    logger = logs.daemon
    loops = try EventLoopGroup(count: ProcessInfo.processInfo.activeProcessorCount)

    registry = Registry(seriesLimit: configuration.metrics.maxSeries)
    let runtimeMetrics = RuntimeMetrics(registry: registry)
    runtimeMetrics.create(configuration.models)

    runtimes = RuntimeFactory(
      installation: URL(filePath: source.path).standardizedFileURL.path, loops: loops, timeline: timeline,
      logger: logger, output: logs.models, observer: runtimeMetrics.observe)
    var servers: [ModelID: any ModelRuntime] = [:]
    for model in configuration.models {
      servers[model.id] = DiscreetRuntime(
        runtime: try runtimes.runtime(for: model.id, model.backend), secrets: logs.secrets)
    }

    let pairs = PairLabels(configuration.metrics.pairDetail, models: configuration.models.count)
    let readings = SnapshotMetrics(pairs: pairs, registry: registry)
    let switches = SwitchMetrics(models: configuration.models.map(\.id), pairs: pairs, registry: registry)
    let switchLog = SwitchLog(logger: logger)
    let feed = EventFeed(
      StatePicture(models: configuration.models.map(\.id), policy: configuration.policy.name),
      life: RequestID.valid(nil))
    self.feed = feed
    switcher = ModelSwitcher(
      machine: SwitchMachine(
        models: configuration.models.map { ($0.id, $0.limits) }, policy: try configuration.policy.policy(),
        requestTimeout: configuration.longestWait, at: timeline.now),
      runtimes: servers, timeline: timeline, logger: logger,
      observer: { [history] notice, now in
        readings.observe(notice)
        switches.observe(notice)
        switchLog.write(notice)
        history.observe(notice)
        feed.observe(notice, now)
      },
      hangUp: { [loops, web] upstream in
        if upstream.web == nil {
          loops.hangUp(on: upstream.origin, for: .drainTimeout)
        } else {
          web.hangUp(on: upstream.origin)
        }
      })
    readings.expose(switcher, registry: registry)
    let requests = RequestMetrics(registry: registry)
    http = HTTPMetrics(registry: registry)
    directory = LiveDirectory(ModelDirectory(configuration.models, metrics: requests, traffic: traffic))
    live = LiveConfiguration(
      configuration, source: source,
      parties: LiveConfiguration.Parties(
        switcher: switcher, runtimes: runtimes, directory: directory, switchMetrics: switches,
        runtimeMetrics: runtimeMetrics, requestMetrics: requests, traffic: traffic, logs: logs),
      logger: logger)
    ConfigurationMetrics(registry: registry).expose(live, registry: registry)
  }

  /// Serves until a signal ends it. A second signal ends the process at once.
  /// - Throws: `ListenFailure` when an address can't be had; nothing was started then.
  func run() async throws {
    let signals = try await Signals(on: loops.next())
    await runtimes.endOrphans()
    let servers = try await startServers()
    logger.info("ready", ["listen": servers.addresses.joined(separator: " "), "models": configuration.models.count])
    let watch = Task { await switcher.run() }
    if let model = configuration.models.first(where: \.preloads) { await switcher.preload(model.id) }
    let queueWatch = Task { await QueueWatch(switcher: switcher, hub: feed.hub, timeline: timeline).run() }
    // What keeps a reload from being done is logged, and the old configuration stays.
    while try await signals.next() == .reload { _ = try? await live.reload() }
    let impatience = Task {
      while try await signals.next() == .reload {}
      logger.warning("ended by a second signal")
      await runtimes.killAll()
      logs.output.flush()
      exit(1)
    }
    await shutDown(servers.servers)
    impatience.cancel()
    watch.cancel()
    queueWatch.cancel()
  }

  // MARK: The listeners

  private func startServers() async throws -> (servers: [HTTPServer], addresses: [String]) {
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
      addresses.append("http://\(try await server.start())")
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
      directory: directory, switcher: switcher, web: web, timeline: timeline,
      recorder: recorder, logger: logger)
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
      TrafficRoutes(switcher: switcher, monitor: traffic, timeline: timeline, admission: admission).add(to: &router)
      SleepRoutes(desk: desk, monitor: traffic, timeline: timeline, admission: admission).add(to: &router)
      EndpointRoutes(desk: desk, admission: admission).add(to: &router)
      ServerInfoRoutes(switcher: switcher, live: live, admission: admission).add(to: &router)
      HistoryRoute(history: history, timeline: timeline, admission: admission).add(to: &router)
      EventsRoute(hub: feed.hub, timeline: timeline, admission: admission).add(to: &router)
      ModelLogRoute(
        directory: directory, outputs: runtimes.outputs, secrets: logs.secrets, timeline: timeline,
        admission: admission
      ).add(to: &router)
    }
    addOwnMetrics()
    MetricsRoute(registry: registry).add(to: &router)
  }

  private func addOwnMetrics() {
    let build: Collected<String, String, String> = registry.gauge(
      "switcher_build_info", help: "1; what runs.", labels: "version", "commit", "swift")
    registry.collect { $0.set(build, Version.number, Version.commit, Version.compiler, to: 1) }
    let subscribers: Collected<> = registry.gauge(
      "switcher_event_subscribers", help: "Open streams of events.")
    registry.collect { [hub = feed.hub] in $0.set(subscribers, to: hub.readerCount) }
    let lines = registry.collectedCounter(
      "switcher_log_messages_total", help: "Lines of the log.", labels: Label<Logger.Level>("level"))
    registry.collect { [output = logs.output] samples in
      for level in Logger.Level.allCases { samples.set(lines, level, to: output.lineCount(level)) }
    }
    registry.addProcessMetrics()
    registry.addRegistryMetrics(prefix: "switcher_")
  }

  // MARK: The end

  /// Lets those in flight end in peace, then stops every model.
  private func shutDown(_ servers: [HTTPServer]) async {
    let configuration = await live.current
    logger.info("shutting down", ["grace_seconds": configuration.shutdownGrace.seconds])
    readiness.end()
    try? await timeline.sleep(for: configuration.shutdownDelay)
    for server in servers { server.stopAccepting() }
    await switcher.close()
    feed.hub.close()
    runtimes.outputs.close()
    let deadline = timeline.now + configuration.shutdownGrace
    for server in servers { await server.drain(until: deadline) }
    await switcher.stopAll()
    await recorder?.flush()
    logger.info("ended")
  }
}

extension Logger.Level: LabelValue {
  package var labelValue: String { name }
}
