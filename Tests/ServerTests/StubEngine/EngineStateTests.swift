import Core
import Testing

@testable import Server

@Suite struct EngineStateTests {
  // MARK: Answers

  @Test func `an answer names its model and its tokens come one token time apart`() {
    var world = EngineWorld()
    let request = world.request(tokens: 3)
    world.advance(milliseconds: 100)
    #expect(world.text(request) == "Hello from alpha. 2 3")
    #expect(world.tokenTimes(request) == [10, 20, 30])
    #expect(world.ending(request) == .finished)
    #expect(world.state.nextDeadline == nil)
  }

  @Test func `tokens that take no time come at once`() {
    var options = StubEngineOptions.forTests
    options.tokenTime = .zero
    var world = EngineWorld(options)
    let request = world.request(tokens: 200)
    #expect(world.tokenTimes(request).count == 200)
    #expect(world.ending(request) == .finished)
  }

  @Test func `requests don't slow each other down`() {
    var world = EngineWorld()
    let first = world.request(tokens: 2)
    world.advance(milliseconds: 5)
    let second = world.request(tokens: 2)
    world.advance(milliseconds: 100)
    #expect(world.tokenTimes(first) == [10, 20])
    #expect(world.tokenTimes(second) == [15, 25])
  }

  @Test func `a timer that comes late loses no token`() {
    var world = EngineWorld()
    let request = world.request(tokens: 5)
    world.advanceLate(milliseconds: 35)
    #expect(world.text(request) == "Hello from alpha. 2 3")
    #expect(world.state.nextDeadline == .zero + .milliseconds(40))
  }

  @Test func `an abandoned request is forgotten`() {
    var world = EngineWorld()
    let request = world.request(tokens: 100)
    world.advance(milliseconds: 15)
    world.send(.requestAbandoned(request))
    world.advance(milliseconds: 100)
    #expect(world.outputs(request) == [.token("Hello from alpha.")])
    #expect(world.state.statistics.running == 0)
  }

  @Test(arguments: [(0, ""), (1, "Hello from alpha."), (2, "Hello from alpha. 2"), (3, "Hello from alpha. 2 3")])
  func `a connection told to fail is cut after so many tokens`(tokens: Int, text: String) {
    var world = EngineWorld(.failing(.midStream(afterTokens: tokens)))
    let request = world.request(tokens: 3)
    world.advance(milliseconds: 100)
    #expect(world.text(request) == text)
    #expect(world.ending(request) == .cut)
  }

  @Test func `an answer shorter than the cut is whole`() {
    var world = EngineWorld(.failing(.midStream(afterTokens: 3)))
    let request = world.request(tokens: 2)
    world.advance(milliseconds: 100)
    #expect(world.ending(request) == .finished)
  }

  // MARK: Sleep

  @Test(arguments: [SleepLevel.offload, .discard])
  func `a sleep takes its time, then frees the GPU and answers`(level: SleepLevel) {
    var world = EngineWorld()
    let call = world.call(.sleep(level))
    world.advance(milliseconds: 299)
    #expect(world.answer(call) == nil)
    #expect(world.releaseTimes.isEmpty)
    world.advance(milliseconds: 1)
    #expect(world.answer(call) == .done)
    #expect(world.releaseTimes == [300])
    #expect(world.state.statistics.sleepLevel == level)
  }

  @Test func `level 0 pauses at once and keeps the GPU`() {
    var world = EngineWorld()
    let call = world.call(.sleep(.pause))
    let isSleeping = world.call(.isSleeping)
    #expect(world.answer(call) == .done)
    #expect(world.answer(isSleeping) == .sleeping(true))
    #expect(world.releaseTimes.isEmpty)
    let request = world.request(tokens: 1)
    world.advance(milliseconds: 100)
    #expect(world.outputs(request).isEmpty)
    let wake = world.call(.wakeUp)
    world.advance(milliseconds: 10)
    #expect(world.answerTime(wake) == 100)
    #expect(world.ending(request) == .finished)
  }

  @Test func `a sleep while asleep answers at once and goes no deeper`() {
    var world = EngineWorld()
    _ = world.call(.sleep(.offload))
    world.advance(milliseconds: 300)
    let again = world.call(.sleep(.discard))
    #expect(world.answer(again) == .done)
    #expect(world.releaseTimes == [300])
    _ = world.call(.wakeUp)
    world.advance(milliseconds: 500)
    let request = world.request(tokens: 1)
    world.advance(milliseconds: 10)
    #expect(world.text(request) == "Hello from alpha.")
  }

