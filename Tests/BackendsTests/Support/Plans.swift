import Core
import Testing

@testable import Backends

/// The settings of a model whose server listens on port 8001.
func exampleSettings(
  _ backend: Backend, modelName: String? = nil, _ configure: (inout BackendSettings) -> Void = { _ in }
) -> BackendSettings {
  let upstream = Upstream(origin: Origin(host: "127.0.0.1", port: 8001), modelName: modelName)
  var settings = BackendSettings(backend: backend, upstream: upstream)
  configure(&settings)
  return settings
}

/// What the settings' backend plans for a server.
func serverPlan(_ settings: BackendSettings) throws -> ServerPlan {
  let blueprint = try settings.backend.blueprint(settings)
  guard case .server(let plan) = blueprint else { throw RuntimeFailure("\(settings.backend) is no server's backend") }
  return plan
}
