internal import Core
internal import HTTP

// The routes that control the engine (vLLM's with VLLM_SERVER_DEV_MODE=1).
extension StubRoutes {
  /// - Throws: `EngineFault` when the call can't be understood or has failed, `ExchangeFailure` when the client has gone.
  func control(_ exchange: Exchange) async throws {
    let request = "\(exchange.method.description) \(exchange.target)"
    let before = timeline.now
    do {
      let call = try EngineCall(path: exchange.path, query: exchange.query, body: exchange.bodyData)
      let body = try call.body(of: await model.perform(call))
      log(request, status: 200, since: before)
      try await exchange.respond(status: 200, body: body.serialized())
    } catch let fault as EngineFault {
      log(request, status: fault.status, since: before)
      throw fault
    }
  }

  private func log(_ request: String, status: Int, since before: Instant) {
    let milliseconds = ((timeline.now - before).seconds * 1_000).rounded()
    logger.info(request, ["status": status, "seconds": milliseconds / 1_000])
  }
}
