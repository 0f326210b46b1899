import Backends
import Switcher
import Testing

@testable import Server

struct ConfigurationPrinterTests {
  private let text = """
    {"listen": "127.0.0.1:0", "metrics": {"pair_detail": "folded", "max_series": 500}, "policy": {"type": "cost_aware", "max_wait_secs": 2.5}, "defaults": {"idle_sleep_secs": 5},
     "default_model": "z", "default_model_after_secs": 7,
     "checkpoint": {"criu_path": "/c", "cuda_plugin_dir": "/p", "images_dir": "/i", "cuda_checkpoint_path": "/cc", "keep_images": false},
     "models": {
      "a": {"model_path": "p", "port": 7001, "extra_args": ["--x", "$${y}"], "aliases": ["z"], "fallback": "b", "checkpoint_path": "/images/a"},
      "b": {"command": ["s", "${PORT}"], "port": 7002, "env": {"E": "v"}, "max_queue": 3, "warmup": true,
            "sleep_endpoints": [{"endpoint": "/s", "body": "x", "retries": 1, "timeout_secs": 0.5}],
            "wake_endpoints": [{"endpoint": "/w", "method": "GET", "expect_body": "${MODEL}"},
              {"parallel": [{"endpoint": "/x"}, {"endpoint": "/y", "retries": 2}]},
              {"endpoint": "/z", "health_check_after": true}]},
      "c": {"url": "http://h/base", "max_in_flight": 2, "upstream_model": "u", "preload": true, "min_sleep_secs": 9, "drain_timeout_secs": 8, "breaker_failures": 4}}}
    """

  @Test func `what is printed loads to the same configuration`() throws {
    let configuration = try ConfigurationText(text).load()
    let again = try ConfigurationText(configuration.printed()).load()
    #expect(again.models == configuration.models)
    #expect(again.policy == configuration.policy)
    #expect(again.checkpoint == configuration.checkpoint)
    #expect(configuration.checkpoint.criu == "/c" && !configuration.checkpoint.keepsImages)
    #expect(again.metrics == MetricsSettings(pairDetail: .folded, maxSeries: 500))
    #expect(again.listen == configuration.listen)
    #expect(again.printed() == configuration.printed())
  }

  @Test func `secrets are masked wherever they stand`() throws {
    let text = """
      {"admin_token": "tok3n", "models": {
        "a": {"model_path": "p", "port": 7001, "extra_args": [
          "--api-key", "k1", "--hf-token=hf_2222", "--max-tokens", "99"]},
        "b": {"command": ["s", "--auth", "Bearer ${env.DEMO_SECRET}"], "port": 7002,
              "env": {"HF_TOKEN": "hf_3", "OPENAI_API_KEY": "sk-4", "TOKENIZERS_PARALLELISM": "false"}}}}
      """
    let printed = try ConfigurationText(text, environment: ["DEMO_SECRET": "d3m0-secret"]).load().printed()
    for secret in ["tok3n", "k1", "hf_2222", "hf_3", "sk-4", "d3m0"] {
      #expect(!printed.contains(secret), "\(printed)")
    }
    for plain in [#""***""#, #""--hf-token=***""#, #""Bearer ***""#, #""99""#, #""false""#] {
      #expect(printed.contains(plain), "\(printed)")
    }
  }
}
