"""How a daemon starts: its addresses first, then what an earlier run has left behind, and only then requests."""

import os
import subprocess
import time
from contextlib import contextmanager

import client
from checks import Checks, scenario
from client import Address
from configs import config, free_port, stub
from daemon import Daemon, run_to_its_end
from waiting import SOON, eventually


@contextmanager
def marked_by_an_earlier_run(daemon: Daemon, script: str):
    """A process with the mark of a run of this daemon's that is over, as an orphan bears it, and as a server does that was
    restored from a checkpoint."""
    # An id that is in use, but of a process that began when this one did not: with the machine.
    mark = f"1 {os.getpid()} 0 {os.readlink('/proc/self/ns/pid')} {daemon.directory / 'config.json'}"
    environment = {**os.environ, "SWITCHER_SERVER": mark}
    process = subprocess.Popen(["sh", "-c", script], env=environment, stdout=subprocess.PIPE)
    try:
        process.stdout.readline()
        yield process
    finally:
        process.kill()
        process.wait()


@scenario
def a_second_daemon_started_by_mistake_ends_nothing_of_the_first(check: Checks):
    address = f"127.0.0.1:{free_port()}"
    with Daemon("second-daemon", {**config({"alpha": stub(keep="offload")}), "listen": address}) as daemon:
        check.equal("alpha answers", client.chat(daemon.listen, "alpha", max_tokens=1).status, 200)
        engine = daemon.engine("alpha")
        with marked_by_an_earlier_run(daemon, "echo up; exec sleep 1000") as restored:
            second = run_to_its_end("--config", str(daemon.directory / "config.json"), directory=daemon.directory)
            check.equal("the second one ends with status 1", second.returncode, 1)
            check.contains("and says why", second.stdout, f"cannot listen on {address}: address already in use")
            check("a server that the first one restored lives", restored.poll() is None)
        check.equal("alpha's process is the same", daemon.engine("alpha"), engine)
        check.equal("alpha still answers", client.chat(daemon.listen, "alpha", max_tokens=1).status, 200)


@scenario
def the_daemon_is_not_ready_before_an_earlier_run_is_over(check: Checks):
    port = free_port()
    daemon = Daemon("start-sweep", {**config({"alpha": stub()}), "listen": f"127.0.0.1:{port}"})
    try:
        with marked_by_an_earlier_run(daemon, "trap '' TERM; echo up; while :; do sleep 1; done") as orphan:
            began = time.monotonic()
            daemon.start()
            ready = eventually(lambda: answer(Address("127.0.0.1", port)), "an answer of /ready")
            check("the orphan, which heeds no TERM, is gone by then", orphan.poll() is not None)
            check.equal("the first answer of /ready is 200", ready.status, 200)
            # It would stay for ever.
            check.at_most("it took little more than the 2 s that an orphan has", time.monotonic() - began, SOON)
    finally:
        daemon.end()


def answer(address: Address) -> client.Answer | None:
    try:
        return client.get(address, "/ready")
    except ConnectionRefusedError:
        return None
