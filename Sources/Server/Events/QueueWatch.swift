internal import Core
internal import Switcher

/// Tells those who follow the events how many wait, twice a second at most; looks only while somebody follows, and costs
/// the requests nothing.
struct QueueWatch: Sendable {
  private static let interval: Duration = .milliseconds(500)

  let switcher: ModelSwitcher
  let hub: EventHub
  let timeline: any Timeline

  /// Runs until the hub is closed or the task is cancelled. To be called once.
  func run() async {
    for await _ in hub.arrivals {
      var depths = QueueDepths()
      while hub.readerCount > 0 {
        if let change = depths.change(to: await switcher.snapshot()) { hub.publish([(.queue, change)]) }
        do { try await timeline.sleep(for: Self.interval) } catch { return }
      }
    }
  }
}

/// How many wait for each model and are in flight on it, as it was told last.
struct QueueDepths: Sendable {
  private struct Depth: Hashable {
    var inFlight = 0
    var waiting = 0
  }

  private var told: [ModelID: Depth] = [:]

  /// What a `queue` event says: the models that have changed; nil where none has.
  mutating func change(to snapshot: Snapshot) -> JSONValue? {
    var changed: [JSONValue.Member] = []
    var depths: [ModelID: Depth] = [:]
    for model in snapshot.models {
      let depth = Depth(inFlight: model.inFlight, waiting: model.queueDepth)
      depths[model.id] = depth
      guard depth != told[model.id] ?? Depth() else { continue }
      changed.append(
        .init(
          model.id.name,
          [
            "in_flight": .number(depth.inFlight), "queue_depth": .number(depth.waiting),
            "oldest_wait_seconds": .seconds(model.oldestWait),
          ]))
    }
    told = depths
    return changed.isEmpty ? nil : ["models": .object(changed)]
  }
}
