"""What a scraper sees."""

import subprocess
import time

import client
import workspace
from checks import Checks, Missing, scenario
from configs import config, gated_stub, stub
from daemon import Daemon
from exposition import Exposition
from waiting import eventually

FAMILIES = [
    "switcher_gpu_seconds", "switcher_switches", "switcher_switch_triggers", "switcher_switch_failures",
    "switcher_switch_phase_seconds", "switcher_switch_total_seconds", "switcher_model_wake_seconds",
    "switcher_control_step_seconds", "switcher_switch_phase", "switcher_switch_cost_seconds", "switcher_model_state",
    "switcher_active_model", "switcher_model_pinned", "switcher_mode", "switcher_mode_changed_timestamp_seconds",
    "switcher_policy_info", "switcher_policy_decisions", "switcher_policy_starved_requests",
    "switcher_scheduler_last_tick_timestamp_seconds", "switcher_requests", "switcher_requests_in_flight",
    "switcher_queue_depth", "switcher_queue_oldest_wait_seconds", "switcher_queue_limit",
    "switcher_request_queue_wait_seconds", "switcher_request_duration_seconds", "switcher_upstream_up",
    "switcher_upstream_restarts", "switcher_config_reloads", "switcher_config_last_reload_successful",
    "switcher_config_last_reload_success_timestamp_seconds", "switcher_config_models", "switcher_build_info",
    "switcher_model_info", "switcher_metrics_series", "switcher_metrics_dropped_series",
    "switcher_metrics_render_seconds", "process_cpu_seconds", "process_resident_memory_bytes",
    "process_virtual_memory_bytes", "process_open_fds", "process_max_fds", "process_start_time_seconds",
]  # fmt: skip

# Whatever a configuration may call a model; some are what the metrics themselves use as values of labels.
HOSTILE = ["none", "*", "_other", 'a",b="c"}', "back\\slash\\", "two words", "模型-é", '{le="1"} 2']

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


def three_models() -> Daemon:
    models = {"alpha": stub(keep="offload"), "bravo": stub(keep="discard"), 'char"lie\\': stub()}
    return Daemon("metrics", config(models, policy={"type": "fifo", "min_active_secs": 0}))


@scenario
def every_parser_reads_the_metrics(check: Checks):
    with three_models() as daemon:
        for model in ["alpha", "bravo", 'char"lie\\', "alpha"]:
            check.equal(f"{model} answers", client.chat(daemon.listen, model).status, 200)
        client.chat(daemon.listen, "nobody")
        every_parser_reads(check, daemon)
        check("unknown models are no labels", "nobody" not in daemon.scrape().text, "found nobody")
        head = client.request(daemon.admin, "HEAD", "/metrics")
        check.equal("HEAD is answered", (head.status, head.body), (200, b""))
        answer = client.get(daemon.admin, "/metrics", headers={"Accept": "image/png"})
        check.equal("no wish is refused", answer.status, 200)


@scenario
def names_of_models_break_no_line_of_the_metrics(check: Checks):
    models = {name: stub() for name in HOSTILE}
    with Daemon("metrics-names", config(models, policy={"type": "fifo", "min_active_secs": 0})) as daemon:
        for name in HOSTILE[:4]:
            check.equal(f"{name} answers", client.chat(daemon.listen, name).status, 200)
        every_parser_reads(check, daemon)


def every_parser_reads(check: Checks, daemon: Daemon):
    promtool = workspace.tool("promtool", "prometheus")
    answer = client.get(daemon.admin, "/metrics")
    check.contains("the text format is said", answer.headers.get("content-type", ""), "text/plain", "version=0.0.4")
    result = subprocess.run([promtool, "check", "metrics"], input=answer.body, capture_output=True)
    said = (result.stdout + result.stderr).decode()
    check("promtool finds no fault", result.returncode == 0 and not said, f"{result.returncode}: {said}")
    check.equal("no series is there twice", Exposition(answer.text).duplicates(), [])
    read_by_prometheus_client(check, answer.text, openmetrics=False)

    answer = client.get(daemon.admin, "/metrics", headers={"Accept": OPENMETRICS})
    check.contains("OpenMetrics is spoken when asked for", answer.headers.get("content-type", ""), "openmetrics-text")
    read_by_prometheus_client(check, answer.text, openmetrics=True)


