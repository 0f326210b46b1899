internal import Core
internal import HTTP

/// A stand-in model server that has loaded its model: it listens, and answers.
struct StubServer {
  private let loops: EventLoopGroup
  private let server: HTTPServer

  /// As vLLM's web server ends idle connections; whoever pools connections to it must cope.
  static let limits = {
    var limits = ServerLimits()
    limits.idleTimeout = .seconds(5)
    return limits
  }()

  /// - Parameter gpu: held already, nil when there is always enough.
  /// - Throws: `SystemFailure` when the process may open no more descriptors or threads.
  init(
    _ options: StubEngineOptions, gpu: GPULock? = nil, limits: ServerLimits = Self.limits, timeline: any Timeline,
    logger: Logger
  ) throws {
    let address = try SocketAddress(host: "127.0.0.1", port: options.port)
    let model = StubModel(options, gpu: gpu, timeline: timeline)
    let routes = StubRoutes(options: options, model: model, timeline: timeline, logger: logger)
    loops = try EventLoopGroup(count: 1)
    server = HTTPServer(address: address, limits: limits, loops: loops, logger: logger) { await routes.handle($0) }
  }

  /// - Returns: where it listens.
  /// - Throws: `ListenFailure` when it can't.
  func start() async throws(ListenFailure) -> SocketAddress { try await server.start() }

  /// Cuts every connection and stops.
  func stop() async {
    await server.drain(until: .zero)
    await loops.shutdown()
  }
}
