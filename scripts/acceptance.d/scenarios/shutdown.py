"""However the daemon ends, no model server outlives it."""

import signal
import time

import client
from checks import Checks, scenario
from configs import config, shell, stub
from daemon import Daemon
from waiting import SOON, eventually

# A server behind a wrapper that forks, as start scripts do: the engine is a grandchild, as is one that ignores TERM.
WRAPPER = """
(trap '' TERM; exec sleep 1000) &
setsid sleep 1000 &
"$SWITCHER" stub-engine --port ${PORT} --model ${MODEL} --token-ms 50 &
wait
"""


def family(name: str, **options) -> Daemon:
    """A daemon with one model asleep and one active whose server has children of its own."""
    wrapped = shell(WRAPPER, env={"SWITCHER": "${SWITCHER}"}, stop_grace_secs=1)
    models = {"alpha": stub(keep="offload"), "wrapped": wrapped}
    return Daemon(name, config(models, policy={"type": "fifo", "min_active_secs": 0}, **options))


def wake_both(check: Checks, daemon: Daemon):
    for model in ("alpha", "wrapped"):
        check.equal(f"{model} answers", client.chat(daemon.listen, model, max_tokens=1).status, 200)
    running = {process.command[0].rpartition("/")[2] for process in daemon.left_behind()}
    check("there are servers, a wrapper and grandchildren", {"switcher", "sh", "sleep"} <= running, running)


def all_gone(check: Checks, daemon: Daemon):
    """They would stay for longer than anybody waits here."""
    check.becomes("no process is left", daemon.left_behind, [])


@scenario
def a_stream_in_flight_ends_in_peace_when_the_daemon_is_told_to_end(check: Checks):
    with family("term") as daemon:
        wake_both(check, daemon)
        stream = client.Stream(daemon.listen, "wrapped", max_tokens=30)
        stream.next_event()
        daemon.signal(signal.SIGTERM)
        check("the stream goes on to its end", stream.read_to_end().is_done, stream.events[-2:])
        check.equal("the exit status is 0", daemon.wait(), 0)
        check.equal("no process is left", daemon.left_behind(), [])


@scenario
def the_daemon_says_that_it_is_about_to_end(check: Checks):
    with family("term-delay", shutdown_delay_secs=600) as daemon:
        check.equal("it is ready", client.get(daemon.listen, "/ready").status, 200)
        daemon.signal(signal.SIGTERM)
        eventually(lambda: client.get(daemon.listen, "/ready").status == 503, "/ready turns 503")
        check.equal("/ready turns 503 before the listener closes", client.get(daemon.listen, "/health").status, 200)
        daemon.signal(signal.SIGTERM)
        check.equal("a second signal does not wait for the delay", daemon.wait(), 1)
    with family("term-short-delay", shutdown_delay_secs=0.5) as daemon:
        began = time.monotonic()
        daemon.signal(signal.SIGTERM)
        check.equal("the exit status is 0", daemon.wait(), 0)
        check("after the delay", time.monotonic() - began >= 0.5)


@scenario
def a_second_signal_ends_the_daemon_at_once(check: Checks):
    with family("term-twice", shutdown_grace_secs=600) as daemon:
        wake_both(check, daemon)
        stream = client.Stream(daemon.listen, "wrapped", max_tokens=2400)
        stream.next_event()
        daemon.signal(signal.SIGTERM)
        eventually(lambda: is_closing(daemon), "word of the first signal")
        check("the first alone lets the stream go on", stream.next_event(), "the stream ended")
        began = time.monotonic()
        daemon.signal(signal.SIGTERM)
        daemon.wait()
        # The first would have it wait for the end of the stream, two minutes.
        check.at_most("the second ends it", time.monotonic() - began, SOON)
        all_gone(check, daemon)


@scenario
def nothing_outlives_a_killed_daemon(check: Checks):
    with family("kill") as daemon:
        wake_both(check, daemon)
        daemon.signal(signal.SIGKILL)
        daemon.wait()
        all_gone(check, daemon)


@scenario
def nothing_outlives_a_daemon_killed_while_a_model_starts(check: Checks):
    models = {"slow": stub("--start-secs", "60")}
    with Daemon("kill-start", config(models)) as daemon:
        sent = client.Sent(daemon.listen, "slow")
        eventually(lambda: daemon.engine("slow"), "the slow engine's process")
        daemon.signal(signal.SIGKILL)
        daemon.wait()
        sent.leave()
        all_gone(check, daemon)


def is_closing(daemon: Daemon) -> bool:
    try:
        return client.get(daemon.listen, "/ready").status == 503
    except OSError:
        return True
