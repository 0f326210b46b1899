import Core
import Synchronization
import Testing

@testable import HTTP

/// What happened, in order.
private final class Tally: Sendable {
  private let state = Mutex<[Int]>([])

  var values: [Int] { state.withLock { $0 } }

  func add(_ value: Int) { state.withLock { $0.append(value) } }
}

@Suite(.timeLimit(.minutes(10)))
struct EventLoopTests {
  @Test func `a task that prefers a loop runs on its thread across awaits`() async throws {
    let loop = try EventLoop(name: "a")
    let other = try EventLoop(name: "b")
    let isCurrent = await Task(executorPreference: loop) {
      var isCurrent = [loop.isCurrent]
      await Task.yield()
      isCurrent.append(loop.isCurrent)
      isCurrent.append(await other.run { other.isCurrent && !loop.isCurrent })
      isCurrent.append(loop.isCurrent)
      return isCurrent
    }.value
    #expect(isCurrent == [true, true, true, true])
    #expect(!loop.isCurrent)
    await loop.shutdown()
    await other.shutdown()
  }

  @Test func `work from many threads is all done`() async throws {
    let loop = try EventLoop(name: "many")
    let done = Tally()
    await withTaskGroup { group in
      for _ in 0..<1000 {
        group.addTask {
          await loop.run {}
          loop.execute { done.add(1) }
        }
      }
    }
    await loop.run {}
    #expect(done.values.count == 1000)
    await loop.shutdown()
  }

  @Test func `alarms go off in the order of their deadlines and not before`() async throws {
    let loop = try EventLoop(name: "alarms")
    let order = Tally()
    let late = Signal<Bool>()
    await loop.run {
      let start = loop.now
      for delay in [30, 10, 20] {
        loop.schedule(at: start + .milliseconds(delay)) {
          order.add(delay)
          if delay == 30 { late.set(SystemTimeline().now >= start + .milliseconds(30)) }
        }
      }
    }
    #expect(await late.value)
    #expect(order.values == [10, 20, 30])
    await loop.shutdown()
  }

  @Test func `a loop that ends lets go of what waits on it`() async throws {
    let loop = try EventLoop(name: "end")
    let upstream = try await ScriptedUpstream()
    let connection = try await loop.run { () async throws -> UpstreamConnection in
      try await Dialler.connect(to: upstream.origin, within: .seconds(600), on: loop, abortedBy: AbortHandle())
    }
    let isWaiting = Signal<Void>()
    let wake = Task {
      await loop.run { () async -> Wake in
        isWaiting.set()
        return await connection.channel.waitReadable()
      }
    }
    await isWaiting.value
    await loop.shutdown()
    #expect(await wake.value == .aborted)
    await loop.shutdown()
    await upstream.close()
  }

  @Test func `a deadline that moves on costs no timer`() async throws {
    let loop = try EventLoop(name: "deadline")
    let upstream = try await ScriptedUpstream()
    let origin = upstream.origin
    let waited = try await loop.run { () async throws -> Duration in
      let channel = try await Dialler.connect(
        to: origin, within: .seconds(600), on: loop, abortedBy: AbortHandle()
      ).channel
      let start = loop.now
      loop.schedule(at: start + .milliseconds(5)) { channel.interruptReader() }
      #expect(await channel.waitReadable(until: start + .milliseconds(20)) == .aborted)
      // The timer of the first wait comes at 20 ms and must not end the second.
      #expect(await channel.waitReadable(until: start + .milliseconds(60)) == .timedOut)
      channel.close()
      return SystemTimeline().now - start
    }
    #expect(waited >= .milliseconds(60))
    await upstream.close()
    await loop.shutdown()
  }
}

struct TimerHeapTests {
  @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
  func `entries come out in order and never early`(seed: UInt64) {
    var state = seed
    func random(_ bound: UInt64) -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (state >> 33) % bound
    }
    var heap = TimerHeap()
    var expected: [Int64] = []
    var now: Int64 = 0
    for key in 0..<2000 as Range<UInt64> {
      let deadline = now + Int64(random(100))
      heap.insert(deadline: Instant(nanoseconds: deadline), key: key)
      expected.append(deadline)
      expected.sort()
      now += Int64(random(3))
      #expect(heap.nextDeadline?.nanoseconds == expected.first)
      while let entry = heap.popDue(at: Instant(nanoseconds: now)) {
        #expect(entry.deadline.nanoseconds == expected.removeFirst())
        #expect(entry.deadline.nanoseconds <= now)
      }
      #expect((expected.first ?? .max) > now)
      #expect(heap.count == expected.count)
    }
  }
}
