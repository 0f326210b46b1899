import Core
import Foundation
import HTTP
import Testing

@testable import Backends

/// Tests that start processes: one after the other, since some of them count descriptors and children.
@Suite(.serialized, .timeLimit(.minutes(10))) struct ProcessTests {
  /// What a started server needs around it.
  struct Site {
    let log = LineLog()
    let tree = ProcessTree()
    let timeline = SystemTimeline()
    let loops: EventLoopGroup
    let marks = ServerMarks(installation: UUID().uuidString)
    let output = ModelOutput()

    /// One for all tests: a loop that nobody shuts down keeps its thread.
    private static let sharedLoops = Result { try EventLoopGroup(count: 1) }

    init() throws { loops = try Self.sharedLoops.get() }

    func launch(_ command: [String], grace: Duration = .seconds(10)) -> Launch {
      Launch(command: command, environment: tree.environment, stopGrace: grace)
    }

    func start(_ command: [String], grace: Duration = .seconds(10)) -> ChildProcess {
      ChildProcess(
        launch(command, grace: grace), mark: marks.next(), loop: loops.next(), timeline: timeline, logger: log.logger,
        output: OutputSink(logger: log.logger, kept: output))
    }

    func shell(_ script: String) -> ChildProcess { start(["sh", "-c", script]) }
  }
}

extension ProcessTests.Site {
  var factory: RuntimeFactory {
    RuntimeFactory(
      installation: marks.daemon.installation, loops: loops, timeline: timeline, logger: log.logger, output: log.logger)
  }

  var programs: ProgramRunner {
    ProgramRunner(
      start: { [loops, timeline, log, marks] launch, output in
        ChildProcess(
          launch, mark: marks.next(), loop: loops.next(), timeline: timeline, logger: log.logger, output: output)
      }, timeline: timeline)
  }

  /// A factory whose servers' GPU is a stand-in.
  /// - Parameter library: the CUDA driver's.
  func factory(_ nvidia: FakeNVIDIA, library: String = "/no/such/libcuda.so.1") -> RuntimeFactory {
    let cuda = CUDAAccess(library: library, devicePrefix: nvidia.devicePrefix)
    return RuntimeFactory(
      installation: marks.daemon.installation, loops: loops, timeline: timeline, logger: log.logger,
      output: log.logger, cuda: cuda)
  }

  func runtime(
    command: [String], port: UInt16, backend: Backend = .command, named name: String = "model",
    from factory: RuntimeFactory? = nil,
    _ configure: (inout BackendSettings) -> Void = { _ in }
  ) throws -> any ModelRuntime {
    let upstream = Upstream(origin: Origin(host: "127.0.0.1", port: port))
    var settings = BackendSettings(backend: backend, upstream: upstream)
    settings.command = command
    settings.environment = tree.environment
    configure(&settings)
    return try (factory ?? self.factory).runtime(for: ModelID(name), settings)
  }

  func runtime(
    _ server: FakeServer, named name: String = "model", _ configure: (inout BackendSettings) -> Void = { _ in }
  ) throws -> any ModelRuntime {
    try runtime(command: server.command, port: server.port, named: name, configure)
  }
}

extension BackendSettings {
  mutating func useSleepSteps() {
    sleepSteps = [ControlStep("/sleep?level=1")]
    wakeSteps = [ControlStep("/wake_up")]
  }
}

extension ProcessTests.Site {
  /// One that gives each look all the time that it needs.
  func control(_ upstream: Upstream, on timeline: (any Timeline)? = nil) -> ServerControl {
    var control = ServerControl(
      client: HTTPClient(loops: loops), web: WebClient(), forwarded: ForwardedRequests(loops: loops),
      upstream: upstream, timeline: timeline ?? self.timeline, logger: log.logger)
    control.leastPatience = .seconds(600)
    return control
  }

  /// Starts the server as somebody else would, and hands over the control of it once it is up.
  func withServer(
    _ server: FakeServer, basePath: String = "", _ body: (ServerControl) async throws -> Void
  ) async throws {
    let process = start(server.command)
    let control = control(Upstream(origin: server.origin, basePath: basePath))
    do {
      try await control.awaitHealth(at: "/health", within: .seconds(600))
      try await body(control)
    } catch {
      try await process.stop(grace: .zero)
      throw error
    }
    try await process.stop(grace: .zero)
  }

  /// What a server was asked by POST, PUT or PATCH, and whether it sleeps; without the repetitions of the latter.
  var requests: [String] {
    let requests = log.messages.filter { line in
      ["POST /", "PUT /", "PATCH /", "GET /is_sleeping"].contains { line.hasPrefix($0) }
    }
    return zip(requests, [""] + requests).filter { $0 != $1 }.map(\.0)
  }

  /// Expects the requests to be these, once what the server printed has arrived.
  func expectRequests(_ expected: [String], sourceLocation: SourceLocation = #_sourceLocation) async {
    _ = await holds { requests == expected }
    #expect(requests == expected, sourceLocation: sourceLocation)
  }
}
