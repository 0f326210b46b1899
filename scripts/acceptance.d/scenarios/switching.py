"""Switching under queues, floods, departures and steady load, with real model servers."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import client
from checks import Checks, scenario
from configs import config, gated_stub, stub
from daemon import Daemon
from waiting import eventually

FIFO = {"type": "fifo", "min_active_secs": 0}
ROUNDS = 500
LEAVING = 1000
# What the slowest policy may make one request wait here: its staleness limit, the rest of a request, and a switch.
MAX_WAIT = 1.0
# Who is starved here waits for ever.
BOUND = MAX_WAIT + 20.0


QUICK = ["--sleep-secs", "0.001", "--wake-secs", "0.001"]


def quick_models(*flags: str, **alpha) -> dict:
    return {
        "alpha": stub(*QUICK, *flags, keep="offload", **alpha),
        "bravo": stub(*QUICK, "--token-ms", "0", keep="offload"),
    }


def switches(daemon: Daemon) -> float:
    """Those from one model to another that succeeded."""
    return daemon.scrape().sum("switcher_switches_total", outcome="success", **{"from": "alpha", "to": "bravo"}) + (
        daemon.scrape().sum("switcher_switches_total", outcome="success", **{"from": "bravo", "to": "alpha"})
    )


def counted(daemon: Daemon) -> tuple[float, float]:
    scrape = daemon.scrape()
    return scrape.sum("switcher_queue_depth"), scrape.sum("switcher_requests_in_flight")


@scenario
def requests_for_a_b_a_b_a_b_at_once_make_one_switch(check: Checks):
    models = {**quick_models(), "alpha": gated_stub("gate", *QUICK, "--token-ms", "20", keep="offload")}
    with Daemon("abab", config(models, policy=FIFO)) as daemon:
        sent = []
        for number, model in enumerate(["alpha", "bravo"] * 3, start=1):
            sent.append((model, client.Sent(daemon.listen, model)))
            eventually(lambda: counted(daemon)[0] == number, f"{number} in the queue")
        (daemon.directory / "gate").touch()
        answers = [(model, one.answer()) for model, one in sent]
        wrong = [str(answer) for model, answer in answers if answer.status != 200 or model not in answer.content]
        check.equal("each is answered by its model", wrong, [])
        check.equal("with one switch", switches(daemon), 1)


@scenario
def five_hundred_switches_to_and_fro_neither_stall_nor_lose_a_request(check: Checks):
    """Checklist 10."""
    with Daemon("to-and-fro", config(quick_models("--token-ms", "0"), policy=FIFO)) as daemon:
        began = time.monotonic()
        wrong = []
        for number in range(ROUNDS):
            model = ("alpha", "bravo")[number % 2]
            answer = client.chat(daemon.listen, model, max_tokens=1)
            if answer.status != 200 or model not in answer.content:
                wrong.append(f"{number}: {answer}")
        check.equal("each is answered by its model", wrong[:3], [])
        check.at_most("all of them together", time.monotonic() - began, 60)
        check.equal("every one of them was a switch", switches(daemon), ROUNDS - 1)

        began = time.monotonic()
        with ThreadPoolExecutor(16) as crowd:
            models = [("alpha", "bravo")[number % 2] for number in range(ROUNDS)]
            answers = crowd.map(lambda model: client.chat(daemon.listen, model, max_tokens=1).status, models)
            check.equal("as many from sixteen clients at a time", [status for status in answers if status != 200], [])
        check.at_most("those together", time.monotonic() - began, 60)
        eventually(lambda: counted(daemon) == (0, 0), "all counts back at 0")


@scenario
def a_thousand_who_leave_the_queue_take_the_counts_back_to_zero(check: Checks):
    with Daemon("thousand-leave", config(quick_models("--token-ms", "50"), policy=FIFO)) as daemon:
        stream = client.Stream(daemon.listen, "alpha", max_tokens=12_000)
        stream.next_event()
        waiting = [client.Sent(daemon.listen, "bravo") for _ in range(LEAVING)]
        eventually(lambda: counted(daemon) == (LEAVING, 1), "all of them in the queue")
        for one in waiting:
            one.leave()
        eventually(lambda: counted(daemon) == (0, 1), "an empty queue")
        check.equal("nobody waits, and only the stream is in flight", counted(daemon), (0, 1))
        check("the stream goes on", stream.next_event(), "it ended")
        stream.leave()
        eventually(lambda: counted(daemon) == (0, 0), "nothing in flight")
        check.equal("nothing is in flight once its client has left", counted(daemon), (0, 0))
        check.equal("nobody was switched for", daemon.engine("bravo"), None)
        check.equal("the next request is served", client.chat(daemon.listen, "bravo", max_tokens=1).status, 200)


def one_against_steady_load(check: Checks, policy: dict):
    name = policy["type"]
    models = quick_models("--token-ms", "10", max_in_flight=4)
    with Daemon(f"steady-{name}", config(models, policy={"min_active_secs": 0, **policy})) as daemon:
        client.chat(daemon.listen, "alpha", max_tokens=1)
        is_over = threading.Event()

        def keep_asking() -> list[int]:
            statuses = []
            while not is_over.is_set():
                statuses.append(client.chat(daemon.listen, "alpha", max_tokens=10).status)
            return statuses

        # More than are served at a time, so that alpha always has a queue of its own.
        with ThreadPoolExecutor(6) as crowd:
            steady = [crowd.submit(keep_asking) for _ in range(6)]
            eventually(lambda: counted(daemon)[0] > 0 and counted(daemon)[1] == 4, "a queue for alpha")
            began = time.monotonic()
            answer = client.chat(daemon.listen, "bravo", max_tokens=1)
            waited = time.monotonic() - began
            is_over.set()
            statuses = [status for one in steady for status in one.result()]
        check.equal(f"{name}: the one is served", answer.status, 200)
        check.at_most(f"{name}: within the bound", waited, BOUND)
        check.equal(f"{name}: and so are all the others", [status for status in statuses if status != 200], [])


@scenario
def one_request_is_served_in_time_against_steady_load_on_another_model(check: Checks):
    one_against_steady_load(check, {"type": "fifo"})
    one_against_steady_load(check, {"type": "cost_aware", "max_wait_secs": MAX_WAIT})
    one_against_steady_load(check, {"type": "scheduler_tick", "max_wait_secs": MAX_WAIT, "tick_interval_ms": 100})
