internal import Core
internal import HTTP

extension Exchange {
  /// Answers an admin request with what `answer` returns, or with `{"error"}` and the status of what it throws.
  func respondAdmin(_ answer: () async throws(AdminError) -> JSONValue) async throws(ExchangeFailure) {
    let value: JSONValue
    do throws(AdminError) {
      value = try await answer()
    } catch {
      remark = error.message
      return try await respond(["error": .string(error.message)], status: error.status)
    }
    try await respond(value)
  }
}

extension JSONValue {
  /// Seconds to the microsecond; null for no time.
  static func seconds(_ duration: Duration?) -> JSONValue {
    duration.map { .number(($0.seconds * 1_000_000).rounded() / 1_000_000) } ?? .null
  }

  /// Seconds since 1970, to the millisecond; null for never.
  static func time(_ instant: Instant?, _ clock: WallClock) -> JSONValue {
    instant.map { .number((clock.seconds($0) * 1000).rounded() / 1000) } ?? .null
  }

  /// RFC 3339, to the millisecond; null for never.
  static func timestamp(_ instant: Instant?, _ clock: WallClock) -> JSONValue {
    instant.map { .string(clock.text($0)) } ?? .null
  }

  /// The model's name; null for none.
  static func name(_ model: ModelID?) -> JSONValue { model.map { .string($0.name) } ?? .null }
}
