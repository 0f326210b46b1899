"""What happens while nobody waits: a model that is there from the start, one that the GPU returns to, sleep that is not cut
short, and else nothing at all."""

import time

import client
from checks import Checks, scenario
from configs import config, stub
from daemon import Daemon
from waiting import eventually

FIFO = {"type": "fifo", "min_active_secs": 0}


def switches(daemon: Daemon) -> list[tuple]:
    """Those that have ended, the oldest first."""
    history = client.get(daemon.admin, "/control/history").json["history"]
    return [(switch["from"], switch["to"], switch["trigger"]) for switch in reversed(history)]


@scenario
def a_model_is_there_from_the_start(check: Checks):
    models = {"alpha": stub(keep="offload"), "bravo": stub(keep="offload", preload=True)}
    with Daemon("preload", config(models, policy=FIFO)) as daemon:
        eventually(lambda: daemon.status()["state"] == "active:bravo", "bravo", 10)
        check.equal("nobody asked for it", switches(daemon), [(None, "bravo", "startup")])
        check.equal("the others are served all the same", client.chat(daemon.listen, "alpha").status, 200)


@scenario
def the_gpu_returns_to_the_default_model(check: Checks):
    models = {"alpha": stub(keep="offload"), "bravo": stub("--token-ms", "40", keep="offload")}
    options = {"default_model": "alpha", "default_model_after_secs": 1, "policy": FIFO}
    with Daemon("default-model", config(models, **options)) as daemon:
        stream = client.Stream(daemon.listen, "bravo", max_tokens=40)
        check("not during a request that takes longer", stream.read_to_end().is_done, stream.events[-2:])
        check.equal("nor right after it", daemon.model_state("bravo"), "active")
        eventually(lambda: daemon.status()["state"] == "active:alpha", "the default model", 10)
        check.equal("nobody asked for it", switches(daemon)[-1], ("bravo", "alpha", "idle"))
        daemon.control("pin", model="bravo")
        time.sleep(1.5)
        check.equal("pinned, the other one stays", daemon.model_state("bravo"), "active")
        daemon.control("unpin")
        eventually(lambda: daemon.status()["state"] == "active:alpha", "the default model again", 10)


@scenario
def a_request_waits_for_a_models_least_sleep(check: Checks):
    models = {"alpha": stub(keep="offload", min_sleep_secs=2), "bravo": stub(keep="offload")}
    with Daemon("min-sleep", config(models, policy=FIFO)) as daemon:
        client.chat(daemon.listen, "alpha")
        client.chat(daemon.listen, "bravo")
        began = time.monotonic()
        answer = client.chat(daemon.listen, "alpha")
        waited = time.monotonic() - began
        check.equal("it is served", answer.status, 200)
        check("after the least sleep", 1.5 < waited < 10, waited)
        daemon.control("sleep", model="alpha")
        began = time.monotonic()
        check.equal("the operator wakes it", daemon.control("wake", model="alpha").status, 200)
        check.at_most("without waiting", time.monotonic() - began, 1.5)


@scenario
def an_idle_daemon_uses_no_cpu(check: Checks):
    """Checklist 18, with a model awake and another asleep."""
    models = {"alpha": stub(keep="offload", idle_sleep_secs=600), "bravo": stub(keep="offload")}
    with Daemon("idle-cpu", config(models)) as daemon:
        client.chat(daemon.listen, "alpha")
        client.chat(daemon.listen, "bravo")
        daemon.status_at_rest()
        # What the last request left to be done, such as lines to be written.
        time.sleep(1.5)
        before = daemon.cpu_seconds()
        time.sleep(5)
        check.at_most("in five seconds", daemon.cpu_seconds() - before, 0.02)
