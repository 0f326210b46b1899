"""What a scraper sees."""

import subprocess
import time

import client
import workspace
from checks import Checks, Missing, scenario
from configs import config, stub
from daemon import Daemon
from exposition import Exposition
from waiting import eventually

FAMILIES = [
    "switcher_switch_phase_seconds", "switcher_switch_total_seconds", "switcher_switches", "switcher_gpu_seconds",
    "switcher_requests", "switcher_requests_in_flight", "switcher_queue_depth", "switcher_request_queue_wait_seconds",
    "switcher_request_duration_seconds", "switcher_active_model", "switcher_mode", "switcher_model_state",
    "switcher_build_info", "process_cpu_seconds", "process_resident_memory_bytes", "process_open_fds",
    "process_start_time_seconds",
]  # fmt: skip

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


def three_models() -> Daemon:
    models = {"alpha": stub(keep="offload"), "bravo": stub(keep="discard"), 'char"lie\\': stub()}
    return Daemon("metrics", config(models, policy={"type": "fifo", "min_active_secs": 0}))


@scenario
def every_parser_reads_the_metrics(check: Checks):
    promtool = workspace.tool("promtool", "prometheus")
    with three_models() as daemon:
        for model in ["alpha", "bravo", 'char"lie\\', "alpha"]:
            check.equal(f"{model} answers", client.chat(daemon.listen, model).status, 200)
        client.chat(daemon.listen, "nobody")
        answer = client.get(daemon.admin, "/metrics")
        check.contains("the text format is said", answer.headers.get("content-type", ""), "text/plain", "version=0.0.4")
        result = subprocess.run([promtool, "check", "metrics"], input=answer.body, capture_output=True)
        said = (result.stdout + result.stderr).decode()
        check("promtool finds no fault", result.returncode == 0 and not said, f"{result.returncode}: {said}")

        text = Exposition(answer.text)
        check.equal("no series is there twice", text.duplicates(), [])
        check("unknown models are no labels", "nobody" not in answer.text, "found nobody")
        read_by_prometheus_client(check, answer.text, openmetrics=False)

        answer = client.get(daemon.admin, "/metrics", headers={"Accept": OPENMETRICS})
        check.contains(
            "OpenMetrics is spoken when asked for", answer.headers.get("content-type", ""), "openmetrics-text"
        )
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
        daemon.status_at_rest()
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
        success = scrape.sum("switcher_requests_total", model="alpha", outcome="success")
        check.equal("alpha's requests are counted", success, 2)
        check.equal("and measured", scrape.sum("switcher_request_duration_seconds_count", model="alpha"), 2)
        check.equal("and their waits", scrape.sum("switcher_request_queue_wait_seconds_count", model="alpha"), 2)


@scenario
def the_gpu_time_sums_up_to_the_wall_time_also_during_a_switch(check: Checks):
    models = {"alpha": stub(), "bravo": stub("--start-secs", "1.5")}
    with Daemon("gpu-time", config(models, policy={"type": "fifo", "min_active_secs": 0})) as daemon:
        client.chat(daemon.listen, "alpha")
        began, before = time.monotonic(), daemon.scrape()
        sent = client.Sent(daemon.listen, "bravo")

        def waking() -> float:
            return daemon.scrape().sum("switcher_gpu_seconds_total", model="bravo", state="waking")

        check("a wake counts while it lasts", eventually(lambda: waking() > 0.5, "bravo's time of waking", within=1.4))
        ended, after = time.monotonic(), daemon.scrape()
        spent = after.sum("switcher_gpu_seconds_total") - before.sum("switcher_gpu_seconds_total")
        check.at_most("in the middle of it no time is missing", abs(spent - (ended - began)), 0.05)
        check.equal("who waits is shown", after.sum("switcher_queue_depth", model="bravo"), 1)
        check.equal("the answer comes", sent.answer().status, 200)
