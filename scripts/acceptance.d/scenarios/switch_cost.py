"""What a switch costs beyond what the engines themselves take to sleep and to wake."""

import statistics
import time

import client
from checks import Checks, scenario
from configs import config, stub
from daemon import Daemon

SWITCHES = 21
SLEEP, WAKE = 0.20, 0.30
ALLOWED_MS = 10


@scenario
def a_switch_costs_what_the_engines_take_and_at_most_10_ms_more(check: Checks):
    flags = ["--sleep-secs", str(SLEEP), "--wake-secs", str(WAKE), "--token-ms", "0"]
    models = {"alpha": stub(*flags, keep="offload"), "bravo": stub(*flags, keep="offload")}
    with Daemon("switch-cost", config(models, policy={"type": "fifo", "min_active_secs": 0})) as daemon:
        for model in ("alpha", "bravo"):
            client.chat(daemon.listen, model, max_tokens=1)

        seen_by_clients, measured = [], []
        for number in range(SWITCHES):
            model = ("alpha", "bravo")[number % 2]
            before = phases(daemon)
            cost = timed(daemon, model)
            measured.append(phases(daemon) - before - SLEEP - WAKE)
            # The same request without a switch, so that what is left is the switch alone.
            seen_by_clients.append(cost - timed(daemon, model) - SLEEP - WAKE)

        own = statistics.median(measured) * 1000
        check.at_most("the phases in the metrics, median", own, ALLOWED_MS, "ms")
        check("they are not less than the engines' own time", own > -1, f"{own} ms")
        check.at_most("what a client waits, median", statistics.median(seen_by_clients) * 1000, ALLOWED_MS, "ms")


def phases(daemon: Daemon) -> float:
    return daemon.scrape().sum("switcher_switch_phase_seconds_sum")


def timed(daemon: Daemon, model: str) -> float:
    began = time.monotonic()
    client.chat(daemon.listen, model, max_tokens=1)
    return time.monotonic() - began