  @Test func `a sleep ends the requests under way with what they have`() {
    var world = EngineWorld()
    let request = world.request(tokens: 10)
    world.advance(milliseconds: 25)
    let call = world.call(.sleep(.offload, .abort))
    #expect(world.text(request) == "Hello from alpha. 2")
    #expect(world.ending(request) == .aborted)
    #expect(world.state.statistics.aborted == 1)
    world.advance(milliseconds: 300)
    #expect(world.answerTime(call) == 325)
  }

  @Test func `a sleep in wait mode begins when the requests under way have ended`() {
    var world = EngineWorld()
    let request = world.request(tokens: 10)
    world.advance(milliseconds: 25)
    let call = world.call(.sleep(.offload, .wait))
    let late = world.request(tokens: 1)
    world.advance(milliseconds: 1_000)
    #expect(world.tokenTimes(request).last == 100)
    #expect(world.ending(request) == .finished)
    #expect(world.answerTime(call) == 400)
    #expect(world.outputs(late).isEmpty)
    #expect(world.state.statistics.aborted == 0)
  }

  @Test func `a sleep in keep mode freezes the requests under way until the wake`() {
    var world = EngineWorld()
    let request = world.request(tokens: 3)
    world.advance(milliseconds: 15)
    _ = world.call(.sleep(.offload, .keep))
    world.advance(milliseconds: 985)
    _ = world.call(.wakeUp)
    world.advance(milliseconds: 1_000)
    #expect(world.tokenTimes(request) == [10, 1_510, 1_520])
    #expect(world.ending(request) == .finished)
  }

  @Test func `a sleep told to fail leaves the engine paused with its memory taken until it is woken`() {
    var world = EngineWorld(.failing(.sleep))
    let sleep = world.call(.sleep(.offload))
    world.advance(milliseconds: 300)
    #expect(world.answer(sleep) == .failed("sleep failed, as it was told to"))
    #expect(world.releaseTimes.isEmpty)
    let isSleeping = world.call(.isSleeping)
    #expect(world.answer(isSleeping) == .sleeping(true))
    let request = world.request(tokens: 1)
    world.advance(milliseconds: 100)
    #expect(world.outputs(request).isEmpty)
    let wake = world.call(.wakeUp)
    #expect(world.answer(wake) == .sleeping(false))
    world.advance(milliseconds: 10)
    #expect(world.text(request) == "Hello from alpha.")
  }

  // MARK: Asleep

  @Test func `a request to a sleeping engine hangs until it wakes`() {
    var world = EngineWorld()
    _ = world.call(.sleep(.offload))
    world.advance(milliseconds: 1_000)
    let request = world.request(tokens: 2)
    world.advance(milliseconds: 10_000)
    #expect(world.outputs(request).isEmpty)
    #expect(world.state.statistics.waiting == 1)
    #expect(world.state.statistics.arrivedWhileAsleep == 1)
    _ = world.call(.wakeUp)
    world.advance(milliseconds: 1_000)
    #expect(world.tokenTimes(request) == [11_510, 11_520])
  }

  @Test func `a request that leaves while the engine sleeps is not answered after the wake`() {
    var world = EngineWorld()
    _ = world.call(.sleep(.offload))
    let request = world.request(tokens: 1)
    world.advance(milliseconds: 300)
    world.send(.requestAbandoned(request))
    _ = world.call(.wakeUp)
    world.advance(milliseconds: 1_000)
    #expect(world.outputs(request).isEmpty)
  }

  @Test func `whether it sleeps is not told while a sleep or a wake is under way`() {
    var world = EngineWorld()
    _ = world.call(.sleep(.offload))
    let duringSleep = world.call(.isSleeping)
    world.advance(milliseconds: 300)
    _ = world.call(.wakeUp)
    let duringWake = world.call(.isSleeping)
    world.advance(milliseconds: 500)
    #expect(world.answer(duringSleep) == .sleeping(true))
    #expect(world.answerTime(duringSleep) == 300)
    #expect(world.answer(duringWake) == .sleeping(false))
    #expect(world.answerTime(duringWake) == 800)
  }

  // MARK: Wake

  @Test func `a wake takes the GPU, then its time`() {
    var world = EngineWorld()
    _ = world.call(.sleep(.offload))
    world.advance(milliseconds: 300)
    let wake = world.call(.wakeUp)
    #expect(world.history.last?.effect == .takeGPU)
    world.advance(milliseconds: 500)
    #expect(world.answerTime(wake) == 800)
    #expect(world.answer(wake) == .sleeping(false))
    #expect(world.state.statistics.sleepLevel == nil)
  }

