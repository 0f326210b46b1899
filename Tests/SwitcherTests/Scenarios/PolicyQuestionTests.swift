internal import Core
internal import Policies
internal import Synchronization
internal import Testing

@testable import Switcher

/// What a policy is asked, and when.
struct PolicyQuestionTests {
  @Test func `it is told of the active model`() throws {
    let policy = Listening(.stay(.backlog))
    var world = World(["a", "b"], limits: ["a": ModelLimits(maxInFlight: 2)], policy: FIFO(minActive: .zero))
    let served = world.arrive("a")
    world.succeed("a")
    world.pass(.seconds(3))
    world.finish(served)
    world.replacePolicy(policy)
    for _ in 0..<2 { world.arrive("a") }
    world.pass(.seconds(4))
    world.arrive("a")
    world.pass(.seconds(1))
    world.arrive("b")
    let active = try #require(policy.situations.last?.active)
    #expect(active.model == "a")
    #expect(active.since == .zero)
    #expect(active.inFlight == 2)
    #expect(active.waiting == 1)
    #expect(active.oldestArrival == Instant.zero + .seconds(7))
    #expect(active.lastArrival == Instant.zero + .seconds(7))
    #expect(active.arrivalRate > 0)
    #expect(active.serviceTime == .seconds(3))
    #expect(active.slots == 2)
    #expect(active.costPaid == .zero)
    world.replacePolicy(FIFO(minActive: .zero))
    world.expectSound()
  }

  @Test func `it is told of those who wait for others, in the configuration's order`() throws {
    let policy = Listening(.stay(.backlog))
    var world = World(["a", "b", "c"], limits: ["c": ModelLimits(maxInFlight: 7)], policy: policy)
    world.command(.wake("a"))
    world.succeed("a")
    world.pass(.seconds(10))
    world.arrive("c")
    world.pass(.seconds(2))
    let gone = world.arrive("b")
    world.arrive("b")
    world.pass(.seconds(3))
    world.abandon(gone)
    world.arrive("b")
    world.pass(.seconds(1))
    world.arrive("a")
    let situation = try #require(policy.situations.last)
    #expect(situation.now == Instant.zero + .seconds(16))
    #expect(situation.requestTimeout == .seconds(300))
    #expect(situation.candidates.map(\.model) == ["b", "c"])
    #expect(situation.candidates.map(\.waiting) == [2, 1])
    #expect(situation.candidates.map(\.oldestArrival) == [12, 10].map { Instant.zero + .seconds($0) })
    #expect(situation.candidates.map(\.sumOfAges) == [.seconds(4 + 1), .seconds(6)])
    #expect(situation.candidates.map(\.slots) == [nil, 7])
    #expect(situation.candidates.map(\.lastLeft) == [nil, nil])
    world.replacePolicy(FIFO(minActive: .zero))
    world.expectSound()
  }

  @Test func `it is told when a model left, and what it cost to come here`() throws {
    var world = World(["a", "b"])
    world.bring("a")
    let running = world.arrive("a")
    world.arrive("b")
    world.pass(.seconds(9))
    world.finish(running)
    world.pass(.seconds(2))
    world.succeed("a")
    world.pass(.seconds(4))
    world.succeed("b")
    let policy = Listening(.stay(.backlog))
    world.replacePolicy(policy)
    world.arrive("a")
    let situation = try #require(policy.situations.last)
    #expect(situation.active?.since == Instant.zero + .seconds(15))
    #expect(situation.active?.costPaid == .seconds(6))
    #expect(situation.candidates.map(\.lastLeft) == [Instant.zero + .seconds(9)])
    #expect(situation.costs.cost(from: "a", to: "b") == .seconds(6))
    world.replacePolicy(FIFO(minActive: .zero))
    world.expectSound()
  }

  @Test func `it is not told of models that back off`() {
    var world = World(["a", "b"])
    world.arrive("b")
    world.fail("b")
    world.succeed("b")
    world.bring("a")
    world.arrive("a")
    world.command(.force("b"))
    world.arrive("b")
    let policy = Listening(.stay(.backlog))
    world.replacePolicy(policy)
    world.command(.force("a"))
    world.arrive("a")
    #expect(policy.situations.isEmpty)
    world.pass(.seconds(2))
    #expect(policy.situations.map(\.now) == [Instant.zero + .seconds(2)])
    world.replacePolicy(FIFO(minActive: .zero))
    world.expectSound()
  }

  @Test func `it is asked on every event while somebody waits for another model, and not otherwise`() {
    let policy = Listening(.stay(.backlog))
    var world = World(["a", "b"], policy: policy)
    world.command(.wake("a"))
    world.succeed("a")
    let running = world.arrive("a")
    world.arrive("a")
    #expect(policy.situations.isEmpty)
    let waiting = world.arrive("b")
    #expect(policy.situations.count == 1)
    world.finish(running)
    #expect(policy.situations.count == 2)
    world.arrive("a")
    #expect(policy.situations.count == 3)
    world.abandon(waiting)
    #expect(policy.situations.count == 3)
    world.expectSound()
  }

