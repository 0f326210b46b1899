package import Core

/// What has gone to the client of one answer, and how long its parts took; kept by the exchange while it answers.
package struct AnswerRecord: Sendable {
  /// Of the answer that has begun; nil before that.
  package internal(set) var status: Int?
  /// Of the body, without its framing.
  package internal(set) var bodyBytes = 0
  /// Of the model server that was asked last; nil if none was.
  package internal(set) var upstream: UpstreamTimes?
}

/// When a request passed its milestones at a model server.
package struct UpstreamTimes: Sendable {
  /// When it was on its way, its connection made.
  package let sentAt: Instant
  /// When the answer's head had come.
  package internal(set) var headAt: Instant?
  /// When the first of the answer's body had come.
  package internal(set) var firstByteAt: Instant?
  /// When the last of it had come, or the attempt had failed.
  package internal(set) var endedAt: Instant?

  init(sentAt: Instant) { self.sentAt = sentAt }
}

/// What an answer's Server-Timing field tells of the time before its request was sent on (W3C Server Timing); what the
/// model server took follows there by itself.
package struct ServerTiming: Sendable {
  /// The wait in a queue, but for the part of it that was a switch.
  package var queue: Interval
  package var switching: Interval

  package init(queue: Interval = .zero, switching: Interval = .zero) {
    self.queue = queue
    self.switching = switching
  }
}

extension ByteBuffer {
  /// "Server-Timing: queue;dur=0.0, switch;dur=0.0, upstream;dur=12.3", in milliseconds.
  func appendServerTiming(_ timing: ServerTiming, upstream: Interval) {
    append("Server-Timing: queue;dur=")
    append(milliseconds: timing.queue)
    append(", switch;dur=")
    append(milliseconds: timing.switching)
    append(", upstream;dur=")
    append(milliseconds: upstream)
    appendLineEnd()
  }

  private func append(milliseconds interval: Interval) {
    let tenths = max(interval.nanoseconds, 0) / 100_000
    append(decimal: Int(tenths / 10))
    append(UInt8(ascii: "."))
    append(UInt8(ascii: "0") + UInt8(tenths % 10))
  }
}
