internal import TestSupport
import Testing

@testable import Switcher

/// Long schedules of large worlds, drawn from seeds. `SWITCHER_SEED` sets the first seed, `SWITCHER_SCHEDULES` how many
/// are tried; a failure prints its own seed.
@Suite(.computing) struct RandomScheduleTests {
  @Test func `in large worlds nothing illegal happens, and nobody is forgotten`() {
    let first = Setting.number("SWITCHER_SEED", default: 1)
    let count = Setting.number("SWITCHER_SCHEDULES", default: 2_000)
    for seed in first..<first + count {
      guard let failure = RandomSchedule(seed: UInt64(seed)).failure() else { continue }
      Issue.record("SWITCHER_SEED=\(seed) SWITCHER_SCHEDULES=1: \(failure)")
      return
    }
  }
}