  @Test func `a wake while awake answers at once`() {
    var world = EngineWorld()
    let wake = world.call(.wakeUp)
    #expect(world.answer(wake) == .sleeping(false))
    #expect(!world.history.contains { $0.effect == .takeGPU })
  }

  @Test func `a wake fails at once while another holds the GPU, and the engine sleeps on`() {
    var world = EngineWorld()
    _ = world.call(.sleep(.offload))
    world.advance(milliseconds: 300)
    world.gpuIsFree = false
    let refused = world.call(.wakeUp)
    let isSleeping = world.call(.isSleeping)
    #expect(world.answer(refused) == .failed("CUDA out of memory"))
    #expect(world.answer(isSleeping) == .sleeping(true))
    world.gpuIsFree = true
    let wake = world.call(.wakeUp)
    world.advance(milliseconds: 500)
    #expect(world.answer(wake) == .sleeping(false))
  }

  @Test func `an engine woken in part sleeps until the rest is woken`() {
    var world = EngineWorld()
    _ = world.call(.sleep(.offload))
    let request = world.request(tokens: 1)
    world.advance(milliseconds: 300)
    let weights = world.call(.wakeUp([.weights]))
    let isSleeping = world.call(.isSleeping)
    world.advance(milliseconds: 700)
    #expect(world.answerTime(weights) == 800)
    #expect(world.answer(isSleeping) == .sleeping(true))
    #expect(world.outputs(request).isEmpty)
    let cache = world.call(.wakeUp([.kvCache]))
    #expect(world.answerTime(cache) == 1_000)
    world.advance(milliseconds: 10)
    #expect(world.ending(request) == .finished)
    #expect(world.history.count { $0.effect == .takeGPU } == 1)
  }

  @Test func `a wake of unknown parts wakes nothing`() {
    var world = EngineWorld()
    _ = world.call(.sleep(.offload))
    world.advance(milliseconds: 300)
    let wake = world.call(.wakeUp([]))
    let isSleeping = world.call(.isSleeping)
    #expect(world.answer(wake) == .sleeping(true))
    #expect(world.answer(isSleeping) == .sleeping(true))
  }

  @Test func `a wake told to fail gives the GPU back and the engine sleeps on`() {
    var world = EngineWorld(.failing(.wake))
    _ = world.call(.sleep(.offload))
    world.advance(milliseconds: 300)
    let wake = world.call(.wakeUp)
    world.advance(milliseconds: 500)
    #expect(world.answer(wake) == .failed("wake_up failed, as it was told to"))
    #expect(world.releaseTimes == [300, 800])
    let isSleeping = world.call(.isSleeping)
    #expect(world.answer(isSleeping) == .sleeping(true))
  }

  // MARK: Discarded weights

  @Test func `a discarded model says nothing until its weights have been reloaded`() {
    var world = EngineWorld()
    _ = world.call(.sleep(.discard))
    _ = world.call(.wakeUp)
    world.advance(milliseconds: 800)
    let dumb = world.request(tokens: 2)
    world.advance(milliseconds: 20)
    #expect(world.outputs(dumb) == [.token(""), .token(""), .finished])
    let reload = world.call(.reloadWeights)
    let reset = world.call(.resetPrefixCache)
    world.advance(milliseconds: 700)
    #expect(world.answerTime(reload) == 1_520)
    #expect(world.answer(reload) == .done)
    #expect(world.answer(reset) == .done)
    let request = world.request(tokens: 2)
    world.advance(milliseconds: 20)
    #expect(world.text(request) == "Hello from alpha. 2")
  }

  @Test func `weights can't be reloaded while the memory for them is not there`() {
    var world = EngineWorld()
    _ = world.call(.sleep(.discard))
    let reload = world.call(.reloadWeights)
    world.advance(milliseconds: 1_000)
    #expect(world.answer(reload) == .failed("the weights are not on the GPU"))
  }

  @Test func `a reload told to fail leaves the model without its weights`() {
    var world = EngineWorld(.failing(.reload))
    _ = world.call(.sleep(.discard))
    _ = world.call(.wakeUp)
    let reload = world.call(.reloadWeights)
    world.advance(milliseconds: 1_500)
    #expect(world.answer(reload) == .failed("reload_weights failed, as it was told to"))
    let request = world.request(tokens: 1)
    world.advance(milliseconds: 10)
    #expect(world.text(request) == "")
  }
}
