internal import Core
internal import Foundation
internal import HTTP

/// Puts questions and orders of the command line to a running daemon's admin routes.
struct DaemonClient {
  private struct Answer: Decodable {
    let message: String?
    let warnings: [String]?
  }

  private let options: Command.ClientOptions

  init(_ options: Command.ClientOptions) { self.options = options }

  /// Prints what the daemon answers, and returns what the program tells the shell.
  func run(_ request: Command.ClientRequest) async -> ExitStatus {
    guard let upstream = Upstream(url: options.adminURL, modelName: nil) else {
      return misread("--admin", options.adminURL)
    }
    do {
      let client = HTTPClient(loops: try EventLoopGroup(count: 1))
      let daemon = AdminConnection(client: client, upstream: upstream, token: options.adminToken)
      switch request {
      case .events: return await follow(daemon)
      case .validate(let order): return try await validate(order, daemon)
      case .checkpoint(let model, let eviction): return try await checkpoint(model, eviction, daemon)
      default: return show(request, try await send(request, daemon))
      }
    } catch {
      say("\(error)")
      return .unreachable
    }
  }

  private func send(
    _ request: Command.ClientRequest, _ daemon: AdminConnection
  ) async throws(ClientFailure) -> ClientResponse {
    guard let (path, body) = request.order else { return try await daemon.get("/control/status") }
    return try await daemon.post("/control/\(path)", body)
  }

  private func follow(_ daemon: AdminConnection) async -> ExitStatus {
    let follower = EventFollower(
      client: daemon.client, upstream: daemon.upstream, fields: daemon.fields, printsJSON: options.printsJSON)
    switch await follower.run() {
    case .unreachable(let reason):
      say(reason)
      return .unreachable
    case .refused(let status, let body): return show(.events, ClientResponse(status: status, body: body))
    case .unread: return .ok
    }
  }

  private func validate(_ order: ValidationOrder, _ daemon: AdminConnection) async throws -> ExitStatus {
    guard let clients = Upstream(url: order.clientURL, modelName: nil) else { return misread("--url", order.clientURL) }
    let question = ModelQuestion(client: daemon.client, upstream: clients, model: order.model)
    let validation = Validation(
      daemon: daemon, question: question, order: order, usedMemory: { GPUMemory.usedMiB() })
    do {
      let report = try await validation.run()
      print(options.printsJSON ? report.json.serialized(pretty: true) : report.table)
      return report.isSuccess ? .ok : .failure
    } catch let refusal as Validation.Refusal {
      say(refusal.message)
      return .refused
    }
  }

  /// Wakes the model, since there is nothing to be kept of one that sleeps, and has it checkpointed.
  private func checkpoint(
    _ model: String, _ ordered: Eviction?, _ daemon: AdminConnection
  ) async throws -> ExitStatus {
    let configured = try await daemon.eviction(of: model).flatMap { $0.process == .checkpoint ? $0 : nil }
    let eviction = ordered ?? configured ?? Eviction(weights: .retain, process: .checkpoint)
    let woken = try await daemon.post("/control/wake", ["model": .string(model)])
    guard woken.refusal == nil else { return show(.wake(model), woken) }
    let order: JSONValue = ["model": .string(model), "eviction": .string(eviction.description)]
    let answer = try await daemon.post("/control/sleep", order)
    // A sleep that fails frees the GPU all the same.
    guard answer.refusal == nil, try await daemon.state(of: model)?.state == "stopped" else {
      return show(.sleep(model), answer)
    }
    say("\(model) could not be checkpointed, so its process was ended; the daemon's log tells why")
    return .failure
  }

  private func show(_ request: Command.ClientRequest, _ response: ClientResponse) -> ExitStatus {
    if let refusal = response.refusal {
      say(refusal)
      return .refused
    }
    let answer = response.decoded(Answer.self)
    if case .status = request {
      print(options.printsJSON ? response.text : StatusTable(json: response.body)?.text ?? response.text)
    } else if options.printsJSON {
      print(response.text)
    } else {
      print(answer?.message ?? response.text)
      for warning in answer?.warnings ?? [] { say("warning: \(warning)") }
    }
    return .ok
  }

  private func misread(_ option: String, _ url: String) -> ExitStatus {
    say("\(option): found \"\(url)\", expected http://HOST:PORT")
    return .usage
  }

  private func say(_ text: String) { FileHandle.standardError.write(Data("switcher: \(text)\n".utf8)) }
}

extension Command.ClientRequest {
  /// The admin route that carries it out, below /control/, and what that is told; nil for what is only asked.
  fileprivate var order: (path: String, body: JSONValue)? {
    switch self {
    case .status, .events, .validate, .checkpoint: nil
    case .unpin: ("unpin", [:])
    case .reload: ("reload", [:])
    case .setMode(let manual): ("mode", ["mode": manual ? "manual" : "auto"])
    case .switchTo(let model): ("switch", ["model": .string(model)])
    case .pin(let model): ("pin", ["model": .string(model)])
    case .sleep(let model): ("sleep", ["model": .string(model)])
    case .wake(let model): ("wake", ["model": .string(model)])
    }
  }
}
