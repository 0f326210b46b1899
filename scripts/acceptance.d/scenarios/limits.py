"""Requests that must not wait for ever, and queues that must not grow for ever."""

import time

import client
from checks import Checks, scenario
from configs import config, stub
from daemon import Daemon
from waiting import SOON, eventually

FIFO = {"type": "fifo", "min_active_secs": 0}


@scenario
def a_request_waits_no_longer_than_it_may(check: Checks):
    models = {"alpha": stub(keep="offload"), "bravo": stub(request_timeout_secs=0.4)}
    with Daemon("time-out", config(models, policy=FIFO)) as daemon:
        with daemon.held_stream("alpha") as stream:
            began = time.monotonic()
            answer = client.chat(daemon.listen, "bravo")
            waited = time.monotonic() - began
        found = (answer.status, answer.error_code, answer.headers.get("x-should-retry"))
        check("it is told that it waited too long", found == (504, "switch_timeout", "false"), f"{found} {answer}")
        check("it took its time-out", waited >= 0.4, waited)
        # It would wait for as long as the stream lasts.
        check.at_most("and little more", waited, SOON)
        check("the stream that it waited for goes on", stream.read_to_end().is_done, stream.events[-2:])
        eventually(lambda: daemon.scrape().sum("switcher_queue_depth") == 0, "an empty queue")


@scenario
def a_start_slower_than_the_time_out_goes_on_and_serves_the_next(check: Checks):
    slow = stub("--start-secs", "2", request_timeout_secs=0.4)
    with Daemon("slow-start", config({"alpha": slow}, policy=FIFO)) as daemon:
        answer = client.chat(daemon.listen, "alpha")
        check.equal(
            "the first is told that it waited too long", (answer.status, answer.error_code), (504, "switch_timeout")
        )
        engine = eventually(lambda: daemon.engine("alpha"), "the process that is started")
        eventually(lambda: daemon.status()["state"] == "active:alpha", "the end of the start")
        check.equal("the next is served", client.chat(daemon.listen, "alpha").status, 200)
        check.equal("by the process that was started first", daemon.engine("alpha"), engine)


@scenario
def a_full_queue_turns_requests_away(check: Checks):
    models = {"alpha": stub(keep="offload"), "bravo": stub(max_queue=2)}
    with Daemon("full-queue", config(models, policy=FIFO)) as daemon:
        with daemon.held_stream("alpha") as stream:
            waiting = [client.Sent(daemon.listen, "bravo") for _ in range(2)]
            eventually(lambda: daemon.scrape().sum("switcher_queue_depth", model="bravo") == 2, "a full queue")
            answer = client.chat(daemon.listen, "bravo")
        check.equal("one more is told that the queue is full", (answer.status, answer.error_code), (429, "queue_full"))
        after = int(answer.headers.get("retry-after", 0))
        check("and when to come back", 1 <= after <= 60, after)
        check("the stream ends in peace", stream.read_to_end().is_done, stream.events[-2:])
        check.equal("those in the queue are served", [sent.answer().status for sent in waiting], [200, 200])
