internal import Core
internal import Switcher

/// The traffic of every model beside what the switcher makes of the model, all at one instant.
struct TrafficOverview {
  struct Entry {
    let model: Snapshot.ModelView
    let traffic: TrafficRecord
    let now: Instant

    /// Whether anybody has asked for the model yet.
    var hasData: Bool { traffic.lastActivity != nil }
    /// nil: nobody has ever used it.
    var idleTime: Duration? { traffic.idleTime(at: now) }
    /// How long the model has had the GPU without being used; nil while it is not awake, or in use.
    var idleAwakeTime: Duration? {
      guard model.state == .active, model.inFlight == 0, model.queueDepth == 0, let since = model.awakeSince else {
        return nil
      }
      return min(now - since, idleTime ?? (now - since))
    }

    func isIdle(beyond threshold: Duration) -> Bool { idleTime.map { $0 > threshold } ?? true }
  }

  /// In the order of the configuration.
  let entries: [Entry]
  let takenAt: Instant

  init(_ snapshot: Snapshot, _ monitor: TrafficMonitor) {
    takenAt = snapshot.takenAt
    entries = snapshot.models.map {
      Entry(model: $0, traffic: monitor[$0.id].record, now: snapshot.takenAt)
    }
  }

  /// Whether any model goes to sleep because nobody uses it.
  var sleepsByItself: Bool { entries.contains { $0.model.idleSleep != nil } }

  /// The models that are awake and have not been used for longer than `threshold`.
  func sleepCandidates(beyond threshold: Duration) -> [Entry] {
    entries.filter { entry in entry.idleAwakeTime.map { $0 > threshold } ?? false }
  }
}
