import Switcher
import Testing

@testable import Server

/// What a configuration says of the GPU while nobody waits.
struct IdleGPUConfigurationTests {
  @Test func `what the GPU is for while nobody waits is told to the models that it is about`() throws {
    let configuration = try ConfigurationText(
      """
      {"default_model": "alias", "defaults": {"min_sleep_secs": 3, "breaker_failures": 5}, "models": {
        "a": {"url": "http://h", "aliases": ["alias"], "preload": true},
        "b": {"url": "http://h", "min_sleep_secs": 0, "request_timeout_secs": 3},
        "c": {"url": "http://h", "request_timeout_secs": 3}}}
      """
    ).load()
    #expect(
      configuration.models.map(\.limits) == [
        ModelLimits(minSleep: .seconds(3), returnDelay: .seconds(60), breakerFailures: 5),
        ModelLimits(breakerFailures: 5), ModelLimits(minSleep: .seconds(3), breakerFailures: 5),
      ])
    #expect(configuration.models.map(\.preloads) == [true, false, false])
    #expect(configuration.warnings.map(\.path) == ["models.c"])
  }

  @Test(
    arguments: [
      (#""default_model": "n""#, [#"1:19: default_model: found "n", expected the name of a model, did you mean m?"#]),
      (
        #""default_model_after_secs": 5"#,
        ["1:30: default_model_after_secs: found without a default_model, expected one beside it"]
      ),
      (
        #""default_model": "m", "default_model_after_secs": 0"#,
        ["1:52: default_model_after_secs: found 0, expected a number from 0.001 to 31536000"]
      ),
    ] as [(String, [String])])
  func `what is wrong with the default model`(members: String, faults: [String]) {
    let text = "{\(members), \"models\": {\"m\": {\"url\": \"http://h\"}}}"
    #expect(ConfigurationText(text).faults() == faults.map { "config.json:\($0)" })
  }

  @Test func `one model at the most is there from the start`() {
    let text = """
      {"models": {
        "a": {"url": "http://h", "preload": true}, "b": {"url": "http://h", "preload": false},
        "c": {"url": "http://h", "preload": true}}}
      """
    #expect(
      ConfigurationText(text).faults() == [
        "config.json:3:39: models.c.preload: found true, expected it of one model at the most: a is preloaded already"
      ])
  }
}
