import Core
import Testing

@testable import Backends

struct BackendTests {
  @Test func `each backend of the catalogue is found by its name`() {
    for backend in Backend.catalogue { #expect(Backend.named(backend.name) == backend) }
    #expect(Set(Backend.catalogue).count == Backend.catalogue.count)
    #expect(Backend.named("vLLM") == nil)
  }

  @Test func `the traits tell how a model can wake and how many steps that takes`() throws {
    let vllm = exampleSettings(.vllm) {
      $0.modelPath = "m"
      $0.eviction = Eviction(weights: .discard, process: .keepRunning)
    }
    #expect(
      try vllm.traits()
        == ServerTraits(
          eviction: Eviction(weights: .discard, process: .keepRunning),
          wakeKinds: [.coldStart, .wakeL1, .wakeL2, .resume], steps: [.sleep: 1, .wake: 3]))
    #expect(
      try exampleSettings(.attached) { _ in }.traits()
        == ServerTraits(
          eviction: Eviction(weights: .retain, process: .keepRunning), wakeKinds: [.resume],
          steps: [.sleep: 0, .wake: 0]))
    #expect(
      try exampleSettings(.ollama).traits()
        == ServerTraits(
          eviction: Eviction(weights: .discard, process: .stop), wakeKinds: [.coldStart], steps: [:]))
  }

  @Test(
    arguments: [
      (Eviction(weights: .retain, process: .stop), [], "vllm serve m --port 8001"),
      (Eviction(weights: .offload, process: .stop), [], "vllm serve m --port 8001"),
      (Eviction(weights: .retain, process: .keepRunning), [], "vllm serve m --port 8001"),
      (Eviction(weights: .offload, process: .keepRunning), [], "vllm serve m --port 8001 --enable-sleep-mode"),
      (
        Eviction(weights: .discard, process: .keepRunning), ["--max-model-len", "4096"],
        "vllm serve m --port 8001 --enable-sleep-mode --max-model-len 4096"
      ),
      (
        Eviction(weights: .retain, process: .stop), ["--enable-sleep-mode"],
        "vllm serve m --port 8001 --enable-sleep-mode"
      ),
      (nil, ["--seed", "1"], "vllm serve m --port 8001 --seed 1"),
    ] as [(Eviction?, [String], String)])
  func `vLLM is told to enable its sleep mode where the eviction uses it`(
    eviction: Eviction?, extraArguments: [String], command: String
  ) throws {
    let settings = exampleSettings(.vllm) {
      $0.modelPath = "m"
      $0.eviction = eviction
      $0.extraArguments = extraArguments
    }
    let plan = try serverPlan(settings)
    #expect(plan.launch?.command.joined(separator: " ") == command)
    #expect(plan.eviction == eviction ?? .default)
  }

  @Test func `vLLM's environment opens its control routes, and the model's own goes before it`() throws {
    let settings = exampleSettings(.vllm) {
      $0.modelPath = "m"
      $0.command = ["/opt/vllm/bin/vllm"]
      $0.environment = ["NO_COLOR": "0", "HF_HOME": "/models"]
    }
    let launch = try #require(try serverPlan(settings).launch)
    #expect(launch.environment == ["VLLM_SERVER_DEV_MODE": "1", "NO_COLOR": "0", "HF_HOME": "/models"])
    #expect(launch.command.first == "/opt/vllm/bin/vllm")
  }

  @Test func `a long wake time-out holds for vLLM's reload too`() throws {
    for (timeout, reload) in [(60, 180), (300, 300)] {
      let settings = exampleSettings(.vllm) {
        $0.modelPath = "m"
        $0.eviction = Eviction(weights: .discard, process: .keepRunning)
        $0.wakeTimeout = .seconds(timeout)
      }
      let steps = try serverPlan(settings).sleepModes[.discard]?.wakeSteps
      #expect(steps?.flatMap(\.requests).map(\.timeout) == [nil, .seconds(reload), nil])
    }
  }

  @Test func `configured steps take the preset's place`() throws {
    let settings = exampleSettings(.vllm) {
      $0.modelPath = "m"
      $0.eviction = Eviction(weights: .offload, process: .keepRunning)
      $0.sleepSteps = [ControlStep("/sleep?level=1&mode=wait")]
      $0.wakeSteps = [ControlStep("/wake_up?tags=weights")]
    }
    let mode = try #require(try serverPlan(settings).sleepModes[.offload])
    #expect(mode.sleepSteps.flatMap(\.requests).map(\.endpoint) == ["/sleep?level=1&mode=wait"])
    #expect(mode.wakeSteps.flatMap(\.requests).map(\.endpoint) == ["/wake_up?tags=weights"])
    #expect(mode.proof == .required)
  }

  @Test func `a command with steps sleeps by them where no eviction is configured, else it stops`() throws {
    let plain = exampleSettings(.command) { $0.command = ["serve"] }
    #expect(try serverPlan(plain).eviction == .default)
    let stepped = exampleSettings(.command) {
      $0.command = ["serve"]
      $0.useSleepSteps()
    }
    #expect(try serverPlan(stepped).eviction.process == .keepRunning)
  }

  @Test(
    arguments: [
      (Eviction(weights: .retain, process: .stop), EvictionSupport.freesGPU),
      (Eviction(weights: .retain, process: .keepRunning), .keepsGPU),
      (Eviction(weights: .retain, process: .cudaSuspend), .freesGPU),
      (
        Eviction(weights: .offload, process: .keepRunning),
        .impossible("the server can't sleep as offload+keep_running: it has no sleep steps for that")
      ),
    ])
  func `what an eviction comes to can be asked before`(eviction: Eviction, support: EvictionSupport) throws {
    #expect(try exampleSettings(.command) { $0.command = ["serve"] }.support(of: eviction) == support)
  }

  @Test func `a hosted model has only one way to sleep`() throws {
    let settings = exampleSettings(.ollama)
    #expect(try settings.support(of: nil) == .freesGPU)
    #expect(try settings.support(of: Eviction(weights: .offload, process: .stop)) == .freesGPU)
    let message = "found offload+keep_running, expected one that stops: a hosted model has only that way to sleep"
    #expect(try settings.support(of: Eviction(weights: .offload, process: .keepRunning)) == .impossible(message))
  }

  @Test func `a server that somebody else runs can't be stopped, whatever else it can`() throws {
    let settings = exampleSettings(.attached) { $0.useSleepSteps() }
    let message = "found retain+stop, expected one with keep_running: the server is run by somebody else"
    #expect(try settings.support(of: .default) == .impossible(message))
    #expect(try settings.support(of: Eviction(weights: .offload, process: .keepRunning)) == .freesGPU)
  }

  @Test func `only who starts a server keeps the GPU by doing nothing`() throws {
    #expect(try exampleSettings(.attached).support(of: nil) == .freesGPU)
    let stepped = exampleSettings(.command) {
      $0.command = ["serve"]
      $0.useSleepSteps()
    }
    #expect(try stepped.support(of: Eviction(weights: .retain, process: .keepRunning)) == .freesGPU)
  }

  @Test func `a server that can be checkpointed is told to keep to what can be written down`() throws {
    let settings = exampleSettings(.vllm) {
      $0.modelPath = "m"
      $0.eviction = Eviction(weights: .offload, process: .checkpoint)
    }
    let plan = try serverPlan(settings)
    #expect(plan.launch?.environment["UV_USE_IO_URING"] == "0")
    #expect(plan.launch?.environment["USE_LIBUV"] == "0")
    #expect(plan.launch?.command.contains("--enable-sleep-mode") == true)
    #expect(try settings.traits().wakeKinds.contains(.restore))
  }

  @Test(
    arguments: [
      (Backend.command, [], nil, ["command: missing, expected the program that serves the model and its arguments"]),
      (.command, [""], nil, ["command: missing, expected the program that serves the model and its arguments"]),
      (
        .command, ["serve"], Eviction(weights: .offload, process: .keepRunning),
        [
          "eviction: found offload+keep_running, expected sleep_endpoints and wake_endpoints with it: "
            + "the command backend has none of its own"
        ]
      ),
      (.command, ["serve"], Eviction(weights: .retain, process: .cudaSuspend), []),
      (
        .command, ["serve"], Eviction(weights: .discard, process: .checkpoint),
        [
          "eviction: found discard+checkpoint, expected sleep_endpoints and wake_endpoints with it: "
            + "the command backend has none of its own"
        ]
      ),
      (
        .vllm, [], Eviction(weights: .retain, process: .checkpoint),
        ["model_path: missing, expected the path or repository of the model that vllm serves"]
      ),
      (
        .attached, [], Eviction(weights: .retain, process: .cudaSuspend),
        [
          #"eviction.process: found "cuda_suspend", expected "keep_running": an attached server is run by somebody else"#
        ]
      ),
      (
        .attached, [], .default,
        [
          #"eviction.process: found "stop", expected "keep_running": an attached server is run by somebody else"#
        ]
      ),
      (.attached, [], nil, []),
    ] as [(Backend, [String], Eviction?, [String])])
  func `all that is wrong with a model's settings is told at once`(
    backend: Backend, command: [String], eviction: Eviction?, faults: [String]
  ) {
    let settings = exampleSettings(backend) {
      $0.command = command
      $0.eviction = eviction
    }
    #expect(settings.faults().map { "\($0.key): \($0.message)" } == faults)
  }
}
