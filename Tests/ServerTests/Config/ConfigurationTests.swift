import Backends
import Core
import HTTP
import Switcher
import Testing

@testable import Server

struct ConfigurationTests {
  @Test func `the smallest configuration has every default`() throws {
    let configuration = try ConfigurationText(#"{"models": {"m": {"url": "http://host"}}}"#).load()
    #expect(configuration.listen.description == "127.0.0.1:3000")
    #expect(configuration.adminListen == nil)
    #expect(configuration.adminToken == nil)
    #expect(configuration.metricsListen == nil)
    #expect(configuration.policy == .default)
    #expect(configuration.shutdownDelay == .zero)
    #expect(configuration.shutdownGrace == .seconds(30))
    #expect(configuration.warnings == [])
    let backend = BackendSettings(
      backend: .attached, upstream: Upstream(origin: Origin(host: "host", port: 80)))
    #expect(
      configuration.models == [
        ModelConfiguration(
          id: "m", aliases: [], fallback: nil, requestTimeout: .seconds(300), limits: ModelLimits(), streamUsage: false,
          backend: backend)
      ])
  }

  @Test func `every option of a model arrives where it belongs`() throws {
    let text = """
      {
        "listen": "[::1]:0", "admin_listen": "0.0.0.0:81", "admin_token": "t0ken", "metrics_port": 82,
        "policy": { "type": "time_slice", "tick_interval_ms": 250, "request_timeout_secs": 200, "eviction": "discard+stop" },
        "shutdown_delay_secs": 0.5, "shutdown_grace_secs": 7,
        "defaults": { "request_timeout_secs": 100, "max_queue": 50, "idle_sleep_secs": 60, "drain_timeout_secs": 45, "warmup": true },
        "models": {
          "a": {
            "command": ["serve", "${MODEL}", "--port", "${PORT}", "$${PORT}"], "port": 9001, "env": { "X": "${env.HOME}" },
            "aliases": ["b", "c/d"], "upstream_model": "served", "fallback": "e", "idle_sleep_secs": 0, "max_in_flight": 4,
            "request_timeout_secs": 1.5, "startup_timeout_secs": 11, "stop_grace_secs": 12, "sleep_timeout_secs": 13,
            "wake_timeout_secs": 14, "health_path": "/ready?x=1", "warmup": false, "eviction": 2,
            "sleep_endpoints": [{ "endpoint": "/sleep?level=2", "method": "put", "body": "b", "timeout": 0 }],
            "wake_endpoints": [
              { "endpoint": "/wake", "body": { "m": ["${MODEL}", 1.0] }, "timeout_secs": 2.5, "retries": 3, "expect_body": "ok" },
              { "parallel": [{ "endpoint": "/p", "method": "GET" }, { "endpoint": "/q" }], "health_check_after": true }
            ]
          },
          "e": { "url": "http://[fd00::1]:8000/base/" }
        }
      }
      """
    let configuration = try ConfigurationText(text, environment: ["HOME": "/root"]).load()
    #expect(configuration.listen.description == "[::1]:0")
    #expect(configuration.adminListen?.description == "0.0.0.0:81")
    #expect(configuration.adminToken == "t0ken")
    #expect(configuration.metricsListen?.description == "127.0.0.1:82")
    #expect(configuration.policy.name == "scheduler_tick")
    #expect(configuration.policy.options == ["tick_interval_ms": 250])
    #expect(configuration.shutdownDelay == .milliseconds(500))
    #expect(configuration.shutdownGrace == .seconds(7))

    var backend = BackendSettings(
      backend: .command, upstream: Upstream(origin: Origin(host: "127.0.0.1", port: 9001), modelName: "served"))
    backend.command = ["serve", "a", "--port", "9001", "${PORT}"]
    backend.environment = ["X": "/root"]
    backend.eviction = Eviction(weights: .discard, process: .keepRunning)
    backend.sleepSteps = [ControlStep("/sleep?level=2", method: .put, body: "b")]
    backend.wakeSteps = [
      ControlStep("/wake", body: #"{"m":["a",1.0]}"#, timeout: .milliseconds(2500), retries: 3, expectedBody: "ok"),
      ControlStep(parallel: [ControlRequest("/p", method: .get), ControlRequest("/q")]),
    ]
    backend.wakeSteps[1].awaitsHealth = true
    backend.healthPath = "/ready?x=1"
    backend.startupTimeout = .seconds(11)
    backend.stopGrace = .seconds(12)
    backend.sleepTimeout = .seconds(13)
    backend.wakeTimeout = .seconds(14)
    #expect(
      configuration.models.first
        == ModelConfiguration(
          id: "a", aliases: ["b", "c/d"], fallback: "e", requestTimeout: .milliseconds(1500),
          limits: ModelLimits(maxInFlight: 4, maxQueue: 50, drainTimeout: .seconds(45)), streamUsage: false,
          backend: backend))

    let attached = try #require(configuration.models.last)
    #expect(attached.requestTimeout == .seconds(100))
    #expect(attached.limits.idleSleep == .seconds(60))
    #expect(attached.backend.warmsUp)
    #expect(attached.backend.eviction == nil)
    #expect(attached.backend.upstream == Upstream(origin: Origin(host: "fd00::1", port: 8000), basePath: "/base"))
  }

