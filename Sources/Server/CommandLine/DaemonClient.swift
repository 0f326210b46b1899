internal import Core
internal import Foundation
internal import HTTP

/// Puts questions and orders of the command line to a running daemon's admin routes.
struct DaemonClient {
  private enum ExitStatus: Int32 {
    case ok = 0
    case usage = 2
    case unreachable = 3
    case refused = 4
  }

  private struct Answer: Decodable {
    let message: String?
    let error: String?
    let warnings: [String]?
  }

  private let options: Command.ClientOptions

  init(_ options: Command.ClientOptions) { self.options = options }

  /// Prints what the daemon answers, and returns the program's exit status.
  func run(_ request: Command.ClientRequest) async -> Int32 {
    guard let upstream = Upstream(url: options.adminURL, modelName: nil) else {
      say("--admin: found \"\(options.adminURL)\", expected http://HOST:PORT")
      return ExitStatus.usage.rawValue
    }
    do {
      let client = HTTPClient(loops: try EventLoopGroup(count: 1))
      if case .events = request { return await follow(client, upstream).rawValue }
      let response = try await client.send(
        wire(request, upstream), to: upstream.origin, timeout: .seconds(3600), bodyLimit: 16 << 20)
      return show(request, response).rawValue
    } catch {
      say("\(error)")
      return ExitStatus.unreachable.rawValue
    }
  }

  private func wire(_ request: Command.ClientRequest, _ upstream: Upstream) -> ClientRequest {
    let (path, body): (String, [String: String]?) =
      switch request {
      case .status: ("status", nil)
      case .unpin: ("unpin", [:])
      case .reload: ("reload", [:])
      case .events: ("events", nil)
      case .setMode(let manual): ("mode", ["mode": manual ? "manual" : "auto"])
      case .switchTo(let model): ("switch", ["model": model])
      case .pin(let model): ("pin", ["model": model])
      case .sleep(let model): ("sleep", ["model": model])
      case .wake(let model): ("wake", ["model": model])
      }
    let fields = authorization + (body == nil ? [] : [("Content-Type", "application/json")])
    return ClientRequest(
      body == nil ? .get : .post, upstream.basePath + "/control/\(path)", fields: fields, body: body.map(json) ?? [])
  }

  private var authorization: [(name: String, value: String)] {
    options.adminToken.map { [("Authorization", "Bearer \($0)")] } ?? []
  }

  private func follow(_ client: HTTPClient, _ upstream: Upstream) async -> ExitStatus {
    let follower = EventFollower(
      client: client, upstream: upstream, fields: authorization, printsJSON: options.printsJSON)
    switch await follower.run() {
    case .unreachable(let reason):
      say(reason)
      return .unreachable
    case .refused(let status, let body): return show(.events, ClientResponse(status: status, body: body))
    case .unread: return .ok
    }
  }

  private func show(_ request: Command.ClientRequest, _ response: ClientResponse) -> ExitStatus {
    let text = String(decoding: response.body, as: UTF8.self)
    let answer = try? JSONDecoder().decode(Answer.self, from: Data(response.body))
    guard response.status == 200 else {
      say(answer?.error ?? "the daemon answered \(response.status): \(text)")
      return .refused
    }
    if case .status = request {
      print(options.printsJSON ? text : StatusTable(json: response.body)?.text ?? text)
    } else if options.printsJSON {
      print(text)
    } else {
      print(answer?.message ?? text)
      for warning in answer?.warnings ?? [] { say("warning: \(warning)") }
    }
    return .ok
  }

  private func say(_ text: String) { FileHandle.standardError.write(Data("switcher: \(text)\n".utf8)) }
}
