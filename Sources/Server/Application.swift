internal import Backends
internal import Core
internal import Foundation
internal import HTTP
internal import Metrics
internal import Switcher

/// The daemon: puts everything together, serves until it is told to end, and leaves nothing behind.
struct Application: Sendable {
  let configuration: Configuration
  let logs: Logs
  let logger: Logger
  let timeline = SystemTimeline()
  let loops: EventLoopGroup
  let registry: Registry
  let readiness = Readiness()
  let traffic = TrafficMonitor()
  let history = SwitchHistory()
  let feed: EventFeed
  let runtimes: RuntimeFactory
  let switcher: ModelSwitcher
  let directory: LiveDirectory
  let http: HTTPMetrics
  let live: LiveConfiguration
  let recorder: Recorder?

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
      hangUp: { [forwarded = runtimes.forwarded] in forwarded.hangUp(on: $0, for: .drainTimeout) })
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
    registry.addDaemonMetrics(events: feed.hub, log: logs.output)
  }

  /// Serves until a signal ends it. A second signal ends the process at once.
  /// - Throws: `ListenFailure` when an address can't be had; nothing was started or ended then.
  func run() async throws {
    let signals = try await Signals(on: loops.next())
    // Before the sweep: to a second daemon, started by mistake, the first one's restored servers look like orphans.
    let servers = try await bindServers()
    await runtimes.endOrphans()
    for server in servers.servers { server.accept() }
    logger.info("ready", ["listen": servers.addresses.joined(separator: " "), "models": configuration.models.count])
    let watch = Task { await switcher.run() }
    if let model = configuration.preloadedModel { await switcher.preload(model) }
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

  /// Lets those in flight end in peace, then stops every model.
  private func shutDown(_ servers: [HTTPServer]) async {
    let configuration = await live.current
    logger.info("shutting down", ["grace_seconds": configuration.shutdownGrace.seconds])
    readiness.end()
    // Nobody cancels it.
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
