internal import Metrics

/// Why the daemon itself answered a request with an error: what clients find in the error's `code`, and the metrics in
/// their `reason`.
enum ErrorCode: String, Sendable, CaseIterable, LabelValue {
  case modelNotFound = "model_not_found"
  case missingModel = "missing_model"
  case invalidJSON = "invalid_json"
  case manualMode = "manual_mode"
  case queueFull = "queue_full"
  case switchTimeout = "switch_timeout"
  case switchFailed = "switch_failed"
  case superseded
  case upstreamUnavailable = "upstream_unavailable"
  case upstreamTimeout = "upstream_timeout"
  case upstreamDisconnected = "upstream_disconnected"
  case shuttingDown = "shutting_down"
  case bodyTooLarge = "body_too_large"
  case headerTooLarge = "header_too_large"
  case uriTooLong = "uri_too_long"
  case requestTimeout = "request_timeout"
  case badRequest = "bad_request"
  case expectationFailed = "expectation_failed"
  case notImplemented = "not_implemented"
  case versionNotSupported = "http_version_not_supported"
  case tooManyConnections = "too_many_connections"
  case methodNotAllowed = "method_not_allowed"
  case notFound = "not_found"
  case forbiddenPath = "forbidden_path"
  case invalidToken = "invalid_token"
  case badOrigin = "bad_origin"
  case unsupportedMediaType = "unsupported_media_type"
  case internalError = "internal_error"
}
