"""What happens while nobody waits: a model that is there from the start, one that the GPU returns to, sleep that is not cut
short, and else nothing at all."""

import time

import client
from checks import Checks, scenario
from configs import config, stub
from daemon import Daemon
from waiting import eventually, holds_throughout, holds_until

FIFO = {"type": "fifo", "min_active_secs": 0}


def switches(daemon: Daemon) -> list[tuple]:
    """Those that have ended, the oldest first."""
    history = client.get(daemon.admin, "/control/history").json["history"]
    return [(switch["from"], switch["to"], switch["trigger"]) for switch in reversed(history)]


@scenario
def a_model_is_there_from_the_start(check: Checks):
    models = {"alpha": stub(keep="offload"), "bravo": stub(keep="offload", preload=True)}
    with Daemon("preload", config(models, policy=FIFO)) as daemon:
        eventually(lambda: daemon.status()["state"] == "active:bravo", "bravo")
        check.equal("nobody asked for it", switches(daemon), [(None, "bravo", "startup")])
        check.equal("the others are served all the same", client.chat(daemon.listen, "alpha").status, 200)


@scenario
def the_gpu_returns_to_the_default_model(check: Checks):
    models = {"alpha": stub(keep="offload"), "bravo": stub("--token-ms", "40", keep="offload")}
    options = {"default_model": "alpha", "default_model_after_secs": 1, "policy": FIFO}
    with Daemon("default-model", config(models, **options)) as daemon:
        began = time.monotonic()
        stream = client.Stream(daemon.listen, "bravo", max_tokens=40)
        check("not during a request that takes longer", stream.read_to_end().is_done, stream.events[-2:])
        stays = holds_until(lambda: daemon.model_state("bravo") == "active", began + 40 * 0.04 + 1)
        check("nor right after it", stays, daemon.model_state("bravo"))
        eventually(lambda: daemon.status()["state"] == "active:alpha", "the default model")
        check.equal("nobody asked for it", switches(daemon)[-1], ("bravo", "alpha", "idle"))
        daemon.control("pin", model="bravo")
        stays = holds_throughout(lambda: daemon.model_state("bravo") == "active", 1.5)
        check("pinned, the other one stays", stays, daemon.model_state("bravo"))
        daemon.control("unpin")
        eventually(lambda: daemon.status()["state"] == "active:alpha", "the default model again")


@scenario
def a_request_waits_for_a_models_least_sleep(check: Checks):
    models = {
        "alpha": stub(keep="offload", min_sleep_secs=2),
        "bravo": stub(keep="offload"),
        "charlie": stub(keep="offload", min_sleep_secs=600),
    }
    with Daemon("min-sleep", config(models, policy=FIFO)) as daemon:
        client.chat(daemon.listen, "alpha")
        began = time.monotonic()
        client.chat(daemon.listen, "bravo")
        answer = client.chat(daemon.listen, "alpha")
        waited = time.monotonic() - began
        check.equal("it is served", answer.status, 200)
        check("after the least sleep", waited >= 2, waited)
        client.chat(daemon.listen, "charlie")
        daemon.control("sleep", model="charlie")
        check.equal("the operator wakes one without waiting", daemon.control("wake", model="charlie").status, 200)


@scenario
def an_idle_daemon_uses_no_cpu(check: Checks):
    """Checklist 18, with a model awake and another asleep."""
    models = {"alpha": stub(keep="offload", idle_sleep_secs=600), "bravo": stub(keep="offload")}
    with Daemon("idle-cpu", config(models)) as daemon:
        client.chat(daemon.listen, "alpha")
        client.chat(daemon.listen, "bravo")
        daemon.status_at_rest()

        def spent_in_five_seconds() -> int:
            before = daemon.cpu_ticks()
            time.sleep(5)
            return daemon.cpu_ticks() - before

        # The first time may have in it what the last request left to be done, such as lines to be written.
        check.at_most("in five seconds", min(spent_in_five_seconds() for _ in range(3)), 3, "ticks")
