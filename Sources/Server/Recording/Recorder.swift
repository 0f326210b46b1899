internal import Core
internal import Dispatch
internal import Synchronization

/// Records the demand that the daemon meets, for `simulate` to try policies on.
///
/// Requests hand in what they were as they end, on their event loops; a queue of the recorder's own writes it down. A file
/// that can't be written to ends the recording, never the service.
final class Recorder: Sendable {
  /// One request that has ended.
  struct Entry: Sendable {
    let arrivedAt: Instant
    /// The model that was asked for; another one may have stood in for it.
    let model: ModelID
    /// From the grant to the answer's last byte; nil for a request that was never granted.
    let service: Duration?
  }

  private struct State {
    /// The arrival of the first request.
    var origin: Instant?
    /// What has not been written yet.
    var entries: [Entry] = []
    var hasStopped = false
  }

  /// How long an entry stays unwritten.
  private static let delay = DispatchTimeInterval.seconds(1)
  /// More than any disk is behind that still works.
  private static let mostEntries = 1_000_000

  private let file: RecordingFile
  private let logger: Logger
  private let queue = DispatchQueue(label: "recorder")
  private let state = Mutex(State())

  init(_ file: RecordingFile, logger: Logger) {
    self.file = file
    self.logger = logger
  }

  /// Takes notice of a request as it comes: the first one is what the others' times are counted from.
  func arrived(at arrival: Instant) {
    state.withLock { state in
      if state.origin == nil { state.origin = arrival }
    }
  }

  /// Takes a request in that has ended; it is written down soon.
  func ended(_ entry: Entry) {
    enum Next { case nothing, write, giveUp }
    let next: Next = state.withLock { state in
      guard !state.hasStopped else { return .nothing }
      guard state.entries.count < Self.mostEntries else { return .giveUp }
      state.entries.append(entry)
      return state.entries.count == 1 ? .write : .nothing
    }
    switch next {
    case .nothing: break
    case .write: queue.asyncAfter(deadline: .now() + Self.delay) { self.write() }
    case .giveUp: stop("the disk is too slow")
    }
  }

  /// Writes what there is; returns when that is done.
  func flush() async {
    await withCheckedContinuation { done in
      queue.async {
        self.write()
        done.resume()
      }
    }
  }

  /// Only to be called on the queue.
  private func write() {
    let (origin, entries) = state.withLock { state in
      defer { state.entries = [] }
      return (state.origin ?? .zero, state.entries)
    }
    guard !entries.isEmpty else { return }
    let lines = entries.map { entry in
      // Two requests of one moment may have been noticed in the other order.
      let at = file.end + max(.zero, entry.arrivedAt - origin)
      return Recording(at: at, model: entry.model, service: entry.service).line
    }
    do throws(RecordingFault) {
      try file.append(lines.joined())
    } catch {
      stop(error.description)
    }
  }

  private func stop(_ reason: String) {
    let isNews = state.withLock { state in
      defer { state = State(hasStopped: true) }
      return !state.hasStopped
    }
    if isNews { logger.warning("recording has ended: its file can't be written to", ["error": reason]) }
  }
}
