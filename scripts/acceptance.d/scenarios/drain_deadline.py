"""Requests that would hold a switch up for ever, and the deadline that a drain may have."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import client
from checks import Checks, scenario
from configs import config, stub
from daemon import Daemon
from waiting import SOON, eventually

FIFO = {"type": "fifo", "min_active_secs": 0}
DEADLINE = 1.0
# Tokens for twenty minutes.
ENDLESS = 30_000


def models(deadline=DEADLINE) -> dict:
    quick = ["--sleep-secs", "0.01", "--wake-secs", "0.01"]
    return {
        "alpha": stub(*quick, "--token-ms", "40", keep="offload", drain_timeout_secs=deadline),
        "bravo": stub(*quick, "--token-ms", "0", keep="offload"),
    }


def last_switch(daemon: Daemon) -> dict:
    return client.get(daemon.admin, "/control/history?limit=1").json["history"][0]


def check_cut(check: Checks, stream: client.Stream):
    check("the stream was cut, so that its client can tell", stream.was_cut and not stream.is_done, stream.events[-1:])
    name, data = stream.events[-1]
    check.equal("its last event is an error", name, "error")
    error = json.loads(data)["error"]
    check.equal("with a code", error["code"], "upstream_disconnected")
    check("and a message that tells why", "drain" in error["message"], error["message"])


@scenario
def an_endless_stream_is_cut_when_its_model_is_to_make_way(check: Checks):
    with Daemon("endless", config(models(), policy=FIFO)) as daemon:
        # The second model is awake once before, so that its start is not measured.
        client.chat(daemon.listen, "bravo", max_tokens=1)
        stream = client.Stream(daemon.listen, "alpha", max_tokens=ENDLESS)
        stream.next_event()
        engine = daemon.engine("alpha")
        with ThreadPoolExecutor(1) as pool:
            began = time.monotonic()
            cut = pool.submit(lambda: (stream.read_to_end(), time.monotonic() - began)[1])
            answer = client.chat(daemon.listen, "bravo", max_tokens=1)
            served_after, cut_after = time.monotonic() - began, cut.result()
        check_cut(check, stream)
        check("not before the deadline", cut_after >= DEADLINE, f"{cut_after:.3f} s")
        check.at_most("and soon after it", cut_after, DEADLINE + SOON)
        check.equal("the other model answers", answer.status, 200)
        check.at_most("as soon", served_after, DEADLINE + SOON)
        check.equal("the history tells how many were cut off", last_switch(daemon)["cut_requests"], 1)
        check.equal("and so do the metrics", daemon.scrape().sum("switcher_drain_cut_requests_total", model="alpha"), 1)
        check.equal("it is no failure of the server's", daemon.scrape().sum("switcher_upstream_errors_total"), 0)
        check.equal("which lives on", daemon.engine("alpha"), engine)
        check.equal("and serves", client.chat(daemon.listen, "alpha", max_tokens=1).status, 200)


@scenario
def forty_nine_of_fifty_streams_end_in_time_and_one_is_cut(check: Checks):
    # As long as a machine may stand still, and the streams a fraction of it.
    with Daemon("forty-nine", config(models(deadline=20), policy=FIFO)) as daemon:
        client.chat(daemon.listen, "bravo", max_tokens=1)
        client.chat(daemon.listen, "alpha", max_tokens=1)
        with ThreadPoolExecutor(51) as crowd:
            lengths = [ENDLESS] + [8] * 49
            streams = list(crowd.map(lambda length: client.Stream(daemon.listen, "alpha", max_tokens=length), lengths))
            asked = crowd.submit(client.chat, daemon.listen, "bravo", 1)
            list(crowd.map(client.Stream.read_to_end, streams))
            check.equal("the other model answers", asked.result().status, 200)
        check.equal("49 are whole", sum(stream.is_done for stream in streams[1:]), 49)
        check.equal("and all the same", len({stream.text for stream in streams[1:]}), 1)
        check_cut(check, streams[0])
        check.equal("one was cut off", daemon.scrape().sum("switcher_drain_cut_requests_total"), 1)


@scenario
def a_request_that_hangs_neither_keeps_a_model_awake_nor_lasts_itself(check: Checks):
    """Checklist 15, by an operator's hand."""
    with Daemon("hangs", config(models(), policy=FIFO)) as daemon:
        client.chat(daemon.listen, "alpha", max_tokens=1)
        # Not streamed: no byte of an answer comes before its end.
        hung = client.Sent(daemon.listen, "alpha", max_tokens=ENDLESS)
        eventually(lambda: daemon.status()["models"]["alpha"]["in_flight"] == 1, "the request on its way")
        began = time.monotonic()
        slept = daemon.control("sleep", model="alpha")
        check.equal("the model is put to sleep", slept.status, 200)
        check.at_most("in time", time.monotonic() - began, DEADLINE + SOON)
        answer = hung.answer()
        check.equal("the request gets an error", (answer.status, answer.error_code), (502, "upstream_unavailable"))
        check("that tells why", "drain" in answer.text, answer.text)
        check.equal("and a new one is served", client.chat(daemon.listen, "alpha", max_tokens=1).status, 200)


@scenario
def a_reload_gives_the_drain_under_way_its_deadline(check: Checks):
    patient = config(models(), policy=FIFO)
    patient["models"]["alpha"]["drain_timeout_secs"] = 0
    with Daemon("given-a-deadline", patient) as daemon:
        stream = client.Stream(daemon.listen, "alpha", max_tokens=ENDLESS)
        stream.next_event()
        asked = client.Sent(daemon.listen, "bravo", max_tokens=1)
        eventually(lambda: daemon.model_state("alpha") == "draining", "a drain")
        patient["models"]["alpha"]["drain_timeout_secs"] = DEADLINE
        (daemon.directory / "config.json").write_text(json.dumps(patient))
        check.equal("the reload", daemon.control("reload").status, 200)
        check_cut(check, stream.read_to_end())
        check.equal("the other model answers", asked.answer().status, 200)