  @Test func `keys in camel case mean the same`() throws {
    let snake = """
      {"admin_listen": "127.0.0.1:1", "shutdown_grace_secs": 3, "models": {"my_model": {
        "model_path": "a/B", "port": 5, "extra_args": ["--x"], "upstream_model": "u", "request_timeout_secs": 9,
        "sleep_endpoints": [{"endpoint": "/s", "timeout_secs": 4, "expect_body": "x"}], "wake_endpoints": [{"endpoint": "/w"}]}}}
      """
    let camel = """
      {"adminListen": "127.0.0.1:1", "shutdownGraceSecs": 3, "models": {"my_model": {
        "modelPath": "a/B", "port": 5, "extraArgs": ["--x"], "upstreamModel": "u", "requestTimeoutSecs": 9,
        "sleepEndpoints": [{"endpoint": "/s", "timeoutSecs": 4, "expectBody": "x"}], "wakeEndpoints": [{"endpoint": "/w"}]}}}
      """
    #expect(try ConfigurationText(camel).load().models == (try ConfigurationText(snake).load()).models)
    #expect(try ConfigurationText(camel).load().adminListen == (try ConfigurationText(snake).load()).adminListen)
  }

  @Test func `a configuration of llmux loads as it is`() throws {
    let text = """
      {
        "models": {
          "qwen-14b": {
            "model_path": "Qwen/Qwen3-14B", "port": 8001,
            "extra_args": ["--gpu-memory-utilization", "0.9", "--max-model-len", "4096"],
            "eviction": { "weights": "offload", "process": "keep_running" }
          },
          "gemma-12b": {
            "model_path": "google/gemma-3-12b-it", "port": 8002, "extra_args": ["--served-model-name", "gemma"],
            "eviction": { "weights": "discard", "process": "keep_running" }, "checkpoint_path": "/data/gemma"
          },
          "phi-4": { "model_path": "microsoft/phi-4", "port": 8003 }
        },
        "policy": {
          "policy_type": "time_slice", "request_timeout_secs": 120, "drain_before_switch": true, "min_active_secs": 5,
          "coalesce_window_ms": 2000, "amortization_factor": 0.5, "max_wait_secs": 15, "tick_interval_ms": 500
        },
        "port": 3000, "metrics_port": 9090, "admin_port": null, "vllm_command": "/opt/vllm/bin/vllm",
        "checkpoint": {
          "criu_path": "criu", "cuda_plugin_dir": "/usr/lib/criu", "images_dir": "/tmp/images",
          "cuda_checkpoint_path": "cuda-checkpoint", "keep_images": true
        },
        "warmup": true
      }
      """
    let configuration = try ConfigurationText(text).load()
    #expect(configuration.listen.description == "127.0.0.1:3000")
    #expect(configuration.metricsListen?.description == "127.0.0.1:9090")
    #expect(configuration.adminListen == nil)
    #expect(configuration.policy.name == "scheduler_tick")
    #expect(configuration.policy.options["max_wait_secs"] == 15)
    #expect(configuration.models.map(\.id) == ["qwen-14b", "gemma-12b", "phi-4"])
    #expect(configuration.models.map(\.backend.backend) == [.vllm, .vllm, .vllm])
    #expect(configuration.models.map(\.backend.command) == Array(repeating: ["/opt/vllm/bin/vllm"], count: 3))
    #expect(configuration.models.map(\.backend.upstream.origin.port) == [8001, 8002, 8003])
    #expect(configuration.models.map(\.backend.upstream.modelName) == ["Qwen/Qwen3-14B", "gemma", "microsoft/phi-4"])
    #expect(configuration.models.map(\.requestTimeout) == Array(repeating: .seconds(120), count: 3))
    #expect(configuration.models.map(\.backend.warmsUp) == [true, true, true])
    #expect(
      configuration.models.map(\.backend.eviction?.description) == [
        "offload+keep_running", "discard+keep_running", nil,
      ])
    #expect(configuration.models.map(\.backend.checkpointPath) == [nil, "/data/gemma", nil])
    #expect(configuration.checkpoint.imagesDirectory == "/tmp/images")
    #expect(configuration.models.allSatisfy { $0.backend.checkpoint == configuration.checkpoint })
    #expect(configuration.warnings.isEmpty)
  }

  @Test(arguments: ["fifo", "cost_aware", "time_slice"])
  func `a policy may be a name alone`(name: String) throws {
    let text = #"{"policy": "\#(name)", "models": {"m": {"url": "http://h"}}}"#
    let policy = try ConfigurationText(text).load().policy
    #expect(policy.name == (name == "time_slice" ? "scheduler_tick" : name))
    #expect(policy.options == [:])
  }

  @Test func `a policy can be read by itself, in the words of the configuration`() throws {
    let loader = ConfigurationLoader(environment: [:], executable: "", ports: FreePorts(), overrides: Overrides())
    let text = Array(#"{"type": "fifo", "min_active_secs": 2}"#.utf8)
    #expect(try loader.decodePolicy(text, source: "body").policy.options == ["min_active_secs": 2])
    #expect {
      try loader.decodePolicy(Array(#"{"type": "lifo"}"#.utf8), source: "body")
    } throws: { error in
      (error as? ConfigurationFaults)?.description
        == #"body:1:10: type: found "lifo", expected fifo, cost_aware, scheduler_tick"#
    }
  }

  @Test func `a policy by itself says what of it concerns the models only`() throws {
    let loader = ConfigurationLoader(environment: [:], executable: "", ports: FreePorts(), overrides: Overrides())
    let text = Array(#"{"type": "fifo", "eviction": "offload+keep_running"}"#.utf8)
    let warnings = try loader.decodePolicy(text, source: "body").warnings
    #expect(warnings.count == 1 && warnings[0].message.contains("eviction"))
  }

  @Test func `a policy in force is told with all its options, those at their defaults included`() throws {
    let policy = try ConfigurationText(#"{"policy": "fifo", "models": {"m": {"url": "http://h"}}}"#).load().policy
    #expect(try policy.effective().serialized() == #"{"type":"fifo","min_active_secs":5}"#)
  }

  @Test(
    arguments: [
      (#""model_path": "p""#, .vllm), (#""url": "http://h""#, .attached), (#""command": ["c"], "port": 1"#, .command),
      (#""command": ["c"], "url": "http://h:1""#, .command),
      (#""backend": "vllm", "command": ["python", "-m", "x"], "model_path": "p""#, .vllm),
      (#""backend": "attached", "port": 1"#, .attached),
    ] as [(String, Backend)])
  func `the backend follows from what is given`(members: String, backend: Backend) {
    let configuration = try? ConfigurationText(model: members).load()
    #expect(configuration?.models.first?.backend.backend == backend)
  }

  @Test(
    arguments: [
      ("1", "offload+keep_running"), ("2", "discard+keep_running"), ("3", "retain+cuda_suspend"),
      ("4", "retain+checkpoint"), ("5", "retain+stop"),
      (#""discard+keep_running""#, "discard+keep_running"), (#"{"process": "keep_running"}"#, "retain+keep_running"),
      ("{}", "retain+stop"), ("null", nil),
    ] as [(String, String?)])
  func `an eviction may be an object, two words or a number`(eviction: String, expected: String?) throws {
    let model = try ConfigurationText(model: #""model_path": "p", "eviction": \#(eviction)"#).load().models.first
    #expect(model?.backend.eviction?.description == expected)
  }

  @Test func `a model's eviction beats the defaults', which beat the policy's`() throws {
    let text = """
      {"policy": {"eviction": 1}, "defaults": {"eviction": "DEFAULT"}, "models": {
        "a": {"model_path": "p", "eviction": 5}, "b": {"model_path": "q"}}}
      """
    func evictions(_ value: String) throws -> [String?] {
      try ConfigurationText(text.replacing("\"DEFAULT\"", with: value)).load().models.map {
        $0.backend.eviction?.description
      }
    }
    #expect(try evictions("2") == ["retain+stop", "discard+keep_running"])
    #expect(try evictions("null") == ["retain+stop", "offload+keep_running"])
  }

  @Test func `a number may come from the environment`() throws {
    let text = #"{"port": "${env.P}", "warmup": "${env.W:-true}", "models": {"m": {"url": "http://h"}}}"#
    let configuration = try ConfigurationText(text, environment: ["P": "1234"]).load()
    #expect(configuration.listen.port == 1234)
    #expect(configuration.models.first?.backend.warmsUp == true)
  }

  @Test func `a flag beats a variable, which beats the file`() throws {
    let text = #"{"listen": "127.0.0.1:1", "admin_listen": "127.0.0.1:2", "models": {"m": {"url": "http://h"}}}"#
    let environment = [
      "SWITCHER_LISTEN": "127.0.0.1:3", "SWITCHER_ADMIN_LISTEN": "127.0.0.1:4", "SWITCHER_ADMIN_TOKEN": "t",
    ]
    func addresses(_ text: ConfigurationText) throws -> [String?] {
      let configuration = try text.load()
      return [configuration.listen.description, configuration.adminListen?.description, configuration.adminToken]
    }
    #expect(try addresses(ConfigurationText(text)) == ["127.0.0.1:1", "127.0.0.1:2", nil])
    #expect(
      try addresses(ConfigurationText(text, environment: environment)) == ["127.0.0.1:3", "127.0.0.1:4", "t"])
    #expect(
      try addresses(ConfigurationText(text, environment: environment, flags: ["--listen": "127.0.0.1:5"]))
        == ["127.0.0.1:5", "127.0.0.1:4", "t"])
  }

  @Test func `models without a port get free ones of their own and keep them when the file is read again`() throws {
    let text = ConfigurationText(
      #"{"models": {"a": {"command": ["s", "${PORT}"], "env": {"P": "${PORT}"}}, "b": {"command": ["s", "${PORT}"]}}}"#)
    let ports = FreePorts()
    let first = try text.load(ports: ports).models
    #expect(first == (try text.load(ports: ports)).models)
    let numbers = first.map(\.backend.upstream.origin.port)
    #expect(Set(numbers).count == 2)
    #expect(first.map { $0.backend.command.last } == numbers.map { "\($0)" })
    #expect(first.first?.backend.environment["P"] == "\(numbers[0])")
  }
}
