package import Core

/// Why an exchange was not forwarded, or its answer is not whole. The texts are worded for a person.
package enum ForwardFailure: Error, Hashable, Sendable {
  /// The server can't have acted upon the request, and nothing was sent to the client: it may be forwarded again.
  case notTaken(String)
  /// The request may have been acted upon, but no usable answer came. Nothing was sent to the client.
  case noAnswer(String)
  /// No answer came in time. Nothing was sent to the client.
  case timedOut(String)
  /// The answer broke off after so many bytes of its body; the client has already been cut off so that it can tell.
  case cut(String, bytesSent: Int)
  /// It was ended from here, since its model is to leave the GPU and it has had its time.
  /// - `bytesSent`: as for `cut`; nil where nothing was sent to the client.
  case drained(String, bytesSent: Int?)
  /// The request itself could not be read to its end. Nothing was sent to the client.
  case refused(WireFault)
  /// The client has left, or the connection was cut from here. Nobody is left to answer.
  case clientGone
}

extension ForwardFailure {
  package init(_ failure: ExchangeFailure) {
    switch failure {
    case .refused(let fault): self = .refused(fault)
    case .clientGone: self = .clientGone
    }
  }

  /// What comes of a request whose server was hung up on before it had answered.
  package init(_ hangUp: HangUp, _ origin: Origin) {
    switch hangUp {
    case .stop: self = .noAnswer("\(origin): the model server is being stopped")
    case .drainTimeout:
      self = .drained("\(origin): cut off, since the model had to make way and the drain took too long", bytesSent: nil)
    }
  }

  /// The same for an answer that had begun, and of whose body the client has so many bytes.
  package func midStream(bytesSent: Int) -> ForwardFailure {
    switch self {
    case .noAnswer(let reason), .timedOut(let reason), .notTaken(let reason): .cut(reason, bytesSent: bytesSent)
    case .refused(let fault): .cut(fault.message, bytesSent: bytesSent)
    case .drained(let reason, _): .drained(reason, bytesSent: bytesSent)
    case .cut, .clientGone: self
    }
  }
}
