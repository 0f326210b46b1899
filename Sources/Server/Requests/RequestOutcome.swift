internal import HTTP
internal import Metrics
internal import Switcher

/// How a request ended.
enum RequestOutcome: String, Sendable, CaseIterable, LabelValue {
  case success
  /// The model server found fault with the request (4xx), or what the client sent of it could not be read.
  case clientError = "client_error"
  /// The model server failed, or died.
  case upstreamError = "upstream_error"
  /// Turned away: the queue was full, the model could not be made ready, or the daemon is shutting down.
  case rejected
  /// Turned away because manual mode serves another model.
  case refused
  /// Waited too long, or took too long when its model was to make way.
  case timeout
  /// The client left.
  case cancelled

  /// How a request ended that the model server answered.
  init(status: Int) {
    switch status {
    case ..<400: self = .success
    case 400..<500: self = .clientError
    default: self = .upstreamError
    }
  }

  /// How a request ended that was never granted.
  init(_ error: SwitchError) {
    switch error {
    case .manualMode: self = .refused
    case .timedOut: self = .timeout
    case .abandoned: self = .cancelled
    case .unknownModel, .queueFull, .switchFailed, .superseded, .shuttingDown: self = .rejected
    }
  }

  /// How a request ended that was granted and not answered in full.
  init(_ failure: ForwardFailure) {
    switch failure {
    case .notTaken, .noAnswer, .timedOut, .cut: self = .upstreamError
    case .drained: self = .timeout
    case .refused: self = .clientError
    case .clientGone: self = .cancelled
    }
  }
}

/// How a model server failed to answer a request.
enum UpstreamError: String, Sendable, CaseIterable, LabelValue {
  /// It took no connection, or closed it before it could have taken the request.
  case connect
  case timeout
  /// It ended the connection, or answered what is no HTTP, when the request may have been acted upon.
  case reset
  /// It answered with a status of 500 or more.
  case badStatus = "bad_status"
  /// Its answer broke off.
  case midStream = "mid_stream"

  /// Nil for what was not the server's fault.
  init?(_ failure: ForwardFailure) {
    switch failure {
    case .notTaken: self = .connect
    case .timedOut: self = .timeout
    case .noAnswer: self = .reset
    case .cut: self = .midStream
    case .drained, .refused, .clientGone: return nil
    }
  }
}

/// How far a request had got when its client left.
enum DisconnectStage: String, Sendable, CaseIterable, LabelValue {
  case queued
  /// On the model server, whether it had begun to answer or not.
  case streaming
}
