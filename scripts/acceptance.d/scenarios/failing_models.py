"""Servers that do not do what they should: the client is told, the daemon lives, the other models work."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor

import client
from checks import Checks, scenario
from configs import config, free_port, shell, stub
from daemon import Daemon
from waiting import eventually

FIFO = {"type": "fifo", "min_active_secs": 0}


def with_a_good_one(name: str, broken: dict) -> Daemon:
    return Daemon(name, config({"good": stub(keep="offload"), "broken": broken}, policy=FIFO))


def failed(check: Checks, daemon: Daemon, *named: str):
    """A request for the broken model is told why it failed; the good model is served before and after."""
    check.equal("the good model is served before", client.chat(daemon.listen, "good").status, 200)
    answer = client.chat(daemon.listen, "broken")
    check.equal("the client is told", (answer.status, answer.error_code), (503, "switch_failed"))
    check.contains("and why", answer.text, *named)
    check("and when to come back", 1 <= int(answer.headers.get("retry-after", 0)) <= 60, answer.headers)
    eventually(lambda: daemon.engine("broken") is None, "the end of the broken model's process")
    check.equal("the good model is served after", client.chat(daemon.listen, "good").status, 200)
    check.equal("the daemon is well", client.get(daemon.listen, "/ready").status, 200)
    failures = daemon.scrape().sum("switcher_switches_total", to="broken", outcome="failed")
    check("the failed switch is counted", failures >= 1, failures)


@scenario
def a_command_that_does_not_exist_is_a_clear_error(check: Checks):
    broken = {"backend": "command", "command": ["/nonexistent/llama-server"], "port": free_port()}
    with with_a_good_one("no-command", broken) as daemon:
        failed(check, daemon, "/nonexistent/llama-server", "No such file or directory")


@scenario
def a_server_that_exits_during_its_start_is_an_error_at_once(check: Checks):
    broken = shell("echo no such checkpoint >&2; exit 3", startup_timeout_secs=600)
    with with_a_good_one("exits", broken) as daemon:
        began = time.monotonic()
        failed(check, daemon, "status 3", "no such checkpoint")
        check.at_most("long before its time-out", time.monotonic() - began, 60)


@scenario
def a_model_that_never_gets_healthy_is_given_up(check: Checks):
    broken = shell("exec sleep 1000", startup_timeout_secs=0.7)
    with with_a_good_one("never-healthy", broken) as daemon:
        failed(check, daemon, "0.7")
        check.becomes("its process is ended", lambda: [p for p in daemon.left_behind() if "sleep" in p.command], [])


@scenario
def a_stranger_on_the_port_is_never_taken_for_the_model(check: Checks):
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        with with_a_good_one("stranger", {**stub(), "port": port}) as daemon:
            failed(check, daemon, str(port))


@scenario
def a_failed_start_is_tried_again_later(check: Checks):
    broken = shell('test -e "$TMPDIR/cured" || exit 1; exec "$SWITCHER" stub-engine --port ${PORT} --model ${MODEL}')
    broken["env"] = {"SWITCHER": "${SWITCHER}"}
    with with_a_good_one("cured", broken) as daemon:
        failed(check, daemon, "status 1")
        (daemon.directory / "cured").touch()
        eventually(
            lambda: client.chat(daemon.listen, "broken").status == 200, "an answer once the model is cured", every=0.2
        )
        check.equal("it is served once it can be", daemon.status()["state"], "active:broken")


@scenario
def a_model_that_keeps_failing_is_tried_by_one_request_at_a_time(check: Checks):
    broken = shell(
        'echo >> "$TMPDIR/starts"; test -e "$TMPDIR/cured" || exit 1; until test -e "$TMPDIR/gate"; do sleep 0.05; done;'
        ' exec "$SWITCHER" stub-engine --port ${PORT} --model ${MODEL}'
    )
    broken["env"] = {"SWITCHER": "${SWITCHER}"}
    broken["breaker_failures"] = 1
    with with_a_good_one("breaker", broken) as daemon:

        def breaker() -> str:
            return daemon.status()["models"]["broken"]["breaker"]

        def scraped() -> list[str]:
            states = daemon.scrape().series("switcher_breaker_state", model="broken")
            return [labels["state"] for labels, value in states if value == 1]

        def starts() -> int:
            return len((daemon.directory / "starts").read_text())

        def turned_away() -> bool:
            """False where the breaker's wait was over, so that this request was the one to try the model."""
            before = starts()
            answer = client.chat(daemon.listen, "broken")
            return answer.error_code == "switch_failed" and starts() == before and scraped() == [breaker()] == ["open"]

        check.equal("at first it is closed", (breaker(), scraped()), ("closed", ["closed"]))
        check.equal("a failure", client.chat(daemon.listen, "broken").error_code, "switch_failed")
        check("opens it: requests are turned away without a try", eventually(turned_away, "one who is turned away"))
        (daemon.directory / "cured").touch()
        eventually(lambda: breaker() == "half_open", "half open")
        with ThreadPoolExecutor() as pool:
            probe = pool.submit(client.chat, daemon.listen, "broken")
            eventually(lambda: daemon.model_state("broken") == "starting", "the start")
            check.equal("another request is turned away", client.chat(daemon.listen, "broken").status, 503)
            (daemon.directory / "gate").touch()
            check.equal("the one that tries it is served", probe.result().status, 200)
        check.equal("and closes it", (breaker(), scraped()), ("closed", ["closed"]))


@scenario
def a_wake_that_fails_is_healed_by_a_cold_start(check: Checks):
    for fault, keep, step in [("wake", "offload", "wake step 1/1"), ("reload", "discard", "wake step 2/3")]:
        models = {"alpha": stub("--fail", fault, keep=keep), "bravo": stub(keep="offload")}
        with Daemon(f"fails-{fault}", config(models, policy=FIFO)) as daemon:
            client.chat(daemon.listen, "alpha")
            first = daemon.engine("alpha")
            client.chat(daemon.listen, "bravo")
            check.equal(f"{fault}: alpha is asleep in its process", daemon.engine("alpha"), first)
            answer = client.chat(daemon.listen, "alpha")
            check(f"{fault}: the client is served all the same", "alpha" in (answer.content or ""), answer)
            second = daemon.engine("alpha")
            check(f"{fault}: by a fresh process", second and second != first, f"{first} {second}")
            check.contains(f"{fault}: the log names the step", daemon.log, f"{step} failed: POST ", "returned 500")


@scenario
def a_sleep_that_fails_does_not_hold_up_the_switch(check: Checks):
    models = {"alpha": stub("--fail", "sleep", keep="offload"), "bravo": stub(keep="offload")}
    with Daemon("fails-sleep", config(models, policy=FIFO)) as daemon:
        client.chat(daemon.listen, "alpha")
        answer = client.chat(daemon.listen, "bravo")
        check("the other model is served", "bravo" in (answer.content or ""), answer)
        check.equal("the one that can't sleep was stopped", daemon.engine("alpha"), None)
        check.contains("the log says why", daemon.log, "sleep step 1/1 failed: POST /sleep")
        check.equal("and it is served again", client.chat(daemon.listen, "alpha").status, 200)
