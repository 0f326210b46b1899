"""What is drawn: a daemon's day in ten minutes. Two models that are asked for all the time, one now and then; a burst,
a model that is pinned for a while, a server that dies, one that can't be started, a configuration with a fault."""

import json
import os
import time
from contextlib import contextmanager

import client
from configs import config, stub
from daemon import Daemon
from prometheus import Prometheus
from traffic import Traffic

from frames import Span

MODELS = {
    "qwen-14b": stub(
        "--start-secs", "12", "--sleep-secs", "1", "--wake-secs", "1.5", "--token-ms", "25", keep="offload"
    ),
    "phi-4": stub(
        "--start-secs", "8", "--sleep-secs", "0.4", "--wake-secs", "0.8", "--reload-secs", "3", "--token-ms", "15",
        keep="discard",
    ),
    "gemma-3-4b": stub("--start-secs", "6", "--token-ms", "8", max_queue=20),
    "broken": stub("--fail", "start"),
}  # fmt: skip
POLICY = {"type": "cost_aware", "min_active_secs": 4}


@contextmanager
def told(minutes: float, scrape_seconds: int):
    """The Prometheus that has seen it, and the time that it took."""
    whole = 60 * minutes
    # By part of the whole: a burst, and a rest.
    rates = {
        "qwen-14b": lambda at: 0.0 if 0.85 < at / whole < 0.93 else 1.2,
        "phi-4": lambda at: 3.0 if 0.3 < at / whole < 0.42 else 0.0 if 0.85 < at / whole < 0.93 else 0.35,
        "gemma-3-4b": lambda at: 0.5 if 0.15 < at / whole < 0.25 or 0.7 < at / whole < 0.8 else 0.02,
        "broken": lambda at: 0.2 if 0.4 < at / whole < 0.5 else 0.0,
    }
    with Daemon("dashboard-picture", config(MODELS, policy=POLICY)) as daemon:
        with Prometheus(daemon.directory, daemon.admin, interval_seconds=scrape_seconds) as prometheus:
            began = time.time()
            with Traffic(daemon, rates, tokens=(20, 120)):
                for part, happens in EVENTS:
                    time.sleep(max(0, began + part * whole - time.time()))
                    happens(daemon)
                time.sleep(max(0, began + whole - time.time()))
                yield prometheus, Span(began, time.time(), scrape_seconds)


def leave_a_stream(daemon: Daemon):
    stream = client.Stream(daemon.listen, "qwen-14b", max_tokens=400)
    stream.next_event()
    stream.leave()


def kill_a_server(daemon: Daemon):
    if engine := daemon.engine("qwen-14b"):
        engine.kill()


def reload_a_fault(daemon: Daemon):
    rewrite(daemon, modles={})


def reload(daemon: Daemon):
    text = json.loads((daemon.directory / "config.json").read_text())
    text.pop("modles", None)
    rewrite(daemon, text)


def rewrite(daemon: Daemon, text: dict | None = None, **added):
    path = daemon.directory / "config.json"
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps({**(text or json.loads(path.read_text())), **added}))
    os.replace(draft, path)
    daemon.control("reload")


EVENTS = [
    (0.28, leave_a_stream),
    (0.52, lambda daemon: daemon.control("pin", model="phi-4")),
    (0.62, lambda daemon: daemon.control("unpin")),
    (0.66, kill_a_server),
    (0.75, reload_a_fault),
    (0.78, reload),
    (0.82, leave_a_stream),
]
