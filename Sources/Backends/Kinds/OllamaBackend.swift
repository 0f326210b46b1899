internal import Core

extension Backend {
  /// A model of an Ollama server that somebody else runs: loaded when it is woken, unloaded to put it to sleep.
  package static let ollama = Backend(
    name: "ollama", keys: [.url], standardPort: 11434, healthPath: "/api/version", wakeTimeout: .seconds(300)
  ) { settings throws(BackendFaults) in
    .hosted(
      HostPlan { site in
        OllamaHost(
          control: site.control, model: site.modelName, healthPath: settings.healthPath,
          sleepTimeout: settings.sleepTimeout, wakeTimeout: settings.wakeTimeout)
      })
  }
}
