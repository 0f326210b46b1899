internal import HTTP
internal import Metrics

/// `GET /metrics`, for Prometheus. Open to whoever reaches the listener, as a scraper expects it.
struct MetricsRoute: Sendable {
  let registry: Registry

  func add(to router: inout Router) {
    router.add(.get, "/metrics") { exchange in
      let format = ExpositionFormat.preferred(accept: exchange.field(.accept))
      let text = await registry.render(as: format)
      try await exchange.respond(status: 200, contentType: format.contentType, body: text)
    }
  }
}
