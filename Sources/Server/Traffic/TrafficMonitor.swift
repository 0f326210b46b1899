internal import Core
internal import Synchronization

/// The traffic of all models. The proxy tells each model's meter; whoever wants to know reads them all.
final class TrafficMonitor: Sendable {
  private let meters = Mutex<[ModelID: TrafficMeter]>([:])

  /// The model's meter, the same one each time: what it has counted outlives a reload.
  subscript(model: ModelID) -> TrafficMeter {
    meters.withLock { meters in
      if let meter = meters[model] { return meter }
      let meter = TrafficMeter()
      meters[model] = meter
      return meter
    }
  }
}

/// Counts the requests for one model. Any thread may tell it; each call takes one lock for some nanoseconds.
final class TrafficMeter: Sendable {
  private let state = Mutex(TrafficRecord())

  var record: TrafficRecord { state.withLock(\.self) }

  func began(at now: Instant) { state.withLock { $0.began(at: now) } }

  /// - Parameter beginning: what was told to `began(at:)`.
  func ended(_ isSuccess: Bool, begunAt beginning: Instant, at now: Instant) {
    state.withLock { $0.ended(isSuccess, begunAt: beginning, at: now) }
  }
}
