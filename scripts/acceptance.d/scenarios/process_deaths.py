"""Model servers that die or are ended: the next request gets a fresh one."""

import time
from concurrent.futures import ThreadPoolExecutor

import client
from checks import Checks, scenario
from configs import config, stub
from daemon import Daemon
from waiting import SOON, eventually

FIFO = {"type": "fifo", "min_active_secs": 0}


def two_models(name: str) -> Daemon:
    models = {"alpha": stub("--token-ms", "50", keep="offload"), "bravo": stub(keep="offload")}
    return Daemon(name, config(models, policy=FIFO))


@scenario
def a_killed_active_model_is_started_afresh_for_the_next_request(check: Checks):
    for moment in ("at once", "once its death was noticed"):
        with two_models(f"killed-active, {moment}") as daemon:
            client.chat(daemon.listen, "alpha", max_tokens=1)
            first = daemon.engine("alpha")
            first.kill()
            if moment != "at once":
                eventually(lambda: daemon.model_state("alpha") != "active", "word of alpha's death")
            began = time.monotonic()
            answer = client.chat(daemon.listen, "alpha", max_tokens=1)
            check.equal(f"a request {moment} is served", answer.status, 200)
            check.at_most("soon", time.monotonic() - began, SOON)
            second = daemon.engine("alpha")
            check("by a fresh process", second and second != first, f"{first} {second}")


@scenario
def a_model_killed_in_its_sleep_is_started_afresh(check: Checks):
    with two_models("killed-asleep") as daemon:
        client.chat(daemon.listen, "alpha", max_tokens=1)
        client.chat(daemon.listen, "bravo", max_tokens=1)
        first = daemon.engine("alpha")
        first.kill()
        answer = client.chat(daemon.listen, "alpha", max_tokens=1)
        check.equal("the next request is served", answer.status, 200)
        second = daemon.engine("alpha")
        check("by a fresh process", second and second != first, f"{first} {second}")
        check("the death is in the log", any("alpha" in str(record) for record in daemon.records()), daemon.log[-400:])


@scenario
def a_model_killed_in_the_middle_of_a_stream_cuts_the_stream(check: Checks):
    with two_models("killed-stream") as daemon:
        stream = client.Stream(daemon.listen, "alpha", max_tokens=2000)
        stream.next_event()
        daemon.engine("alpha").kill()
        stream.read_to_end()
        check("the client can tell", stream.was_cut and not stream.is_done, stream.events[-2:])
        check.equal("the last event is an error", stream.events[-1][0], "error")
        check.equal("the next request is served", client.chat(daemon.listen, "alpha", max_tokens=1).status, 200)
        eventually(lambda: daemon.scrape().sum("switcher_requests_in_flight") == 0, "nothing in flight")


@scenario
def a_request_that_races_an_unload_is_answered(check: Checks):
    """Checklist 9: whichever comes first, the request has its model started again, and nobody hangs.

    The model is awake before each race: an unload that finds it starting ends the start, and whoever waits for it then
    hears so (checklist 8).
    """
    models = {"alpha": stub(), "bravo": stub(keep="offload")}
    with Daemon("unload-race", config(models, policy=FIFO)) as daemon, ThreadPoolExecutor(4) as pool:
        answers = []
        for _ in range(20):
            client.chat(daemon.listen, "alpha", max_tokens=1)
            unload = pool.submit(daemon.control, "sleep", model="alpha")
            racers = [pool.submit(client.chat, daemon.listen, "alpha", max_tokens=1) for _ in range(3)]
            unload.result()
            answers += [racer.result().status for racer in racers]
        check.equal("all are answered", answers, [200] * 60)
        check.equal("nobody is left in flight", daemon.status_at_rest()["models"]["alpha"]["in_flight"], 0)
