/// A moment as the Date field spells it (RFC 9110, section 5.6.7): "Sun, 06 Nov 1994 08:49:37 GMT".
struct HTTPDate: Sendable {
  /// Since the beginning of 1970, UTC.
  let unixSeconds: Int
  /// 29 ASCII characters, made once.
  let bytes: [UInt8]

  init(unixSeconds: Int) {
    self.unixSeconds = unixSeconds
    let days = unixSeconds.floorDivided(by: 86_400)
    let second = unixSeconds - days * 86_400
    let (year, month, day) = Self.civil(days)
    // 1 January 1970 was a Thursday.
    let weekday = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][days - days.floorDivided(by: 7) * 7]
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    let date = "\(Self.padded(day)) \(months[month - 1]) \(Self.padded(year, to: 4))"
    let time = "\(Self.padded(second / 3600)):\(Self.padded(second / 60 % 60)):\(Self.padded(second % 60))"
    bytes = Array("\(weekday), \(date) \(time) GMT".utf8)
  }

  /// The Gregorian date of a day counted from 1970: years are counted from March, in eras of 400, so that the leap day is the
  /// last of its year.
  private static func civil(_ days: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = days + 719_468
    let era = shifted.floorDivided(by: 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
  }

  private static func padded(_ number: Int, to width: Int = 2) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}

extension Int {
  fileprivate func floorDivided(by divisor: Int) -> Int {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? quotient - 1 : quotient
  }
}
