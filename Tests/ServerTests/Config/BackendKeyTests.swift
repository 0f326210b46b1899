import Backends
import Core
import Testing

@testable import Server

/// The keys that only some backends have a use for.
struct BackendKeyTests {
  private func model(_ members: String, environment: [String: String] = [:]) throws -> ModelConfiguration {
    let text = "{\"models\": {\"m\": {\(members)}}}"
    return try #require(try ConfigurationText(text, environment: environment).load().models.first)
  }

  @Test(
    arguments: [
      (#""backend": "ollama""#, "127.0.0.1:11434"),
      (#""backend": "ollama", "port": 1234"#, "127.0.0.1:1234"),
      (#""backend": "ollama", "url": "http://gpu:11435""#, "gpu:11435"),
      (#""backend": "llama_cpp", "url": "http://gpu:8080""#, "gpu:8080"),
      (#""backend": "llama_cpp", "model_path": "a.gguf", "port": 8080"#, "127.0.0.1:8080"),
      (#""backend": "sglang", "model_path": "a", "port": 30000"#, "127.0.0.1:30000"),
      (#""backend": "hooks", "wake": "a", "sleep": "b", "port": 8080"#, "127.0.0.1:8080"),
    ])
  func `where each backend's server listens`(members: String, origin: String) throws {
    #expect(try model(members).backend.upstream.origin.description == origin)
  }

  @Test func `a server that is started listens on a free port where none is given`() throws {
    for members in [
      #""backend": "sglang", "model_path": "a""#, #""backend": "llama_cpp", "extra_args": ["-hf", "a/b"]"#,
      #""backend": "hooks", "wake": "serve ${PORT}", "sleep": "b""#,
    ] {
      #expect(try model(members).backend.upstream.origin.port > 0)
    }
  }

  @Test(
    arguments: [
      ("sglang", #""model_path": "a""#, "/model_info", 60), ("ollama", "", "/api/version", 300),
      ("llama_cpp", #""model_path": "a""#, "/health", 60),
      ("hooks", #""wake": "a", "sleep": "b", "port": 1"#, "/health", 300),
    ])
  func `what each backend finds usual holds unless the file says otherwise`(
    backend: String, members: String, healthPath: String, wakeSeconds: Int
  ) throws {
    let start = #""backend": "\#(backend)""# + (members.isEmpty ? "" : ", ") + members
    let usual = try model(start).backend
    #expect(usual.healthPath == healthPath)
    #expect(usual.wakeTimeout == .seconds(wakeSeconds))
    let own = try model(start + #", "health_path": "/up", "wake_timeout_secs": 7"#).backend
    #expect(own.healthPath == "/up")
    #expect(own.wakeTimeout == .seconds(7))
  }

  @Test func `the name that a served model has by its arguments is the one sent on`() throws {
    let members = #""backend": "sglang", "model_path": "a/b""#
    #expect(try model(members).backend.upstream.modelName == "a/b")
    let named = try model(members + #", "extra_args": ["--served-model-name", "c"]"#)
    #expect(named.backend.upstream.modelName == "c")
  }

  @Test func `hooks are commands for a shell`() throws {
    let hooks = try model(
      #""backend": "hooks", "port": 1, "wake": "up $${X}", "sleep": "down", "stop": "kill", "alive": "look""#
    ).backend.hooks
    #expect(hooks == Hooks(wake: "up ${X}", sleep: "down", stop: "kill", alive: "look"))
  }

  @Test func `an endpoint's token is the file's, else the environment's, and is shown nowhere`() throws {
    let members = #""backend": "hf_endpoint", "endpoint": "team/large", "sleep_action": "scale_to_zero""#
    for (token, expected) in [("", "hf_general"), (#", "token": "${env.TEAM_TOKEN}""#, "hf_of_the_team")] {
      let text = "{\"models\": {\"m\": {\(members)\(token)}}}"
      let configuration = try ConfigurationText(
        text, environment: ["HF_TOKEN": "hf_general", "TEAM_TOKEN": "hf_of_the_team"]
      ).load()
      let endpoint = try #require(configuration.models.first?.backend.endpoint)
      #expect(endpoint.name == "team/large")
      #expect(endpoint.token == expected)
      #expect(endpoint.sleepAction == .scaleToZero)
      #expect(endpoint.apiURL == "https://api.endpoints.huggingface.cloud/v2")
      #expect(!configuration.printed().contains(expected))
    }
  }

  @Test func `the policy's eviction is for servers, not for hosted models`() throws {
    let text = """
      {"policy": {"type": "fifo", "eviction": "offload+keep_running"}, "models": {
        "a": {"backend": "ollama"}, "b": {"model_path": "b"}, "c": {"backend": "llama_cpp", "url": "http://h:1"},
        "d": {"backend": "llama_cpp", "url": "http://h:1", "eviction": "discard+stop"}}}
      """
    let evictions = try ConfigurationText(text).load().models.map(\.backend.eviction?.description)
    #expect(evictions == [nil, "offload+keep_running", nil, "discard+stop"])
  }

  @Test(
    arguments: [
      (
        #""backend": "ollama", "eviction": 1, "command": ["a"]"#,
        [
          "2:34: models.m.eviction: the ollama backend has no use for it",
          "2:48: models.m.command: the ollama backend has no use for it",
        ]
      ),
      (#""backend": "ollama", "modelpath": "x""#, ["2:22: models.m.modelpath: unknown key, did you mean model_path?"]),
      (
        #""backend": "hooks", "weke": "x", "sleep": "y", "port": 1"#,
        [
          "1:18: models.m.wake: missing, expected the shell command that makes the model serve",
          "2:21: models.m.weke: unknown key, did you mean wake?",
        ]
      ),
      (
        #""backend": "hooks", "wake": 5, "sleep": """#,
        [
          "1:18: models.m.url: missing, expected the address of the server: http://HOST[:PORT][/PATH]",
          "2:29: models.m.wake: found 5, expected a command for sh -c",
          #"2:41: models.m.sleep: found "", expected a command for sh -c"#,
        ]
      ),
      (
        #""backend": "llama_cpp""#,
        [
          "1:18: models.m.model_path: missing, expected a model for a llama-server to start, or the url of one in router mode"
        ]
      ),
      (
        #""backend": "sglang", "port": 1"#,
        ["1:18: models.m.model_path: missing, expected the path or repository of the model that sglang serves"]
      ),
      (
        #""backend": "hf_endpoint", "endpoint": "large", "sleep_action": "stop", "api_url": "ftp://x", "token": "t""#,
        [
          #"2:39: models.m.endpoint: found "large", expected "NAMESPACE/NAME" of the endpoint"#,
          #"2:64: models.m.sleep_action: found "stop", expected pause or scale_to_zero"#,
          #"2:83: models.m.api_url: found "ftp://x", expected https://HOST[:PORT][/PATH], or the same with http"#,
        ]
      ),
      (
        #""backend": "hf_endpoint", "endpoint": "a/b""#,
        [
          "1:18: models.m.token: missing, expected an access token, as ${env.HF_TOKEN} "
            + "or in the variable HF_TOKEN itself"
        ]
      ),
    ])
  func `what is wrong with a backend's keys is told where it stands`(members: String, faults: [String]) {
    #expect(ConfigurationText(model: members).faults() == faults.map { "config.json:\($0)" })
  }
}
