internal import Core
internal import Metrics

extension Registry {
  /// The metrics of the daemon itself: what runs, who follows its events, how much it logs and what its process takes.
  func addDaemonMetrics(events hub: EventHub, log output: LogOutput) {
    let build: Collected<String, String, String> = gauge(
      "switcher_build_info", help: "1; what runs.", labels: "version", "commit", "swift")
    collect { $0.set(build, Version.number, Version.commit, Version.compiler, to: 1) }
    let subscribers: Collected<> = gauge("switcher_event_subscribers", help: "Open streams of events.")
    collect { $0.set(subscribers, to: hub.readerCount) }
    let lines = collectedCounter(
      "switcher_log_messages_total", help: "Lines of the log.", labels: Label<Logger.Level>("level"))
    collect { samples in
      for level in Logger.Level.allCases { samples.set(lines, level, to: output.lineCount(level)) }
    }
    addProcessMetrics()
    addRegistryMetrics(prefix: "switcher_")
  }
}

extension Logger.Level: LabelValue {
  package var labelValue: String { name }
}
