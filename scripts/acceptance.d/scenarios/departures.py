"""Clients that leave, and answers that break off."""

import json
import time

import client
from checks import Checks, scenario
from configs import config, stub
from daemon import Daemon
from exposition import Exposition
from waiting import SOON, eventually, holds_throughout

FIFO = {"type": "fifo", "min_active_secs": 0}


@scenario
def nothing_is_switched_for_a_client_who_has_left(check: Checks):
    models = {"alpha": stub(keep="offload"), "bravo": stub(keep="offload")}
    with Daemon("left-queue", config(models, policy=FIFO)) as daemon:

        def queued() -> float:
            return daemon.scrape().sum("switcher_queue_depth", model="bravo")

        with daemon.held_stream("alpha") as stream:
            waiting = client.Sent(daemon.listen, "bravo")
            eventually(lambda: queued() == 1, "one who waits for bravo")
            waiting.leave()
            check.becomes("its place in the queue is free before the switch could be", queued, 0)
        check("the stream of the active model goes on", stream.read_to_end().is_done, stream.events[-2:])
        stays = holds_throughout(lambda: daemon.status()["state"] == "active:alpha", 0.5)
        check("no switch happens", stays, daemon.status()["state"])
        check.equal("bravo was never started", daemon.engine("bravo"), None)

        def cancelled() -> float:
            return daemon.scrape().sum("switcher_requests_total", model="bravo", outcome="cancelled")

        check.becomes("the metrics count it as cancelled", cancelled, 1)


@scenario
def a_client_who_leaves_in_the_middle_frees_the_model(check: Checks):
    # Whole answers would take two minutes and more.
    tokens = 2500
    port = stub("--token-ms", "50", keep="offload")
    with Daemon("left-stream", config({"alpha": port}, policy=FIFO)) as daemon:
        engine = client.Address("127.0.0.1", port["port"])

        def running() -> float:
            return Exposition(client.get(engine, "/metrics").text).sum("vllm:num_requests_running")

        for streams in (True, False):
            kind = "a stream" if streams else "a plain request"
            if streams:
                sent = client.Stream(daemon.listen, "alpha", max_tokens=tokens)
                sent.next_event()
            else:
                sent = client.Sent(daemon.listen, "alpha", max_tokens=tokens)
            eventually(lambda: running() == 1, f"{kind} on the engine")
            sent.leave()
            began = time.monotonic()
            eventually(lambda: running() == 0, f"the end of {kind} on the engine")
            check.at_most(f"{kind} ends on the engine when its client leaves", time.monotonic() - began, SOON)
            eventually(lambda: daemon.scrape().sum("switcher_requests_in_flight") == 0, "nothing in flight")


@scenario
def a_stream_whose_server_dies_is_visibly_cut(check: Checks):
    with Daemon(
        "cut-stream", config({"alpha": stub("--token-ms", "5", "--fail", "mid-stream:3")}, policy=FIFO)
    ) as daemon:
        stream = client.Stream(daemon.listen, "alpha", max_tokens=50).read_to_end()
        check.equal("it began well", stream.status, 200)
        said = [data for name, data in stream.events if name == "message"]
        check("some of it arrived", len(said) >= 2, stream.events)
        check(
            "its end is not that of a whole answer", "[DONE]" not in [data for _, data in stream.events], stream.events
        )
        name, data = stream.events[-1]
        check.equal("the last event is an error", name, "error")
        error = json.loads(data).get("error", {}) if name == "error" else {}
        check.equal("it says what happened", error.get("code"), "upstream_disconnected")
        check("the connection is cut, not ended", stream.was_cut)
        answer = client.chat(daemon.listen, "alpha", max_tokens=1)
        check.equal("the daemon serves on", answer.status, 200)
