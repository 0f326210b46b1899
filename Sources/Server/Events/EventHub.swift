internal import Synchronization

/// Passes events on to everyone who follows them, and keeps the last ones for those who come back.
///
/// Nobody waits for a reader: each has a bounded buffer, and a full one is the end of its stream.
final class EventHub: Sendable {
  typealias News = (kind: StreamEvent.Kind, data: JSONValue)

  private struct State {
    var log: EventLog
    var picture: JSONValue
    var readers: [Int: Subscription] = [:]
    var lastReader = 0
    var isClosed = false

    /// The whole picture, in the place of the last event.
    var now: StreamEvent { StreamEvent(id: log.lastID, kind: .state, data: picture.serialized()) }
  }

  private let state: Mutex<State>
  /// Fires when somebody begins to follow; for one reader only.
  let arrivals: AsyncStream<Void>
  private let announcement: AsyncStream<Void>.Continuation

  /// - Parameters:
  ///   - life: tells this run of the daemon from any other; without a hyphen.
  ///   - picture: the state of everything, as `state` events tell it.
  init(life: String, picture: JSONValue) {
    state = Mutex(State(log: EventLog(life: life), picture: picture))
    (arrivals, announcement) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  var readerCount: Int { state.withLock { $0.readers.count } }

  /// Tells everyone; may be called from anywhere, and waits for nobody.
  /// - Parameter picture: the state of everything from now on; nil leaves it as it was.
  func publish(_ news: [News], picture: JSONValue? = nil) {
    state.withLock { state in
      guard !state.isClosed else { return }
      if let picture { state.picture = picture }
      for (kind, data) in news {
        let event = state.log.append(kind, data)
        for (number, reader) in state.readers where !reader.offer(.event(event)) { state.readers[number] = nil }
      }
    }
  }

  /// Begins to follow: with what happened since the event of the id `lastID`, else with the whole picture as it is now,
  /// behind a `gap` where something is missed. To be ended with `unsubscribe`.
  func subscribe(after lastID: String?) -> Subscription {
    let subscription = state.withLock { state in
      state.lastReader += 1
      let opening: [StreamEvent] =
        if let lastID {
          state.log.events(since: lastID) ?? [.gap("the last event known is not kept any more"), state.now]
        } else {
          [state.now]
        }
      let subscription = Subscription(number: state.lastReader, opening: opening)
      if state.isClosed { subscription.end() } else { state.readers[subscription.number] = subscription }
      return subscription
    }
    announcement.yield()
    return subscription
  }

  func unsubscribe(_ subscription: Subscription) {
    state.withLock { $0.readers[subscription.number] = nil }
    subscription.end()
  }

  /// Ends every stream, and each that is begun later: the daemon ends.
  func close() {
    state.withLock { state in
      state.isClosed = true
      for reader in state.readers.values { reader.end() }
      state.readers = [:]
    }
    announcement.finish()
  }
}

extension StreamEvent {
  /// Bears no id, so that who comes back after it is told what it missed, where that is kept.
  static func gap(_ reason: String) -> StreamEvent {
    let data: JSONValue = ["reason": .string(reason)]
    return StreamEvent(id: nil, kind: .gap, data: data.serialized())
  }
}
