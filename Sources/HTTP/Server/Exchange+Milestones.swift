package import Core

/// For whoever has a request answered in another way than by `forward`: when it passed its milestones there.
extension Exchange {
  /// It was on its way.
  package func noteSent(at instant: Instant) { record.upstream = UpstreamTimes(sentAt: instant) }

  /// The answer's head had come.
  package func noteHead(at instant: Instant) { record.upstream?.headAt = instant }

  /// A piece of its body had come; the first one counts.
  package func noteBody(at instant: Instant) {
    if record.upstream?.firstByteAt == nil { record.upstream?.firstByteAt = instant }
  }

  /// The last of it had come, or the attempt had failed.
  package func noteEnd(at instant: Instant) { record.upstream?.endedAt = instant }
}
