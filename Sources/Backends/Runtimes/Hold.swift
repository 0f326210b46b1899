internal import Core

/// What a server or host that somebody else runs may hold for a model.
enum Hold: Equatable {
  /// It is as somebody else left it: in the way of others if it is awake, but not ours to put to sleep at the end. Not
  /// worth a look before that instant.
  case unknown(notBefore: Instant = .zero)
  /// From the order to wake until it sleeps, or is gone.
  case ours
  case nothing

  /// Whether there is something to be found out.
  func isToBeLookedAt(at now: Instant) -> Bool {
    guard case .unknown(let notBefore) = self else { return false }
    return now >= notBefore
  }
}

extension ServerControl {
  /// For how long what can't be reached, or does not give way and is in nobody's way, is not looked at again: every wake of
  /// another model waits for that. What can be reached and answers late may be awake and busy.
  private static let pause: Duration = .seconds(60)

  /// Has what somebody else left awake give way, before another model is woken.
  /// - Parameters:
  ///   - look: asks whether it is awake; what gives no answer serves nobody now, and is looked at again.
  ///   - order: puts it to sleep. Returns whether it sleeps; if not, it is in nobody's way.
  /// - Returns: what may be held then.
  /// - Throws: when `order` fails, so that the model may still be awake.
  func vacate(
    _ model: ModelID, look: () async throws(RuntimeFailure) -> SleepReport,
    order: () async throws(RuntimeFailure) -> Bool
  ) async throws(RuntimeFailure) -> Hold {
    let report: SleepReport
    do throws(RuntimeFailure) {
      report = try await look()
    } catch {
      logger.info("not known whether it is awake", ["failure": error.message])
      return error.cause == .unreachable ? .unknown(notBefore: timeline.now + Self.pause) : .unknown()
    }
    guard report != .asleep else { return .nothing }
    logger.info("awake without having been woken from here", ["certain": report == .awake])
    do throws(RuntimeFailure) {
      return try await order() ? .nothing : .unknown(notBefore: timeline.now + Self.pause)
    } catch {
      throw RuntimeFailure("\(model) was awake already and could not be put to sleep: \(error.message)", error.cause)
    }
  }
}
