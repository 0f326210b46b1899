import Core
import Testing

@testable import Backends

struct KindTests {
  private static let offload = Eviction(weights: .offload, process: .keepRunning)
  private static let discard = Eviction(weights: .discard, process: .keepRunning)

  @Test(
    arguments: [
      (nil, [], "--model-path m --port 8001", []),
      (
        offload, [], "--model-path m --port 8001 --enable-memory-saver --enable-weights-cpu-backup",
        [.offload, .discard]
      ),
      (discard, ["--tp", "2"], "--model-path m --port 8001 --enable-memory-saver --tp 2", [.discard]),
      (
        nil, ["--enable-weights-cpu-backup", "--enable-memory-saver"],
        "--model-path m --port 8001 --enable-memory-saver --enable-weights-cpu-backup", [.offload, .discard]
      ),
    ] as [(Eviction?, [String], String, Set<Eviction.Weights>)])
  func `SGLang is started with the flags that its sleep takes`(
    eviction: Eviction?, extraArguments: [String], arguments: String, modes: Set<Eviction.Weights>
  ) throws {
    let plan = try serverPlan(
      exampleSettings(.sglang) {
        $0.modelPath = "m"
        $0.eviction = eviction
        $0.extraArguments = extraArguments
      })
    #expect(plan.launch?.command.joined(separator: " ") == "python -m sglang.launch_server " + arguments)
    #expect(Set(plan.sleepModes.keys) == modes.union([.retain]))
    #expect(plan.healthPath == "/model_info")
  }

  @Test func `SGLang's orders are given once, with a body, and its weights read anew where nothing keeps them`() throws
  {
    let plan = try serverPlan(
      exampleSettings(.sglang) {
        $0.modelPath = "org/m\"1"
        $0.eviction = Self.offload
      })
    let sleepSteps = [
      ControlStep("/pause_generation", body: #"{"mode":"abort"}"#),
      ControlStep("/release_memory_occupation", body: "{}"),
    ]
    let resume = ControlStep("/resume_memory_occupation", body: "{}")
    let reload = ControlStep(
      "/update_weights_from_disk", body: #"{"model_path":"org/m\"1","flush_cache":true}"#, timeout: .seconds(180))
    let goOn = ControlStep("/continue_generation", body: "{}")
    #expect(
      plan.sleepModes[.offload]
        == SleepMode(sleepSteps: sleepSteps, wakeSteps: [resume, goOn], proof: .none, wakeKind: .wakeL1))
    #expect(
      plan.sleepModes[.discard]
        == SleepMode(sleepSteps: sleepSteps, wakeSteps: [resume, reload, goOn], proof: .none, wakeKind: .wakeL2))
  }

  @Test(
    arguments: [
      ([], [], "llama-server -m a.gguf --port 8001"),
      (["/opt/llama-server"], ["-ngl", "99"], "/opt/llama-server -m a.gguf --port 8001 -ngl 99"),
    ] as [([String], [String], String)])
  func `llama-server is started for its model`(program: [String], extraArguments: [String], command: String) throws {
    let plan = try serverPlan(
      exampleSettings(.llamaCpp) {
        $0.command = program
        $0.modelPath = "a.gguf"
        $0.extraArguments = extraArguments
      })
    #expect(plan.launch?.command.joined(separator: " ") == command)
    #expect(plan.eviction == .default)
  }

  @Test func `llama-server may be told its model by its own arguments`() throws {
    let plan = try serverPlan(exampleSettings(.llamaCpp) { $0.extraArguments = ["-hf", "org/repo:Q4_K_M"] })
    #expect(plan.launch?.command == ["llama-server", "--port", "8001", "-hf", "org/repo:Q4_K_M"])
  }

  @Test(arguments: [Backend.ollama, .llamaCpp, .hooks, .hfEndpoint])
  func `a model among others is hosted`(backend: Backend) throws {
    let settings = exampleSettings(backend) {
      if backend == .hooks { $0.hooks = Hooks(wake: "true", sleep: "true") }
      if backend == .hfEndpoint { $0.endpoint = InferenceEndpoint(name: "team/large", token: "t") }
    }
    guard case .hosted = try backend.blueprint(settings) else {
      Issue.record("\(backend) plans a server")
      return
    }
  }

  @Test(
    arguments: [
      (
        exampleSettings(.sglang) {
          $0.sleepSteps = [ControlStep("/release_memory_occupation", body: "{}", retries: 2)]
          $0.wakeSteps = [ControlStep("/resume_memory_occupation?x=1", body: "{}", retries: 1)]
        },
        [
          "model_path: missing, expected the path or repository of the model that sglang serves",
          "sleep_endpoints: found retries of /release_memory_occupation, expected none: a second one would end the server",
          "wake_endpoints: found retries of /resume_memory_occupation?x=1, expected none: "
            + "a second one would end the server",
        ]
      ),
      (
        exampleSettings(.llamaCpp) {
          $0.command = ["llama-server"]
          $0.eviction = Eviction(weights: .offload, process: .keepRunning)
          $0.useSleepSteps()
        },
        [
          "command: found a command, expected none: "
            + "without a model_path the server at the url is a router, which somebody else runs",
          "eviction: found offload+keep_running, expected none: "
            + "a router ends the process of a model that it unloads",
          "sleep_endpoints: found steps, expected none: a router loads and unloads by itself what it is told to",
          "wake_endpoints: found steps, expected none: a router loads and unloads by itself what it is told to",
        ]
      ),
      (
        exampleSettings(.hooks) { $0.hooks = Hooks(wake: "", sleep: "true") },
        ["wake: missing, expected the shell command that makes the model serve"]
      ),
      (
        exampleSettings(.hfEndpoint) { $0.endpoint = InferenceEndpoint(name: "team/la rge", token: "") },
        [
          #"endpoint: found "team/la rge", expected "NAMESPACE/NAME" of the endpoint"#,
          "token: missing, expected an access token, as ${env.HF_TOKEN} or in the variable HF_TOKEN itself",
        ]
      ),
    ])
  func `what is wrong with the settings of each kind is told at once`(settings: BackendSettings, faults: [String]) {
    #expect(settings.faults().map { "\($0.key): \($0.message)" } == faults)
  }
}
