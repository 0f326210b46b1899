"""Three engines, of which only one fits on the GPU at a time, under a crowd of clients of whom some leave early."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor

import client
from checks import Checks, scenario
from configs import config, stub
from daemon import Daemon
from exposition import Exposition
from waiting import eventually

MODELS = ["alpha", "bravo", "charlie"]
REQUESTS = 300
LEAVING = 0.15
CLIENTS = 32
SEED = 2026


def run_the_crowd(daemon: Daemon) -> list[str]:
    """300 requests, of which about 45 are left by their clients; what went wrong with the others."""
    choices = random.Random(SEED)
    plan = [
        (choices.choice(MODELS), choices.random() < 0.5, choices.random() < LEAVING, choices.random() * 0.3)
        for _ in range(REQUESTS)
    ]

    def play(model: str, streams: bool, leaves: bool, patience: float) -> str | None:
        if leaves:
            return leave(model, streams, patience)
        if streams:
            stream = client.Stream(daemon.listen, model).read_to_end()
            is_right = stream.status == 200 and stream.is_done and model in stream.text
            return (
                None
                if is_right and not was_aborted(stream.events[-2][1])
                else f"{model} streamed: {stream.status} {stream.events[-2:]}"
            )
        answer = client.chat(daemon.listen, model)
        is_right = answer.status == 200 and model in (answer.content or "")
        return None if is_right and not was_aborted(answer.text) else f"{model} answered: {answer}"

    def leave(model: str, streams: bool, patience: float) -> None:
        if streams:
            # Far from its end, so that it is not whole before word of its client has come.
            stream = client.Stream(daemon.listen, model, max_tokens=2000)
            stream.next_event()
            stream.leave()
        else:
            sent = client.Sent(daemon.listen, model)
            # How long a client bears with us is the client's affair: this is no wait for anything.
            threading.Event().wait(patience)
            sent.leave()

    with ThreadPoolExecutor(CLIENTS) as crowd:
        outcomes = [crowd.submit(play, *one) for one in plan]
    faults = []
    for outcome in outcomes:
        error = outcome.exception()
        fault = f"{type(error).__name__}: {error}" if error else outcome.result()
        if fault:
            faults.append(fault)
    return faults


def was_aborted(text: str) -> bool:
    """Whether the engine was put to sleep in the middle of this answer."""
    return '"finish_reason":"abort"' in text


def judge(check: Checks, daemon: Daemon, faults: list[str]):
    check(
        "everyone who stayed was answered by the right model, to the end",
        not faults,
        f"{len(faults)}, among them {faults[:3]}",
    )

    def busy() -> list:
        scrape = daemon.scrape()
        gauges = ("switcher_requests_in_flight", "switcher_queue_depth")
        return [(name, labels, value) for name in gauges for labels, value in scrape.series(name) if value != 0]

    eventually(lambda: not busy(), "all gauges back at 0")
    check("requests in flight and queue depths are back at 0", not busy(), busy())
    check(
        "the GPU was never asked for twice", "out of memory" not in daemon.log.lower(), "found out of memory in the log"
    )
    failed = daemon.scrape().sum("switcher_switches_total", outcome="failed")
    check.equal("no switch failed", failed, 0)
    switches = daemon.scrape().sum("switcher_switches_total", outcome="success")
    check(f"there were switches ({switches:g})", switches >= 3, switches)
    left = daemon.scrape().sum("switcher_requests_total", outcome="cancelled")
    check(f"and clients who left ({left:g})", left > REQUESTS * LEAVING / 3, left)


@scenario
def three_engines_share_one_gpu_by_stopping(check: Checks):
    flags = ["--token-ms", "2", "--gpu", "${env.TMPDIR}/gpu.lock"]
    models = {model: stub(*flags) for model in MODELS}
    with Daemon("one-gpu-stop", config(models, policy={"type": "fifo", "min_active_secs": 0})) as daemon:
        judge(check, daemon, run_the_crowd(daemon))


@scenario
def three_engines_share_one_gpu_by_sleeping(check: Checks):
    flags = ["--token-ms", "2", "--sleep-secs", "0.03", "--wake-secs", "0.04", "--gpu", "${env.TMPDIR}/gpu.lock"]
    models = {model: stub(*flags, keep=keep) for model, keep in zip(MODELS, ["offload", "discard", "offload"])}
    with Daemon("one-gpu-sleep", config(models, policy={"type": "fifo", "min_active_secs": 0})) as daemon:
        judge(check, daemon, run_the_crowd(daemon))
        for model, settings in models.items():
            engine = client.Address("127.0.0.1", settings["port"])
            scrape = Exposition(client.get(engine, "/metrics").text)
            asleep = scrape.series("stub_requests_while_asleep_total")
            check.equal(f"{model} got no request while asleep", [value for _, value in asleep], [0])
