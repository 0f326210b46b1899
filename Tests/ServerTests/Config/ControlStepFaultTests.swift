import Testing

@testable import Server

/// What is wrong with the steps by which a server is put to sleep and woken.
struct ControlStepFaultTests {
  @Test(
    arguments: [
      (
        #"[{"endpoint": "/sleep", "method": "FETCH"}]"#,
        [#"3:54: models.m.sleep_endpoints[0].method: found "FETCH", expected GET, POST, PUT or PATCH"#]
      ),
      (
        #"[{"endpoint": "/sleep"}, {"methd": "GET"}]"#,
        [
          "3:45: models.m.sleep_endpoints[1].endpoint: missing, expected a path that begins with /",
          "3:46: models.m.sleep_endpoints[1].methd: unknown key, did you mean method?",
        ]
      ),
      (
        #"[{"endpoint": "sleep"}]"#,
        [
          #"3:34: models.m.sleep_endpoints[0].endpoint: found "sleep", expected a path that begins with / and has neither spaces nor a fragment"#
        ]
      ),
      (
        #"[{"endpoint": "/s", "timeout": -1}]"#,
        [
          "3:51: models.m.sleep_endpoints[0].timeout: found -1, expected a number from 0 to 31536000"
        ]
      ),
      (
        #"[{"endpoint": "/s", "timeout": 1, "timeout_secs": 1}]"#,
        [
          "3:70: models.m.sleep_endpoints[0].timeout_secs: found beside models.m.sleep_endpoints[0].timeout, expected one of the two"
        ]
      ),
      (
        #"[{"endpoint": "/s", "retries": 1.5}]"#,
        [
          "3:51: models.m.sleep_endpoints[0].retries: found 1.5, expected a whole number from 0 to 1000"
        ]
      ),
      (
        #"[{"parallel": [], "retries": 1}]"#,
        [
          "3:34: models.m.sleep_endpoints[0].parallel: found none, expected at least one step",
          "3:38: models.m.sleep_endpoints[0].retries: unknown key",
        ]
      ),
      (
        #"[{"parallel": [{"endpoint": "/s"}, {"parallel": []}]}]"#,
        [
          "3:55: models.m.sleep_endpoints[0].parallel[1].endpoint: missing, expected a path that begins with /",
          "3:56: models.m.sleep_endpoints[0].parallel[1].parallel: unknown key",
        ]
      ),
      (
        #"[{"endpoint": "/s", "health_check_after": "/health"}]"#,
        [#"3:62: models.m.sleep_endpoints[0].health_check_after: found "/health", expected true or false"#]
      ),
      (#"{"endpoint": "/s"}"#, ["3:20: models.m.sleep_endpoints: found an object, expected an array of steps"]),
      (#"["/s"]"#, [#"3:21: models.m.sleep_endpoints[0]: found "/s", expected an object"#]),
      ("[]", ["3:20: models.m.sleep_endpoints: missing, expected at least one step beside wake_endpoints"]),
      ("null", ["3:20: models.m.sleep_endpoints: missing, expected at least one step beside wake_endpoints"]),
    ] as [(String, [String])])
  func `what is wrong with the steps of going to sleep`(steps: String, faults: [String]) {
    let model = "\"url\": \"http://h\", \"wake_endpoints\": [{\"endpoint\": \"/w\"}],\n\"sleep_endpoints\": \(steps)"
    #expect(ConfigurationText(model: model).faults() == faults.map { "config.json:\($0)" })
  }

  @Test(arguments: [
    "sleepEndpoint", "sleep_method", "sleepBody", "sleep_timeout", "wakeEndpoint", "wake_method", "wakeBody",
    "wakeTimeout",
  ])
  func `a removed single-endpoint key names the new form and where to read on`(key: String) {
    let array = key.hasPrefix("sleep") ? "sleep_endpoints" : "wake_endpoints"
    #expect(
      ConfigurationText(model: "\"url\": \"http://h\", \"\(key)\": \"/x\"").faults() == [
        "config.json:2:20: models.m.\(key): was removed; use \(array), an array of "
          + #"{"endpoint", "method", "body", "timeout_secs"}, see docs/migration.md"#
      ])
  }
}