def read_by_prometheus_client(check: Checks, text: str, openmetrics: bool):
    try:
        from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
        from prometheus_client.parser import text_string_to_metric_families as parse_text
    except ImportError as error:
        raise Missing(f"prometheus-client is not installed: {error}")
    form = "OpenMetrics" if openmetrics else "text"
    try:
        families = {family.name for family in (parse_openmetrics if openmetrics else parse_text)(text)}
    except ValueError as error:
        check(f"prometheus-client reads the {form} format", False, error)
        return
    check(f"prometheus-client reads the {form} format", True)
    absent = [name for name in FAMILIES if name not in families]
    check(f"every family is there in the {form} format", not absent, f"absent: {absent}")


@scenario
def a_switch_shows_in_the_metrics_from_where_to_where(check: Checks):
    with three_models() as daemon:
        for model in ["alpha", "bravo", "alpha"]:
            client.chat(daemon.listen, model)

        # A request is counted when its last byte is out, which its client may see first.
        def counts() -> list[float]:
            scrape = daemon.scrape()
            names = ("requests_total", "request_duration_seconds_count", "request_queue_wait_seconds_count")
            return [scrape.sum(f"switcher_{name}", model="alpha") for name in names]

        check.becomes("alpha's requests are counted and measured, and so are their waits", counts, [2, 2, 2])
        scrape = daemon.scrape()
        for source, target, count in [("none", "alpha", 1), ("alpha", "bravo", 1), ("bravo", "alpha", 1)]:
            way = {"from": source, "to": target}
            switches = scrape.sum("switcher_switches_total", outcome="success", **way)
            check.equal(f"switches from {source} to {target}", switches, count)
            wakes = scrape.sum("switcher_switch_phase_seconds_count", phase="wake", **way)
            check.equal(f"wakes from {source} to {target}", wakes, count)
            check.equal(
                f"totals from {source} to {target}", scrape.sum("switcher_switch_total_seconds_count", **way), count
            )
            if source != "none":
                sleeps = scrape.sum("switcher_switch_phase_seconds_count", phase="sleep", **way)
                check.equal(f"sleeps from {source} to {target}", sleeps, count)
        unseen = {"from": "bravo", "to": 'char\\"lie\\\\', "outcome": "failed"}
        values = [value for _, value in scrape.series("switcher_switches_total", **unseen)]
        check.equal("one that did not happen is there as 0", values, [0])
        check.equal("alpha is active", scrape.sum("switcher_active_model", model="alpha"), 1)
        check.equal("and only alpha", scrape.sum("switcher_active_model"), 1)
        check.equal("its state says so", scrape.sum("switcher_model_state", model="alpha", state="active"), 1)
        check.equal("bravo is asleep", scrape.sum("switcher_model_state", model="bravo", state="asleep"), 1)
        check.equal("the mode is auto", scrape.sum("switcher_mode", mode="auto"), 1)


class GPUSeconds:
    """The sum of the GPU's time at some instant between when it was asked for and when it was there."""

    def __init__(self, daemon: Daemon):
        self.asked = time.monotonic()
        self.scrape = daemon.scrape()
        self.there = time.monotonic()
        self.sum = self.scrape.sum("switcher_gpu_seconds_total")

    def unlike_wall_time_since(self, before: "GPUSeconds") -> str | None:
        """What was spent, where it can't be what went by."""
        spent, least, most = self.sum - before.sum, self.asked - before.there, self.there - before.asked
        return None if least <= spent <= most else f"{spent} s, not {least} to {most}"


