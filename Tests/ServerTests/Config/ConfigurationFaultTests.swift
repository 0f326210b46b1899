import Testing

@testable import Server

/// Wrong configurations, each with the very lines that it is answered with.
struct ConfigurationFaultTests {
  @Test(arguments: [
    ("", ["config.json:1:1: not JSON: found the end of the text, expected a value"]),
    ("{\n  \"models\": {},\n}", [#"config.json:3:1: not JSON: found "}", expected a key in double quotes"#]),
    ("[]", ["config.json:1:1: found an array, expected an object"]),
    ("{}", ["config.json:1:1: models: missing, expected an object with at least one model"]),
    (#"{"models": null}"#, ["config.json:1:1: models: missing, expected an object with at least one model"]),
    (#"{"models": {}}"#, ["config.json:1:12: models: found none, expected at least one model"]),
    (#"{"models": [1]}"#, ["config.json:1:12: models: found an array, expected an object"]),
    (#"{"models": {"m": 1}}"#, ["config.json:1:18: models.m: found 1, expected an object"]),
    (
      #"{"models": {"": {"url": "http://h"}}}"#,
      ["config.json:1:13: models.: expected a name that is not empty and has no control characters"]
    ),
  ])
  func `a file that is no configuration`(text: String, faults: [String]) {
    #expect(ConfigurationText(text).faults() == faults)
  }

  @Test(
    arguments: [
      (#""listen": "nowhere""#, [#"1:12: listen: found "nowhere", expected HOST:PORT"#]),
      (#""listen": 3000"#, ["1:12: listen: found 3000, expected HOST:PORT"]),
      (#""listen": "127.0.0.1:1", "port": 2"#, ["1:35: port: found beside listen, expected one of the two"]),
      (#""metrics": 1"#, ["1:13: metrics: found 1, expected an object"]),
      (
        #""metrics": {"pair_detail": "fold"}"#,
        [#"1:29: metrics.pair_detail: found "fold", expected auto, full or folded"#]
      ),
      (
        #""metrics": {"max_series": 10}"#,
        ["1:28: metrics.max_series: found 10, expected a whole number from 100 to 10000000"]
      ),
      (
        #""metrics": {"pairdetail": "full"}"#,
        ["1:14: metrics.pairdetail: unknown key, did you mean pair_detail?"]
      ),
      (#""port": 70000"#, ["1:10: port: found 70000, expected a whole number from 0 to 65535"]),
      (#""port": 1.5"#, ["1:10: port: found 1.5, expected a whole number from 0 to 65535"]),
      (
        #""listen": "127.0.0.1:5", "admin_listen": "127.0.0.1:5""#,
        ["1:43: admin_listen: port 5 is used already by listen, line 1"]
      ),
      (
        #""admin_listen": "0.0.0.0:3001""#,
        [
          #"1:18: admin_listen: found "0.0.0.0:3001" and no admin_token, "#
            + "expected a token or a loopback address for the admin routes"
        ]
      ),
      (
        #""listen": ":3000", "adminToken": """#,
        [
          #"1:12: listen: found "0.0.0.0:3000" and no admin_token, "#
            + "expected a token or a loopback address for the admin routes"
        ]
      ),
      (#""listn": "x""#, ["1:2: listn: unknown key, did you mean listen?"]),
      (#""shutdownGraceSec": 1"#, ["1:2: shutdownGraceSec: unknown key, did you mean shutdown_grace_secs?"]),
      (#""zebra": 1"#, ["1:2: zebra: unknown key"]),
      (#""shutdown_delay_secs": -1"#, ["1:25: shutdown_delay_secs: found -1, expected a number from 0 to 31536000"]),
      (#""warmup": "yes""#, [#"1:12: warmup: found "yes", expected true or false"#]),
      (#""defaults": {"port": 1}"#, ["1:15: defaults.port: unknown key"]),
      (
        #""defaults": {"request_timeout_secs": 0}"#,
        ["1:39: defaults.request_timeout_secs: found 0, expected a number from 0.001 to 31536000"]
      ),
      (#""port": 1, "port": 2"#, ["1:13: port: duplicate key, first in line 1"]),
      (
        #""admin_port": 1, "adminPort": 2"#, ["1:19: adminPort: the same key as admin_port, line 1"]
      ),
      (#""policy": 5"#, ["1:12: policy: found 5, expected a policy's name, or an object with its type and options"]),
      (#""policy": "fifa""#, [#"1:12: policy: found "fifa", expected fifo, cost_aware, scheduler_tick"#]),
      (
        #""policy": {"type": "round_robin"}"#,
        [#"1:21: policy.type: found "round_robin", expected fifo, cost_aware, scheduler_tick"#]
      ),
      (
        #""policy": {"type": "fifo", "min_active_secs": "5"}"#,
        [#"1:48: policy.min_active_secs: found "5", expected a number"#]
      ),
      (
        #""policy": {"type": "fifo", "min_active_secs": -5}"#,
        ["1:48: policy.min_active_secs: found -5.0, expected 0.0 to 86400.0"]
      ),
      (
        #""policy": {"type": "fifo", "policy_type": "fifo"}"#,
        ["1:44: policy.policy_type: found beside policy.type, expected one of the two"]
      ),
      (
        #""checkpoint": {"images_dir": ""}"#,
        [#"1:31: checkpoint.images_dir: found "", expected a string that is not empty"#]
      ),
      (#""checkpoint": {"criu": "x"}"#, ["1:17: checkpoint.criu: unknown key, did you mean criu_path?"]),
    ] as [(String, [String])])
  func `what is wrong at the top level`(members: String, faults: [String]) {
    let text = "{\(members), \"models\": {\"m\": {\"url\": \"http://h\"}}}"
    #expect(ConfigurationText(text).faults() == faults.map { "config.json:\($0)" })
  }

  @Test(
    arguments: [
      (
        #""port": 1"#,
        ["1:18: models.m.backend: missing, expected one, or a model_path, a command or a url to tell it by"]
      ),
      (
        #""command": ["a"], "model_path": "b", "port": 1"#,
        ["1:18: models.m.backend: missing, expected vllm or command, since there is a model_path and a command"]
      ),
      (
        #""backend": "vlm", "model_path": "b""#,
        [
          #"2:12: models.m.backend: found "vlm", expected command, attached, vllm, sglang, llama_cpp, ollama, hooks or "#
            + "hf_endpoint; did you mean vllm?"
        ]
      ),
      (
        #""command": []"#,
        [
          "1:18: models.m.port: missing, expected the port that the command listens on, or ${PORT} in the command",
          "2:12: models.m.command: missing, expected the program that serves the model and its arguments",
        ]
      ),
      (
        #""command": [""], "port": 0, "env": {"A": 1}"#,
        [
          "2:12: models.m.command: missing, expected the program that serves the model and its arguments",
          "2:26: models.m.port: found 0, expected a whole number from 1 to 65535",
          "2:42: models.m.env.A: found 1, expected a string",
        ]
      ),
      (
        #""command": [], "eviction": {"process": "checkpoint"}, "sleepEndpoints": [{"endpoint": "/s"}]"#,
        [
          "1:18: models.m.wake_endpoints: missing, expected at least one step beside sleep_endpoints",
          "1:18: models.m.port: missing, expected the port that the command listens on, or ${PORT} in the command",
          "2:12: models.m.command: missing, expected the program that serves the model and its arguments",
        ]
      ),
      (
        #""command": [], "port": "x", "eviction": "offload+keep_running", "wakeEndpoint": "/w""#,
        [
          "2:12: models.m.command: missing, expected the program that serves the model and its arguments",
          #"2:24: models.m.port: found "x", expected a whole number from 1 to 65535"#,
          "2:65: models.m.wakeEndpoint: was removed; use wake_endpoints, an array of "
            + #"{"endpoint", "method", "body", "timeout_secs"}, see docs/migration.md"#,
        ]
      ),
      (
        #""backend": "command", "command": ["${PROT}"]"#,
        [
          #"2:35: models.m.command[0]: found "${PROT}", expected ${env.NAME}, ${env.NAME:-default}, "#
            + "${PORT}, ${MODEL} or ${SWITCHER}; $${ stands for a literal ${"
        ]
      ),
      (
        #""command": [], "port": 1"#,
        [
          "2:12: models.m.command: missing, expected the program that serves the model and its arguments"
        ]
      ),
      (#""command": "serve", "port": 1"#, [#"2:12: models.m.command: found "serve", expected an array of strings"#]),
      (#""command": ["a", 1], "port": 1"#, ["2:18: models.m.command[1]: found 1, expected a string"]),
      (
        #""command": ["a"]"#,
        [
          "1:18: models.m.port: missing, expected the port that the command listens on, or ${PORT} in the command"
        ]
      ),
      (
        #""command": ["a"], "port": "x""#,
        [
          #"2:27: models.m.port: found "x", expected a whole number from 1 to 65535"#
        ]
      ),
      (
        #""backend": "attached""#,
        [
          "1:18: models.m.url: missing, expected the address of the server: http://HOST[:PORT][/PATH]"
        ]
      ),
      (
        #""url": "ftp://h""#,
        [#"2:8: models.m.url: found "ftp://h", expected http://HOST[:PORT][/PATH], or the same with https"#]
      ),
      (
        #""url": "http://h:0""#,
        [#"2:8: models.m.url: found "http://h:0", expected http://HOST[:PORT][/PATH], or the same with https"#]
      ),
      (
        #""url": "http://h/v1?x""#,
        [#"2:8: models.m.url: found "http://h/v1?x", expected http://HOST[:PORT][/PATH], or the same with https"#]
      ),
      (
        #""command": ["serve"], "url": "https://h""#,
        ["2:30: models.m.url: found https://h:443, expected http: TLS is for servers that somebody else runs"]
      ),
      (#""url": "http://h", "extra_args": []"#, ["2:34: models.m.extra_args: the attached backend has no use for it"]),
      (#""model_path": "x", "url": "http://h""#, ["2:27: models.m.url: the vllm backend has no use for it"]),
      (
        #""url": "http://h", "env": {"A=": "x"}"#,
        [
          "2:27: models.m.env: the attached backend has no use for it",
          "2:28: models.m.env.A=: expected the name of an environment variable",
        ]
      ),
      (
        #""url": "http://h", "aliases": ["a", 1, ""]"#,
        [
          "2:37: models.m.aliases[1]: found 1, expected a name",
          #"2:40: models.m.aliases[2]: found "", expected a name"#,
        ]
      ),
      (
        #""url": "http://h", "health_path": "health""#,
        [
          #"2:35: models.m.health_path: found "health", expected a path that begins with / and has neither spaces nor a fragment"#
        ]
      ),
      (
        #""url": "http://h", "max_queue": 0"#, ["2:33: models.m.max_queue: found 0, expected a whole number, 1 or more"]
      ),
      (
        #""url": "http://h", "idle_sleep_secs": true"#,
        [
          "2:39: models.m.idle_sleep_secs: found true, expected a number from 0 to 31536000"
        ]
      ),
      (
        #""url": "http://h", "fallback": "n""#,
        [
          #"2:32: models.m.fallback: found "n", expected the name of another model, did you mean m?"#
        ]
      ),
      (
        #""url": "http://h", "fallback": "m""#,
        [
          #"2:32: models.m.fallback: found "m", whose own fallback leads back to m"#
        ]
      ),
      (#""url": "http://h", "fall_back": "m""#, ["2:20: models.m.fall_back: unknown key, did you mean fallback?"]),
    ] as [(String, [String])])
  func `what is wrong with a model`(members: String, faults: [String]) {
    #expect(ConfigurationText(model: members).faults() == faults.map { "config.json:\($0)" })
  }

  @Test(arguments: [
    (#"7"#, #"found 7, expected {"weights": …, "process": …}, "weights+process" or a number from 1 to 5"#, ""),
    (
      #""stop""#, #"found "stop", expected {"weights": …, "process": …}, "weights+process" or a number from 1 to 5"#, ""
    ),
    (#"{"weights": "keep"}"#, #"found "keep", expected retain, offload or discard"#, ".weights"),
    (#"{"process": 1}"#, "found 1, expected keep_running, cuda_suspend, checkpoint or stop", ".process"),
    (#"{"proces": "stop"}"#, "unknown key, did you mean process?", ".proces"),
    ("6", #"found 6, expected {"weights": …, "process": …}, "weights+process" or a number from 1 to 5"#, ""),
  ])
  func `what is wrong with an eviction`(eviction: String, message: String, path: String) {
    let faults = ConfigurationText(model: "\"model_path\": \"x\",\n\"eviction\": \(eviction)").faults()
    #expect(faults.count == 1)
    #expect(faults.first?.hasPrefix("config.json:3:") == true)
    #expect(faults.first?.hasSuffix(" models.m.eviction\(path): \(message)") == true, "\(faults)")
  }

  @Test func `a model that shares the GPU may not keep it`() {
    let text = """
      {"models": {
        "a": {"model_path": "p", "eviction": "retain+keep_running"},
        "b": {"command": ["c"], "port": 1, "eviction": {"process": "keep_running"}},
        "c": {"url": "http://h"}, "d": {"url": "http://i"}}}
      """
    let reason = "found retain+keep_running, which leaves the GPU's memory full, expected one that frees it: "
    #expect(
      ConfigurationText(text).faults() == [
        "config.json:2:40: models.a.eviction: \(reason)the model shares the GPU with b",
        "config.json:3:50: models.b.eviction: \(reason)the model shares the GPU with a",
      ])
  }

  @Test(arguments: [
    #"{"a": {"model_path": "p", "eviction": "retain+keep_running"}}"#,
    #"{"a": {"model_path": "p", "eviction": "retain+keep_running"}, "b": {"url": "http://h"}}"#,
    #"{"a": {"url": "http://h"}, "b": {"url": "http://i"}}"#,
  ])
  func `a model that has the GPU for itself may keep it`(models: String) {
    #expect(ConfigurationText("{\"models\": \(models)}").faults() == [])
  }

  @Test func `all faults are told at once, in the order of the file`() {
    let text = """
      {
        "lisen": "127.0.0.1:0",
        "policy": { "type": "fifo", "max_wait": 3 },
        "models": {
          "phi-4": {
            "command": ["serve", "${PROT}"],
            "port": 8001,
            "sleep_endpoints": [{ "endpoint": "/sleep?level=2" }],
            "wake_endpoints": [{ "endpoint": "/wake_up" }, { "endpoint": "/x", "method": "FETCH" }]
          },
          "qwen": { "url": "http://127.0.0.1:8001", "aliases": ["phi-4"], "fallback": "ph-4" }
        }
      }
      """
    #expect(
      ConfigurationText(text).faults() == [
        "config.json:2:3: lisen: unknown key, did you mean listen?",
        "config.json:3:43: policy.max_wait: no policy has this option; there are amortization_factor, "
          + "coalesce_window_ms, max_wait_secs, min_active_secs, slots, tick_interval_ms",
        #"config.json:6:28: models.phi-4.command[1]: found "${PROT}", expected ${env.NAME}, ${env.NAME:-default}, "#
          + "${PORT}, ${MODEL} or ${SWITCHER}; $${ stands for a literal ${",
        #"config.json:9:84: models.phi-4.wake_endpoints[1].method: found "FETCH", expected GET, POST, PUT or PATCH"#,
        #"config.json:11:59: models.qwen.aliases[0]: the name "phi-4" is used already by models.phi-4, line 5"#,
        #"config.json:11:81: models.qwen.fallback: found "ph-4", expected the name of another model, did you mean phi-4?"#,
      ])
  }

  @Test func `a clash is reported at the later of the two and names the earlier`() {
    let text = """
      {"port": 9000, "metrics_port": 9001, "models": {
      "a": {"aliases": ["x", "c"], "command": ["s"], "port": 9000},
      "b": {"aliases": ["x", "a", "b"], "command": ["s"], "port": 9002},
      "c": {"command": ["s"], "port": 9002},
      "d": {"command": ["s"], "port": 9001}}}
      """
    #expect(
      ConfigurationText(text).faults() == [
        "config.json:2:56: models.a.port: port 9000 is used already by port, line 1",
        #"config.json:3:19: models.b.aliases[0]: the name "x" is used already by models.a.aliases[0], line 2"#,
        #"config.json:3:24: models.b.aliases[1]: the name "a" is used already by models.a, line 2"#,
        #"config.json:3:29: models.b.aliases[2]: the name "b" is used already by models.b, line 3"#,
        #"config.json:4:1: models.c: the name "c" is used already by models.a.aliases[1], line 2"#,
        "config.json:4:33: models.c.port: port 9002 is used already by models.b.port, line 3",
        "config.json:5:33: models.d.port: port 9001 is used already by metrics_port, line 1",
      ])
  }

  @Test func `fallbacks that lead in a circle are refused`() {
    let text = """
      {"models": {"a": {"url": "http://h", "fallback": "b"},
      "b": {"url": "http://h", "fallback": "c"},
      "c": {"url": "http://h", "fallback": "a"}}}
      """
    #expect(
      ConfigurationText(text).faults() == [
        #"config.json:3:38: models.c.fallback: found "a", whose own fallback leads back to c"#
      ])
  }

  @Test func `what flags and variables say is judged under their names, beside the file`() {
    let text = #"{"listen": "x", "models": {"a": {"command": ["s"], "port": 7000}}}"#
    #expect(
      ConfigurationText(text, environment: ["SWITCHER_LISTEN": "y"]).faults() == [
        #"SWITCHER_LISTEN: found "y", expected HOST:PORT"#, #"config.json:1:12: listen: found "x", expected HOST:PORT"#,
      ])
    let valid = text.replacing(#""listen": "x", "#, with: "")
    #expect(
      ConfigurationText(valid, flags: ["--listen": "127.0.0.1:7000"]).faults() == [
        "config.json:1:45: models.a.port: port 7000 is used already by --listen"
      ])
    #expect(
      ConfigurationText(valid, flags: ["--admin-listen": "[::]:7001"]).faults() == [
        #"--admin-listen: found "[::]:7001" and no admin_token, expected a token or a loopback address for the admin routes"#
      ])
    #expect(
      ConfigurationText(valid, environment: ["SWITCHER_ADMIN_TOKEN": "t"], flags: ["--admin-listen": "[::]:7001"])
        .faults() == [])
  }

  @Test func `a secret is not repeated in a fault`() {
    let text = ConfigurationText(
      #"{"listen": "${env.HF_TOKEN}", "models": {"a": {"url": "http://h"}}}"#, environment: ["HF_TOKEN": "hf_secret"])
    #expect(text.faults() == [#"config.json:1:12: listen: found "***", expected HOST:PORT"#])
  }

  @Test func `a file that can't be read is a fault of its own`() {
    let loader = ConfigurationLoader(
      environment: [:], executable: "", ports: FreePorts(), overrides: Overrides())
    for (path, reason) in [("/nowhere/config.json", "No such file or directory"), ("/", "Is a directory")] {
      #expect {
        try loader.load(from: path)
      } throws: { error in
        (error as? ConfigurationFaults)?.description == "\(path): can't be read: \(reason)"
      }
    }
  }
}
