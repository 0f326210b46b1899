internal import Foundation
internal import Synchronization

/// Takes the stream of events as it comes from the daemon, and prints each event as soon as it is whole.
final class EventOutput: Sendable {
  /// What came of one attempt to follow the events.
  enum Attempt {
    /// There was a stream, and it has ended.
    case answered
    case refused(status: Int, body: [UInt8])
    /// There was no answer.
    case silent
  }

  private struct State {
    var parser = EventStreamParser()
    var status: Int?
    var refusal: [UInt8] = []
    var isUnread = false
  }

  private let printsJSON: Bool
  private let state = Mutex(State())

  init(printsJSON: Bool) { self.printsJSON = printsJSON }

  /// What the daemon is told when it is asked to go on.
  var lastID: String? { state.withLock(\.parser.lastID) }

  /// Whether nobody takes what is printed.
  var isUnread: Bool { state.withLock(\.isUnread) }

  /// Takes a piece of an answer's body.
  func take(_ status: Int, _ piece: [UInt8]) {
    state.withLock { state in
      state.status = status
      guard status == 200 else { return state.refusal += piece }
      for event in state.parser.take(piece) where !state.isUnread {
        let line = printsJSON ? EventLine.json(event) : EventLine.text(event, at: .now)
        do {
          try FileHandle.standardOutput.write(contentsOf: Data("\(line)\n".utf8))
        } catch {
          state.isUnread = true
        }
      }
    }
  }

  /// To be called when an attempt is over; makes ready for the next one.
  func streamEnded() -> Attempt {
    state.withLock { state in
      defer {
        state.parser.breakOff()
        (state.status, state.refusal) = (nil, [])
      }
      guard let status = state.status else { return .silent }
      return status == 200 ? .answered : .refused(status: status, body: state.refusal)
    }
  }
}
