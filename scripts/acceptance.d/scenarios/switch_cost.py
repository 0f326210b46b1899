"""What a switch costs beyond what the engines themselves take to sleep and to wake."""

import statistics
import time

import client
from checks import Checks, scenario
from configs import config, free_port, stub
from daemon import Daemon
from scenarios.strangers import stranger

SWITCHES = 21
# What a sleep and a wake take an engine, at the least.
ENGINE_SECONDS = 0.5
FLAGS = ["--sleep-secs", "0.20", "--wake-secs", "0.30", "--token-ms", "0"]
ALLOWED_MS = 10
# A request passes between the daemon and an engine once, a switch some times.
ALLOWED_REQUESTS = 6


@scenario
def a_switch_costs_what_the_engines_take_and_milliseconds_more(check: Checks):
    """An engine without a daemon tells what they take, on this machine and as busy as it is now."""
    models = {model: stub(*FLAGS, keep="offload") for model in ("alpha", "bravo")}
    engine = client.Address("127.0.0.1", free_port())
    fifo = {"type": "fifo", "min_active_secs": 0}
    with stranger(engine.port, *FLAGS), Daemon("switch-cost", config(models, policy=fifo)) as daemon:
        for model in models:
            client.chat(daemon.listen, model, max_tokens=1)

        engines_took, phases_took, clients_waited, requests_took = [], [], [], []
        for number in range(SWITCHES):
            model = list(models)[number % 2]
            engines_took.append(timed(client.post, engine, "/sleep?level=1") + timed(client.post, engine, "/wake_up"))
            before = phases(daemon)
            cost = timed(client.chat, daemon.listen, model, max_tokens=1)
            phases_took.append(phases(daemon) - before)
            # The same request without a switch, so that what is left is the switch alone.
            requests_took.append(timed(client.chat, daemon.listen, model, max_tokens=1))
            clients_waited.append(cost - requests_took[-1])

        shortest = min(phases_took)
        check("the phases have all of what the engines take in them", shortest >= ENGINE_SECONDS, shortest)
        allowed = max(ALLOWED_MS, ALLOWED_REQUESTS * statistics.median(requests_took) * 1000)
        for what, took in [("the phases in the metrics", phases_took), ("what a client waits", clients_waited)]:
            beyond = lower_quartile(took) - lower_quartile(engines_took)
            check.at_most(f"{what}, lower quartile", beyond * 1000, allowed, "ms")


def lower_quartile(seconds: list[float]) -> float:
    """Of what is measured on a machine that has other things to do: they only ever add to it."""
    return statistics.quantiles(seconds)[0]


def phases(daemon: Daemon) -> float:
    return daemon.scrape().sum("switcher_switch_phase_seconds_sum")


def timed(ask, *arguments, **options) -> float:
    """Seconds."""
    began = time.monotonic()
    ask(*arguments, **options)
    return time.monotonic() - began
