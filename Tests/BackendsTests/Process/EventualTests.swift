import Core
import TestSupport
import Testing

@testable import Backends

struct EventualTests {
  @Test func `everyone who waits gets the first value, whenever they came`() async {
    let eventual = Eventual<Int>()
    async let early = eventual.value()
    async let alsoEarly = eventual.value()
    eventual.resolve(1)
    eventual.resolve(2)
    #expect(await (early, alsoEarly) == (1, 1))
    #expect(await eventual.value() == 1)
    #expect(eventual.current == 1)
  }

  @Test func `a cancelled task waits no longer`() async {
    let eventual = Eventual<Int>()
    let waiter = Task { await eventual.value() }
    waiter.cancel()
    #expect(await waiter.value == nil)
    #expect(eventual.current == nil)
  }

  @Test func `a wait with a limit ends at the limit`() async {
    let eventual = Eventual<Int>()
    let timeline = ManualTimeline()
    let waiter = Task { await eventual.value(within: .seconds(5), on: timeline) }
    await timeline.sleeper(until: .zero + .seconds(5))
    timeline.advance(by: .seconds(5))
    #expect(await waiter.value == nil)
  }

  @Test func `a wait with a limit outlasts a cancellation`() async {
    let eventual = Eventual<Int>()
    let timeline = ManualTimeline()
    let waiter = Task { await eventual.value(within: .seconds(5), on: timeline) }
    waiter.cancel()
    await timeline.sleeper(until: .zero + .seconds(5))
    eventual.resolve(1)
    #expect(await waiter.value == 1)
  }
}