  @Test func `it is not asked while a switch is under way, nor in manual mode`() {
    let policy = Listening(.stay(.backlog))
    var world = World(["a", "b"], policy: policy)
    world.bring("a")
    world.command(.wake("a"))
    world.succeed("a")
    world.arrive("a")
    world.command(.force("b"))
    let count = policy.situations.count
    world.arrive("b")
    world.command(.manual)
    world.finishAll()
    world.succeed("a")
    world.succeed("b")
    world.finishAll()
    #expect(policy.situations.count == count)
    world.expectSound()
  }

  @Test func `it is asked again when it wants to be, a microsecond past that`() {
    let policy = Listening(.reconsider(at: .zero + .seconds(5), .backlog))
    var world = World(["a", "b"], policy: policy)
    world.command(.wake("a"))
    world.succeed("a")
    world.arrive("b")
    world.pass(.seconds(5))
    #expect(policy.situations.count == 1)
    world.pass(.microseconds(1))
    #expect(policy.situations.map(\.now) == [.zero, .zero + .seconds(5) + .microseconds(1)])
    world.replacePolicy(FIFO(minActive: .zero))
    world.expectSound()
  }

  @Test func `every time that it names is an occasion to ask it, but only the last one is its wish`() {
    let policy = Listening(.reconsider(at: .zero + .seconds(3), .notWorthIt))
    var world = World(["a", "b"], policy: policy)
    world.command(.wake("a"))
    world.succeed("a")
    world.arrive("b")
    policy.answer = .reconsider(at: .zero + .seconds(5), .notWorthIt)
    world.arrive("a")
    for _ in 0..<50 { world.pass(.milliseconds(100)) }
    world.pass(.microseconds(1))
    let asked = policy.situations.filter { $0.now > .zero }
    #expect(asked.map(\.now) == [3, 5].map { Instant.zero + .seconds($0) + .microseconds(1) })
    #expect(asked.map(\.isRecheck) == [false, true])
    world.replacePolicy(FIFO(minActive: .zero))
    world.expectSound()
  }

  @Test(arguments: [Duration.milliseconds(50), .zero])
  func `whatever happened before, its own wishes have it asked a hundred times a second at most`(pause: Duration) {
    let policy = Insistent(every: pause)
    var world = World(["a", "b"], policy: policy)
    world.command(.wake("a"))
    world.succeed("a")
    world.arrive("b")
    for _ in 0..<500 {
      world.pass(.milliseconds(1))
      world.arrive("a")
    }
    let asked = policy.asked
    world.pass(.seconds(1))
    #expect((20...100).contains(policy.asked - asked))
    world.replacePolicy(FIFO(minActive: .zero))
    world.expectSound()
  }

  @Test func `a wish to be asked again is no longer due after the next answer`() {
    let policy = Listening(.reconsider(at: .zero + .seconds(5), .cooldown))
    var world = World(["a", "b"], policy: policy)
    world.command(.wake("a"))
    world.succeed("a")
    world.arrive("b")
    policy.answer = .stay(.backlog)
    world.arrive("a")
    world.pass(.seconds(60))
    // The timer that was set is one more occasion to ask, but not the one that was wished for.
    #expect(policy.situations.allSatisfy { !$0.isRecheck })
    world.replacePolicy(FIFO(minActive: .zero))
    world.expectSound()
  }

  @Test func `cooldown is the time that the policy held a wanted switch back just before it began`() {
    let policy = Listening(.reconsider(at: .zero + .seconds(5), .cooldown))
    var world = World(["a", "b"], policy: policy)
    world.command(.wake("a"))
    world.succeed("a")
    world.arrive("b")
    world.pass(.seconds(2))
    policy.answer = .stay(.backlog)
    world.arrive("a")
    world.pass(.seconds(2))
    policy.answer = .switchTo("b", .oldest)
    world.finishAll()
    #expect(world.work("a") == .sleeping(nil))
    world.succeed("a")
    world.succeed("b")
    #expect(world.records.last?.phases.map(\.phase) == [.drain, .sleep, .wake])
    world.expectSound()
  }
}

/// Answers what it is told to, and keeps what it was asked.
final class Listening: SwitchPolicy {
  static let name = "listening"
  static let options: [PolicyOption] = []

  private struct State {
    var situations: [Situation] = []
    var answer: Decision
  }

  private let state: Mutex<State>

  init(options: PolicyOptions) { state = Mutex(State(answer: .stay(.exhausted))) }

  init(_ answer: Decision) { state = Mutex(State(answer: answer)) }

  var situations: [Situation] { state.withLock { $0.situations } }

  var answer: Decision {
    get { state.withLock { $0.answer } }
    set { state.withLock { $0.answer = newValue } }
  }

  func decide(in situation: Situation) -> Decision {
    state.withLock { state in
      state.situations.append(situation)
      return state.answer
    }
  }
}

/// Wants to be asked again some time after each time that it is asked.
private final class Insistent: SwitchPolicy {
  static let name = "insistent"
  static let options: [PolicyOption] = []

  private let interval: Duration
  private let count = Mutex(0)

  init(options: PolicyOptions) { interval = .seconds(1) }

  init(every interval: Duration) { self.interval = interval }

  var asked: Int { count.withLock { $0 } }

  func decide(in situation: Situation) -> Decision {
    count.withLock { $0 += 1 }
    return .reconsider(at: situation.now + interval, .notWorthIt)
  }
}
