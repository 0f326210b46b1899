internal import Core
internal import Foundation

/// Tells when something on the monotonic time line happened, by the wall clock as it is set now.
struct WallClock: Sendable {
  /// RFC 3339 in UTC, to the millisecond.
  private static let timestamp = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

  private let instant: Instant
  private let date: Date

  /// - Parameter date: what the wall clock shows at `instant`.
  init(at instant: Instant, shows date: Date) { (self.instant, self.date) = (instant, date) }

  static func now(_ timeline: any Timeline) -> WallClock { WallClock(at: timeline.now, shows: .now) }

  /// Seconds since 1970.
  func seconds(_ moment: Instant) -> Double { when(moment).timeIntervalSince1970 }

  /// As RFC 3339 has it, in UTC.
  func text(_ moment: Instant) -> String { when(moment).formatted(Self.timestamp) }

  private func when(_ moment: Instant) -> Date { date.addingTimeInterval((moment - instant).seconds) }
}
