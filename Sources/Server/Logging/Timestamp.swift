internal import Glibc

/// A moment by the wall clock, to the millisecond.
struct Timestamp: Sendable {
  /// Since 1970.
  let seconds: Int
  let milliseconds: Int

  init(seconds: Int, milliseconds: Int) {
    self.seconds = seconds
    self.milliseconds = milliseconds
  }

  static var now: Timestamp {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(seconds: time.tv_sec, milliseconds: time.tv_nsec / 1_000_000)
  }

  /// Writes it as RFC 3339 has it, in UTC: `2026-11-21T13:37:00.123Z`.
  ///
  /// The date is found as in Howard Hinnant's "chrono-compatible low-level date algorithms": years begin in March, so that
  /// the leap day is their last.
  func append(to bytes: inout [UInt8]) {
    let (days, second) = seconds.quotientAndRemainder(dividingBy: 86_400)
    let sinceEra = days + 719_468
    let era = sinceEra / 146_097
    let dayOfEra = sinceEra % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    let year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
    append(year, digits: 4, then: "-", to: &bytes)
    append(month, digits: 2, then: "-", to: &bytes)
    append(day, digits: 2, then: "T", to: &bytes)
    append(second / 3_600, digits: 2, then: ":", to: &bytes)
    append(second / 60 % 60, digits: 2, then: ":", to: &bytes)
    append(second % 60, digits: 2, then: ".", to: &bytes)
    append(milliseconds, digits: 3, then: "Z", to: &bytes)
  }

  private func append(_ number: Int, digits: Int, then end: Unicode.Scalar, to bytes: inout [UInt8]) {
    var divisor = digits == 4 ? 1_000 : digits == 3 ? 100 : 10
    while divisor > 0 {
      bytes.append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
      divisor /= 10
    }
    bytes.append(UInt8(ascii: end))
  }
}