@scenario
def the_gpu_time_sums_up_to_the_wall_time_also_during_a_switch(check: Checks):
    models = {"alpha": stub(), "bravo": gated_stub("gate")}
    with Daemon("gpu-time", config(models, policy={"type": "fifo", "min_active_secs": 0})) as daemon:
        client.chat(daemon.listen, "alpha")
        before = GPUSeconds(daemon)
        sent = client.Sent(daemon.listen, "bravo")

        def waking() -> float:
            return daemon.scrape().sum("switcher_gpu_seconds_total", model="bravo", state="waking")

        check("a wake counts while it lasts", eventually(lambda: waking() > 0.5, "bravo's time of waking"))
        after = GPUSeconds(daemon)
        check.equal("in the middle of it no time is missing", after.unlike_wall_time_since(before), None)
        check.equal("who waits is shown", after.scrape.sum("switcher_queue_depth", model="bravo"), 1)
        (daemon.directory / "gate").touch()
        check.equal("the answer comes", sent.answer().status, 200)


@scenario
def the_gpu_time_sums_up_to_the_wall_time_whatever_happens(check: Checks):
    models = {"alpha": stub(keep="offload"), "bravo": stub("--fail", "wake", keep="offload"), "charlie": stub()}
    with Daemon("gpu-sum", config(models, policy={"type": "fifo", "min_active_secs": 0})) as daemon:
        before = GPUSeconds(daemon)
        for model in ["alpha", "bravo", "charlie", "bravo", "alpha", "bravo"]:
            client.chat(daemon.listen, model)
        daemon.control("sleep", model="alpha")
        check.equal("no time is missing or there twice", GPUSeconds(daemon).unlike_wall_time_since(before), None)


@scenario
def a_failure_is_counted_and_leaves_no_gauge_behind(check: Checks):
    models = {"alpha": stub(keep="offload"), "bravo": stub("--fail", "start")}
    with Daemon("metrics-failure", config(models, policy={"type": "fifo", "min_active_secs": 0})) as daemon:
        client.chat(daemon.listen, "alpha")
        check.equal("bravo can't be had", client.chat(daemon.listen, "bravo").status, 503)
        eventually(lambda: daemon.scrape().sum("switcher_switch_phase", phase="none"), "the end of the switch")
        scrape = daemon.scrape()
        failed = scrape.sum("switcher_switch_failures_total", to="bravo", phase="wake", reason="died")
        check.equal("the failure has its phase and its reason", failed, 1)
        check.equal("and is the only one", scrape.sum("switcher_switch_failures_total"), 1)
        check.equal("nobody is active", scrape.sum("switcher_active_model"), 0)
        check.equal("bravo has failed", scrape.sum("switcher_model_state", model="bravo", state="failed"), 1)
        check.equal("alpha's process lives on", scrape.sum("switcher_upstream_up", model="alpha"), 1)
        check.equal("bravo's does not", scrape.sum("switcher_upstream_up", model="bravo"), 0)

        client.chat(daemon.listen, "alpha")
        wakes = daemon.scrape().series("switcher_model_wake_seconds_count")
        counted = {(labels["model"], labels["kind"]): value for labels, value in wakes if value}
        check.equal("wakes are told apart", counted, {("alpha", "cold_start"): 1, ("alpha", "wake_l1"): 1})
        steps = daemon.scrape().sum("switcher_control_step_seconds_count", model="alpha", step="1")
        check.equal("so are their steps", steps, 2)

        daemon.engine("alpha").kill()
        eventually(lambda: daemon.model_state("alpha") == "stopped", "alpha's death")
        client.chat(daemon.listen, "alpha")
        check.equal("a restart is counted", daemon.scrape().sum("switcher_upstream_restarts_total", model="alpha"), 1)

        daemon.control("mode", mode="manual")
        client.chat(daemon.listen, "bravo")
        denied = daemon.scrape().sum("switcher_policy_decisions_total", decision="deny", reason="manual_mode")
        check.equal("what manual mode denies is counted", denied, 1)

        (daemon.directory / "config.json").write_text("{")
        check.equal("a faulty configuration is refused", daemon.control("reload").status, 400)
        scrape = daemon.scrape()
        check.equal("and counted", scrape.sum("switcher_config_reloads_total", outcome="failure"), 1)
        check.equal("the last one did not succeed", scrape.sum("switcher_config_last_reload_successful"), 0)
        check.equal("the models are those of the old one", scrape.sum("switcher_config_models"), 2)
