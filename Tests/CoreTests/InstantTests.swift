import Core
import Testing

struct InstantTests {
  @Test func `an instant plus a duration minus the instant is the duration`() {
    let start = Instant(nanoseconds: 5)
    #expect((start + .milliseconds(3)) - start == .milliseconds(3))
  }

  @Test func `the distant future stays there`() {
    #expect(Instant.distantFuture + .seconds(1) == .distantFuture)
    #expect(Instant.zero + .seconds(Int64.max) == .distantFuture)
  }

  @Test(arguments: [(Duration.milliseconds(1500), 1.5), (.zero, 0), (.nanoseconds(-250_000_000), -0.25)])
  func `seconds are a duration's length as a number`(duration: Duration, seconds: Double) {
    #expect(duration.seconds == seconds)
  }
}
