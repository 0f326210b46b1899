internal import Core
internal import Foundation
internal import HTTP
internal import Synchronization

/// Prints what happens in a running daemon, as it happens; where the stream breaks off, it goes on from there.
struct EventFollower {
  /// How it came to an end.
  enum End {
    case unreachable(String)
    /// The daemon's answer to the request for its events.
    case refused(status: Int, body: [UInt8])
    /// Nobody reads what is printed any more.
    case unread
  }

  /// A daemon that is gone is waited for this long, once it has been there.
  private static let patience: Duration = .seconds(10)
  private static let pause: Duration = .seconds(1)
  /// The daemon lets a heartbeat be heard three times as often.
  private static let longestSilence: Duration = .seconds(45)

  let client: HTTPClient
  let upstream: Upstream
  let fields: [(name: String, value: String)]
  let printsJSON: Bool

  /// Prints until there is nothing more to be had.
  func run() async -> End {
    let timeline = SystemTimeline()
    let output = EventOutput(printsJSON: printsJSON)
    /// When the last stream ended; nil before the first.
    var lostAt: Instant?
    while true {
      var failure: ClientFailure?
      do throws(ClientFailure) {
        try await client.stream(
          request(after: output.lastID), to: upstream.origin, timeout: .seconds(10), silence: Self.longestSilence
        ) { status, piece in output.take(status, piece) }
      } catch {
        failure = error
      }
      switch output.streamEnded() {
      case .answered where output.isUnread: return .unread
      case .answered: lostAt = timeline.now
      case .refused(let status, let body): return .refused(status: status, body: body)
      case .silent:
        guard let lostAt, timeline.now < lostAt + Self.patience else {
          return .unreachable(failure?.description ?? "no answer from \(upstream.origin)")
        }
      }
      try? await timeline.sleep(for: Self.pause)
    }
  }

  private func request(after lastID: String?) -> ClientRequest {
    ClientRequest(
      .get, upstream.basePath + "/control/events",
      fields: fields + [("Accept", "text/event-stream")] + (lastID.map { [("Last-Event-ID", $0)] } ?? []))
  }
}
