internal import Core
internal import Foundation
internal import FoundationNetworking
internal import HTTP

/// Forwards requests to models that services on the web serve, as `Exchange.forward` does to servers nearby. The request's
/// body is read whole first; the answer goes on as it comes.
struct WebForwarding: Sendable {
  private let transfers = WebTransfers()
  let timeline: any Timeline

  /// What is not sent on: the client's credentials are for the daemon, and lengths and codings are settled anew.
  private static let droppedFields: KnownFieldSet = [
    .host, .contentLength, .expect, .authorization, .xAPIKey, .cookie, .acceptEncoding,
  ]
  /// What is not passed back, in lower case.
  private static let droppedAnswerFields: Set = [
    "connection", "keep-alive", "proxy-authenticate", "te", "trailer", "transfer-encoding", "upgrade", "content-length",
    "content-encoding", "content-type", "date", "set-cookie", "x-request-id",
  ]
  /// For an endpoint that has been scaled to zero: so long it holds the request instead of refusing it.
  private static let scaleUpTimeout = ("X-Scale-Up-Timeout", "600")

  /// Sends the request and passes the answer on; whether it returns or throws, the exchange's `record` tells what came of it.
  /// - Throws: as `Exchange.forward` does.
  func forward(
    _ exchange: Exchange, _ plan: ForwardPlan, by access: WebAccess, tap: AnswerTap
  ) async throws(ForwardFailure) {
    let request = try await request(exchange, plan, access)
    exchange.noteSent(at: timeline.now)
    defer { exchange.noteEnd(at: timeline.now) }
    var progress: Progress?
    let transfer = transfers.send(request)
    defer { transfer.cancel() }
    for await news in transfer.news {
      switch news {
      case .head(let status, let fields):
        exchange.noteHead(at: timeline.now)
        try await begin(exchange, plan, status, fields)
        progress = Progress(form: fields.form(status), hasBody: Self.hasBody(status))
      case .piece(let bytes):
        guard let progress, progress.hasBody else { continue }
        exchange.noteBody(at: timeline.now)
        if progress.form != .other { tap(bytes.span, progress.form) }
        do { try await exchange.send(bytes) } catch { throw .clientGone }
        transfer.taken(bytes: bytes.count)
      case .end(nil):
        guard let progress else { throw .noAnswer("\(plan.origin): ended without an answer") }
        if progress.hasBody { do { try await exchange.finish() } catch { throw .clientGone } }
        return
      case .end(let failure?):
        let reason = "\(plan.origin): \(failure.localizedDescription)"
        guard let progress else { throw failure.wasNotTaken ? .notTaken(reason) : .noAnswer(reason) }
        throw await breakOff(exchange, plan, progress, reason)
      }
    }
    throw .clientGone
  }

  /// What has gone to the client of an answer that is not whole yet.
  private struct Progress {
    let form: AnswerForm
    let hasBody: Bool
  }

  /// Whether an answer of this status has a body (RFC 9110, section 6.4.1).
  private static func hasBody(_ status: Int) -> Bool { status != 204 && status != 304 }

  private func request(
    _ exchange: Exchange, _ plan: ForwardPlan, _ access: WebAccess
  ) async throws(ForwardFailure) -> URLRequest {
    do {
      try await exchange.readBody()
    } catch {
      throw ForwardFailure(error)
    }
    let address = "\(access.scheme.rawValue)://\(plan.origin)\(plan.target ?? exchange.target)"
    guard let url = URL(string: address) else { throw .noAnswer("\(address) is no URL") }
    var request = URLRequest(url: url)
    request.httpMethod = exchange.method.description
    for field in exchange.endToEndFields(excluding: Self.droppedFields) {
      request.addValue(field.value, forHTTPHeaderField: field.name)
    }
    request.setValue(access.authorization, forHTTPHeaderField: "Authorization")
    request.setValue(Self.scaleUpTimeout.1, forHTTPHeaderField: Self.scaleUpTimeout.0)
    if exchange.hasBody { request.httpBody = Data(body(of: exchange, edited: plan.bodyEdit)) }
    return request
  }

  private func body(of exchange: Exchange, edited edit: ForwardPlan.BodyEdit?) -> [UInt8] {
    var body = exchange.withBody { bytes in bytes.indices.map { bytes[$0] } }
    if let edit { body.replaceSubrange(edit.range, with: edit.replacement) }
    return body
  }

  private func begin(
    _ exchange: Exchange, _ plan: ForwardPlan, _ status: Int, _ fields: [(name: String, value: String)]
  ) async throws(ForwardFailure) {
    for (name, value) in plan.addedFields { exchange.addResponseField(name, value) }
    if fields.tellOfEvents { exchange.addResponseField("X-Accel-Buffering", "no") }
    let kept = fields.filter { !Self.droppedAnswerFields.contains($0.name.lowercased()) }.map { ($0.name, $0.value) }
    do {
      guard Self.hasBody(status) else { return try await exchange.respond(status: status, fields: kept) }
      try await exchange.begin(
        status: status, fields: kept, contentType: fields.contentType ?? "application/octet-stream")
    } catch {
      throw .clientGone
    }
  }

  /// Tells the client, where it can be told, and cuts it off without a proper end.
  private func breakOff(
    _ exchange: Exchange, _ plan: ForwardPlan, _ progress: Progress, _ reason: String
  ) async -> ForwardFailure {
    if progress.form == .eventStream {
      let event = Array("\n\nevent: error\ndata: ".utf8) + plan.midStreamError + Array("\n\n".utf8)
      try? await exchange.send(event)
    }
    exchange.abort()
    return .cut(reason, bytesSent: exchange.record.bodyBytes)
  }
}

extension [(name: String, value: String)] {
  fileprivate var contentType: String? { first { $0.name.lowercased() == "content-type" }?.value }
  fileprivate func form(_ status: Int) -> AnswerForm {
    if tellOfEvents { return .eventStream }
    return status < 300 && contentType?.lowercased().hasPrefix("application/json") ?? false ? .json : .other
  }

  fileprivate var tellOfEvents: Bool { contentType?.lowercased().hasPrefix("text/event-stream") ?? false }
}

extension URLError {
  /// Whether no connection came about, so that the request can't have been acted upon.
  fileprivate var wasNotTaken: Bool {
    [.cannotConnectToHost, .cannotFindHost, .dnsLookupFailed, .secureConnectionFailed].contains(code)
  }
}
