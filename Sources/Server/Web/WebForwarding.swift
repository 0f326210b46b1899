internal import Backends
internal import Core
internal import HTTP

/// Forwards requests to models that services on the web serve, as `Exchange.forward` does to servers nearby. The request's
/// body is read whole first; the answer goes on as it comes.
struct WebForwarding: Sendable {
  let transfers: WebTransfers

  /// What is not sent on, since lengths and codings are settled anew.
  private static let droppedFields: KnownFieldSet = [.host, .contentLength, .expect, .acceptEncoding]
  /// What is not sent on either to a service that has credentials of its own.
  private static let credentials: KnownFieldSet = [.authorization, .xAPIKey, .cookie]
  /// What is not passed back, in lower case.
  private static let droppedAnswerFields: Set = [
    "connection", "keep-alive", "proxy-authenticate", "te", "trailer", "transfer-encoding", "upgrade", "content-length",
    "content-type", "date", "set-cookie", "x-request-id",
  ]
  /// For an endpoint that has been scaled to zero: so long it holds the request instead of refusing it.
  private static let scaleUpTimeout = ("X-Scale-Up-Timeout", "600")

  /// Sends the request and passes the answer on; `tap` looks at each piece of it.
  /// - Throws: as `Exchange.forward` does.
  func forward(
    _ exchange: Exchange, _ plan: ForwardPlan, to upstream: Upstream, by access: WebAccess,
    tap: AnswerTap = { _, _ in }
  ) async throws(ForwardFailure) {
    let transfer = transfers.open(to: upstream, whenHungUp: exchange.interrupter)
    defer { transfers.close(transfer, to: upstream) }
    try await readBody(exchange, plan, transfer)
    transfer.start(request(exchange, plan, access))
    exchange.pass(.sent)
    defer { exchange.pass(.end) }
    var form: AnswerForm?
    for await news in transfer.news {
      if let failure = hungUp(transfer, exchange, plan, form) { throw failure }
      switch news {
      case .head(let status, let fields):
        exchange.pass(.head)
        do throws(ExchangeFailure) {
          try await begin(exchange, plan, status, fields)
        } catch {
          throw hungUp(transfer, exchange, plan, form) ?? .clientGone
        }
        // It is whole by now, whatever happens to the service.
        guard Self.hasBody(status) else { return }
        form = AnswerForm(status: status, contentType: fields.contentType)
      case .piece(let bytes):
        guard let form else { continue }
        exchange.pass(.firstByte)
        if form != .other { tap(bytes.span, form) }
        do throws(ExchangeFailure) {
          try await exchange.send(bytes)
        } catch {
          throw hungUp(transfer, exchange, plan, form) ?? .clientGone
        }
        transfer.taken(bytes: bytes.count)
      case .end(nil):
        guard form != nil else { throw .noAnswer("\(plan.origin): ended without an answer") }
        do throws(ExchangeFailure) {
          return try await exchange.finish()
        } catch {
          throw hungUp(transfer, exchange, plan, form) ?? .clientGone
        }
      case .end(let failure?):
        let reason = "\(plan.origin): \(failure.reason)"
        guard let form else { throw failure.wasNotSent ? .notTaken(reason) : .noAnswer(reason) }
        throw breakOff(exchange, plan, form, .cut(reason, bytesSent: exchange.record.bodyBytes))
      }
    }
    throw .clientGone
  }

  /// Whether an answer of this status has a body (RFC 9110, section 6.4.1).
  private static func hasBody(_ status: Int) -> Bool { status != 204 && status != 304 }

  /// Reads the request's body, which its client may take a while to send.
  private func readBody(
    _ exchange: Exchange, _ plan: ForwardPlan, _ transfer: WebTransfer
  ) async throws(ForwardFailure) {
    do throws(ExchangeFailure) {
      while transfer.hangUp == nil, try await exchange.readMoreBody() {}
    } catch {
      guard transfer.hangUp != nil else { throw ForwardFailure(error) }
    }
    if let reason = transfer.hangUp { throw ForwardFailure(reason, plan.origin) }
  }

  private func request(_ exchange: Exchange, _ plan: ForwardPlan, _ access: WebAccess) -> WebRequest {
    let dropped = access.authorization == nil ? Self.droppedFields : Self.droppedFields.union(Self.credentials)
    var request = WebRequest(
      method: exchange.method.description,
      url: "\(access.scheme.rawValue)://\(plan.origin)\(plan.target ?? exchange.target)",
      fields: exchange.endToEndFields(excluding: dropped).map { ($0.name, $0.value) },
      body: exchange.hasBody ? body(of: exchange, edited: plan.bodyEdit) : [])
    if let authorization = access.authorization {
      request.replaceField("Authorization", with: authorization)
      request.replaceField(Self.scaleUpTimeout.0, with: Self.scaleUpTimeout.1)
    }
    return request
  }

  private func body(of exchange: Exchange, edited edit: ForwardPlan.BodyEdit?) -> [UInt8] {
    var body = exchange.withBody { bytes in bytes.indices.map { bytes[$0] } }
    if let edit { body.replaceSubrange(edit.range, with: edit.replacement) }
    return body
  }

  private func begin(
    _ exchange: Exchange, _ plan: ForwardPlan, _ status: Int, _ fields: [(name: String, value: String)]
  ) async throws(ExchangeFailure) {
    for (name, value) in plan.addedFields { exchange.addResponseField(name, value) }
    if AnswerForm(status: status, contentType: fields.contentType) == .eventStream {
      exchange.addResponseField("X-Accel-Buffering", "no")
    }
    let kept = fields.filter { !Self.droppedAnswerFields.contains($0.name.lowercased()) }.map { ($0.name, $0.value) }
    guard Self.hasBody(status) else { return try await exchange.respond(status: status, fields: kept) }
    try await exchange.begin(
      status: status, fields: kept, contentType: fields.contentType ?? "application/octet-stream")
  }

  /// Tells the client, where it can be told, and cuts it off without a proper end.
  private func breakOff(
    _ exchange: Exchange, _ plan: ForwardPlan, _ form: AnswerForm?, _ failure: ForwardFailure
  ) -> ForwardFailure {
    if form == .eventStream {
      exchange.sendLastWord(
        Array("\n\nevent: error\ndata: ".utf8) + plan.midStreamError(failure) + Array("\n\n".utf8))
    }
    exchange.abort()
    return failure
  }

  /// What becomes of the request if it was ended from here.
  private func hungUp(
    _ transfer: WebTransfer, _ exchange: Exchange, _ plan: ForwardPlan, _ form: AnswerForm?
  ) -> ForwardFailure? {
    guard let reason = transfer.hangUp else { return nil }
    let failure = ForwardFailure(reason, plan.origin)
    guard exchange.responseHasBegun else { return failure }
    return breakOff(exchange, plan, form, failure.midStream(bytesSent: exchange.record.bodyBytes))
  }
}

extension [(name: String, value: String)] {
  fileprivate var contentType: String? { first { $0.name.lowercased() == "content-type" }?.value }
}

extension AnswerForm {
  fileprivate init(status: Int, contentType: String?) {
    let type = contentType?.lowercased() ?? ""
    guard 200..<300 ~= status else {
      self = .other
      return
    }
    self = type.hasPrefix("text/event-stream") ? .eventStream : type.hasPrefix("application/json") ? .json : .other
  }
}
