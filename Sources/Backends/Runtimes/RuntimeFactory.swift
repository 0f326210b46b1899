package import Core
package import HTTP

/// Makes model runtimes out of their settings, with what they all share.
package struct RuntimeFactory: Sendable {
  private let loops: EventLoopGroup
  private let timeline: any Timeline
  private let logger: Logger
  private let output: Logger
  private let observer: RuntimeObserver
  private let living = LivingProcesses()
  private let marks: ServerMarks
  /// What the models' servers have written last.
  package let outputs = ModelOutputs()
  private let cuda: CUDAAccess
  private let web = WebClient()
  /// Whoever forwards requests does so through these.
  package let forwarded: ForwardedRequests
  private let instances = InstanceNumbers()
  private let leaving = PortsInLeaving()

  /// - Parameters:
  ///   - installation: tells this daemon from others on the machine, and is the same in its next run: the path of its
  ///     configuration.
  ///   - loops: watch the servers' processes, read their output and carry the control requests.
  ///   - output: gets what the servers write, each line with its model and "output": stdout or stderr.
  ///   - observer: told what the runtimes do and how long it takes.
  package init(
    installation: String, loops: EventLoopGroup, timeline: any Timeline, logger: Logger, output: Logger,
    observer: @escaping RuntimeObserver = { _, _ in }
  ) {
    self.init(
      installation: installation, loops: loops, timeline: timeline, logger: logger, output: output,
      cuda: CUDAAccess(), observer: observer)
  }

  init(
    installation: String, loops: EventLoopGroup, timeline: any Timeline, logger: Logger, output: Logger,
    cuda: CUDAAccess,
    observer: @escaping RuntimeObserver = { _, _ in }
  ) {
    (self.loops, self.timeline, self.logger, self.output, self.observer) = (loops, timeline, logger, output, observer)
    marks = ServerMarks(installation: installation)
    forwarded = ForwardedRequests(loops: loops)
    self.cuda = cuda
  }

  /// The runtime of one model; nothing is started or asked yet.
  /// - Throws: all that is wrong with the settings.
  package func runtime(for model: ModelID, _ settings: BackendSettings) throws(BackendFaults) -> any ModelRuntime {
    let blueprint = try settings.backend.blueprint(settings)
    let control = ServerControl(
      client: HTTPClient(loops: loops), web: web, forwarded: forwarded, upstream: settings.upstream,
      healthPath: settings.healthPath, timeline: timeline, logger: logger.with("model", model),
      observe: { [observer] in observer(model, $0) })
    switch blueprint {
    case .server(let plan): return server(model, plan, control)
    case .hosted(let plan):
      let site = HostSite(
        model: model, control: control, log: output.with("model", model), kept: outputs[model],
        start: programs(control.logger).start)
      return HostedRuntime(model: model, host: plan.host(site), control: control, instances: instances)
    }
  }

  private func server(_ model: ModelID, _ plan: ServerPlan, _ control: ServerControl) -> any ModelRuntime {
    guard let launch = plan.launch else {
      return AttachedRuntime(model: model, plan: plan, control: control, instances: instances)
    }
    let images = CheckpointImages(of: model, plan.checkpointing.settings)
    let named = launch.adding(
      ["SWITCHER_MODEL": model.name], outputFile: plan.checkpointing.isPossible ? images.outputFile : nil)
    let programs = programs(control.logger)
    let suspension: @Sendable () async -> GPUSuspension = { [cuda, programs, timeline] in
      await cuda.suspension(
        plan.checkpointing.settings, programs: programs, timeline: timeline, logger: control.logger)
    }
    return ServerRuntime(
      model: model, plan: plan, launch: named, control: control, programs: programs, suspension: suspension,
      images: images, instances: instances, leaving: leaving,
      output: OutputSink(logger: output.with("model", model), kept: outputs[model]))
  }

  private func programs(_ logger: Logger) -> ProgramRunner {
    ProgramRunner(
      start: { [loops, timeline, living, marks] launch, output in
        let process = ChildProcess(
          launch, mark: marks.next(), loop: loops.next(), timeline: timeline, logger: logger, output: output)
        living.add(process)
        return process
      }, timeline: timeline)
  }

  /// Ends the servers that an earlier run of this daemon has left behind, as one does that was killed together with its
  /// shepherds, and returns when they are gone. Nobody else's, and none of a run that still lives.
  package func endOrphans() async {
    let sweep = ProcessSweep(timeline: timeline) { [daemon = marks.daemon] process in
      ServerMark(of: process.pid).map { daemon.succeeds($0.daemon) } ?? false
    }
    let (found, left) = await sweep.run(grace: Launch.orphanGrace)
    if !found.isEmpty { logger.warning("ended the orphans of an earlier run", ["pids": found.listed]) }
    if !left.isEmpty { logger.error("orphans of an earlier run outlive SIGKILL", ["pids": left.listed]) }
  }

  /// Ends every process of every runtime by force, at once, and returns when they are gone: for a daemon that was told
  /// twice to end. The runtimes are of no use afterwards.
  package func killAll() async { await living.kill() }
}

extension Launch {
  fileprivate func adding(_ variables: [String: String], outputFile: String?) -> Launch {
    Launch(
      command: command, environment: environment.merging(variables) { $1 }, stopGrace: stopGrace, remains: remains,
      outputFile: outputFile)
  }
}
