internal import Core
internal import Policies
internal import TestSupport
internal import Testing

@testable import Switcher

/// Many tasks at once, on as many threads as there are.
@Suite(.timeLimit(.minutes(10)))
struct ContentionTests {
  private let gpu = SharedGPU()
  private let models: [ModelID] = ["a", "b", "c"]

  private func switcher(limits: ModelLimits = ModelLimits()) -> ModelSwitcher {
    let timeline = ManualTimeline()
    return ModelSwitcher(
      machine: SwitchMachine(
        models: models.map { ($0, limits) }, policy: FIFO(minActive: .zero), requestTimeout: .seconds(300),
        at: timeline.now),
      runtimes: Dictionary(uniqueKeysWithValues: models.map { ($0, gpu.runtime($0)) }), timeline: timeline)
  }

  @Test func `five hundred switches in a row do not stall`() async throws {
    let switcher = switcher()
    for round in 0..<500 {
      try await switcher.withModel(models[round % 2], deadline: .distantFuture) { grant, _ in gpu.use(grant.model) }
    }
    #expect(gpu.wakes == 500)
    #expect(gpu.conflicts == [])
  }

  @Test func `no request ever meets a model that is not awake`() async throws {
    let switcher = switcher(limits: ModelLimits(maxInFlight: 4))
    try await withThrowingTaskGroup { group in
      for client in 0..<60 {
        group.addTask {
          for round in 0..<10 {
            let model = models[(client * 7 + round * 3 + client * round) % 3]
            try await switcher.withModel(model, deadline: .distantFuture) { grant, _ in
              gpu.use(grant.model)
              await Task.yield()
              gpu.use(grant.model)
            }
          }
        }
      }
      try await group.waitForAll()
    }
    let snapshot = await switcher.snapshot()
    #expect(snapshot.inFlight == 0)
    #expect(snapshot.queued == 0)
    #expect(gpu.conflicts == [])
  }

  @Test func `callers that leave and operators that meddle change nothing about that`() async throws {
    let switcher = switcher(limits: ModelLimits(maxInFlight: 2))
    await withTaskGroup { group in
      for client in 0..<60 {
        let request = Task {
          for round in 0..<10 {
            try await switcher.withModel(models[(client + round) % 3], deadline: .distantFuture) { grant, _ in
              gpu.use(grant.model)
              await Task.yield()
              gpu.use(grant.model)
            }
          }
        }
        group.addTask {
          if client.isMultiple(of: 3) { request.cancel() }
          _ = await request.result
        }
      }
      group.addTask {
        for round in 0..<20 {
          let command: Command = round.isMultiple(of: 2) ? .force(models[round % 3]) : .sleep(models[round % 3], nil)
          try? await switcher.perform(command)
        }
      }
    }
    let snapshot = await switcher.snapshot()
    #expect(snapshot.inFlight == 0)
    #expect(snapshot.queued == 0)
    #expect(gpu.conflicts == [])
  }
}
