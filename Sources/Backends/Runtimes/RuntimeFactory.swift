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
  private let instances = InstanceNumbers()

  /// - Parameters:
  ///   - loops: watch the servers' processes, read their output and carry the control requests.
  ///   - output: gets what the servers write, each line with its model and "output": stdout or stderr.
  ///   - observer: told what the runtimes do and how long it takes.
  package init(
    loops: EventLoopGroup, timeline: any Timeline, logger: Logger, output: Logger,
    observer: @escaping RuntimeObserver = { _, _ in }
  ) {
    (self.loops, self.timeline, self.logger, self.output, self.observer) = (loops, timeline, logger, output, observer)
  }

  /// The runtime of one model; nothing is started or asked yet.
  /// - Throws: all that is wrong with the settings.
  package func runtime(for model: ModelID, _ settings: BackendSettings) throws(BackendFaults) -> any ModelRuntime {
    let blueprint = try settings.backend.blueprint(settings)
    let control = ServerControl(
      client: HTTPClient(loops: loops), upstream: settings.upstream, timeline: timeline,
      logger: logger.with("model", model), observe: { [observer] in observer(model, $0) })
    switch blueprint {
    case .server(let plan): return server(model, plan, control)
    case .hosted(let plan):
      let output = output.with("model", model)
      let site = HostSite(model: model, control: control, output: output) { [loops, timeline, living] launch, output in
        let process = ChildProcess(
          launch, loop: loops.next(), timeline: timeline, logger: control.logger, output: output)
        living.add(process)
        return process
      }
      return HostedRuntime(model: model, host: plan.host(site), control: control, instances: instances)
    }
  }

  private func server(_ model: ModelID, _ plan: ServerPlan, _ control: ServerControl) -> any ModelRuntime {
    guard let launch = plan.launch else {
      return AttachedRuntime(model: model, plan: plan, control: control, instances: instances)
    }
    // The mark by which a server of ours is known, whatever it is called.
    let marked = launch.adding(["SWITCHER_MODEL": model.name])
    return ServerRuntime(
      model: model, plan: plan, launch: marked, control: control, loop: loops.next(), living: living,
      instances: instances, output: output.with("model", model))
  }

  /// Ends every process of every runtime by force, at once, and returns when they are gone: for a daemon that was told
  /// twice to end. The runtimes are of no use afterwards.
  package func killAll() async { await living.kill() }
}

extension Launch {
  fileprivate func adding(_ variables: [String: String]) -> Launch {
    Launch(
      command: command, environment: environment.merging(variables) { $1 }, stopGrace: stopGrace,
      sparesDescendants: sparesDescendants)
  }
}
