internal import Backends
internal import Core
internal import Foundation
internal import HTTP
internal import Metrics
internal import Policies
internal import Switcher

/// The daemon: puts everything together, serves until it is told to end, and leaves nothing behind.
struct Application: Sendable {
  private let configuration: Configuration
  private let logger: Logger
  private let timeline = SystemTimeline()
  private let loops: EventLoopGroup
  private let registry = Registry()
  private let readiness = Readiness()
  private let runtimes: RuntimeFactory
  private let switcher: ModelSwitcher
  private let models: [ModelID]

  /// - Throws: `SystemFailure` when the process may not open what it needs; `BackendFaults` when a model's settings can't
  ///   be used.
  init(_ configuration: Configuration, logger: Logger) throws {
    self.configuration = configuration
    self.logger = logger
    models = configuration.models.map(\.id)
    loops = try EventLoopGroup(count: ProcessInfo.processInfo.activeProcessorCount)

    runtimes = RuntimeFactory(loops: loops, timeline: timeline, logger: logger)
    var servers: [ModelID: any ModelRuntime] = [:]
    for model in configuration.models { servers[model.id] = try runtimes.runtime(for: model.id, model.backend) }

    let switches = SwitchMetrics(models: models, registry: registry)
    let switchLog = SwitchLog(logger: logger)
    switcher = ModelSwitcher(
      machine: SwitchMachine(
        models: configuration.models.map { ($0.id, ModelLimits(maxInFlight: $0.maxInFlight, maxQueue: $0.maxQueue)) },
        policy: try Self.policy(configuration.policy),
        requestTimeout: configuration.models.map(\.requestTimeout).max() ?? .seconds(300), at: timeline.now),
      runtimes: servers, timeline: timeline, logger: logger,
      onSwitch: { record in
        switches.record(record)
        switchLog.write(record)
      })
    switches.expose(switcher, models: models, registry: registry)
  }

  private static func policy(_ settings: PolicySettings) throws -> any SwitchPolicy {
    guard let policy = PolicyCatalogue.policy(named: settings.name) else {
      throw PolicyFault(option: nil, message: "found no policy \"\(settings.name)\"")
    }
    return policy.init(options: PolicyOptions(settings.options))
  }

  /// Serves until a signal ends it. A second signal ends the process at once.
  /// - Throws: `ListenFailure` when an address can't be had; nothing was started then.
  func run() async throws {
    let signals = try await Signals(on: loops.next())
    let servers = try await startServers()
    logger.info("ready", ["listen": servers.addresses.joined(separator: " "), "models": models.count])
    let watch = Task { await switcher.run() }
    try await signals.next()
    let impatience = Task {
      try await signals.next()
      logger.warning("ended by a second signal")
      await runtimes.killAll()
      exit(1)
    }
    await shutDown(servers.servers)
    impatience.cancel()
    watch.cancel()
  }

  // MARK: The listeners

  private func startServers() async throws -> (servers: [HTTPServer], addresses: [String]) {
    var clients = Router(logger: logger)
    addClientRoutes(to: &clients)
    var wanted: [(SocketAddress, Router)] = []
    if let address = configuration.adminListen {
      var admin = Router(logger: logger)
      addAdminRoutes(to: &admin, isLoopback: address.isLoopback)
      wanted = [(configuration.listen, clients), (address, admin)]
    } else {
      addAdminRoutes(to: &clients, isLoopback: configuration.listen.isLoopback)
      wanted = [(configuration.listen, clients)]
    }
    if let address = configuration.metricsListen {
      var metrics = Router(logger: logger)
      MetricsRoute(registry: registry).add(to: &metrics)
      wanted.append((address, metrics))
    }
    var servers: [HTTPServer] = []
    var addresses: [String] = []
    for (address, router) in wanted {
      let server = HTTPServer(
        address: address, loops: loops, logger: logger,
        refusalFields: { [(RequestID.field, RequestID.valid(nil))] }, handler: router.serve)
      addresses.append("http://\(try await server.start())")
      servers.append(server)
    }
    return (servers, addresses)
  }

  private func addClientRoutes(to router: inout Router) {
    var directory = ModelDirectory()
    for model in configuration.models {
      directory.add(
        model.id, aliases: model.aliases, upstreamName: model.backend.upstream.modelName,
        requestTimeout: model.requestTimeout)
    }
    let startedAt = Int(Date.now.timeIntervalSince1970)
    ClientRoutes(switcher: switcher, directory: directory, readiness: readiness, startedAt: startedAt).add(to: &router)
    let proxy = ModelProxy(
      directory: directory, switcher: switcher, metrics: RequestMetrics(models: models, registry: registry),
      timeline: timeline, logger: logger)
    for path in ["/completion", "/infill", "/rerank", "/tokenize"] { router.add(.post, path, proxy.serve) }
    router.add(under: "/v1/", proxy.serve)
    router.add(under: UpstreamPath.prefix, proxy.serveUpstreamPath)
  }

  private func addAdminRoutes(to router: inout Router, isLoopback: Bool) {
    let admission = AdminGuard(token: configuration.adminToken, isLoopback: isLoopback)
    StatusRoute(switcher: switcher, admission: admission).add(to: &router)
    CommandRoutes(switcher: switcher, admission: admission, logger: logger).add(to: &router)
    addOwnMetrics()
    MetricsRoute(registry: registry).add(to: &router)
  }

  private func addOwnMetrics() {
    let build: Collected<String> = registry.gauge("switcher_build_info", help: "1; what runs.", labels: "version")
    registry.collect { $0.set(build, Version.number, to: 1) }
    registry.addProcessMetrics()
    registry.addRegistryMetrics(prefix: "switcher_")
  }

  // MARK: The end

  /// Lets those in flight end in peace, then stops every model.
  private func shutDown(_ servers: [HTTPServer]) async {
    logger.info("shutting down", ["grace_seconds": configuration.shutdownGrace.seconds])
    readiness.end()
    try? await timeline.sleep(for: configuration.shutdownDelay)
    for server in servers { server.stopAccepting() }
    await switcher.close()
    let deadline = timeline.now + configuration.shutdownGrace
    for server in servers { await server.drain(until: deadline) }
    await switcher.stopAll()
    logger.info("ended")
  }
}
