"""Processes that look like the daemon's own and are nobody's business, and orphans that are its own."""

import json
import signal
import socket
import subprocess
from contextlib import contextmanager

import client
import workspace
from checks import Checks, scenario
from configs import config, free_port, shell, stub
from daemon import Daemon
from waiting import eventually


@contextmanager
def stranger(port: int, *flags: str):
    """A stub engine with the very command line of the model `alpha`, started by somebody else."""
    command = [str(workspace.BINARY), "stub-engine", "--port", str(port), "--model", "alpha", *flags]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        eventually(lambda: listens(port), "the stranger's port")
        yield process
    finally:
        process.kill()
        process.wait()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@scenario
def a_stranger_survives_whatever_happens_to_the_daemon(check: Checks):
    for ending in (signal.SIGTERM, signal.SIGKILL):
        with stranger(free_port()) as process, Daemon(f"stranger-{ending.name}", config({"alpha": stub()})) as daemon:
            check.equal("alpha answers", client.chat(daemon.listen, "alpha", max_tokens=1).status, 200)
            check.equal("alpha is stopped", daemon.control("sleep", model="alpha").status, 200)
            check("the stranger with its command line lives", process.poll() is None)
            client.chat(daemon.listen, "alpha", max_tokens=1)
            daemon.signal(ending)
            daemon.wait()
            eventually(lambda: not daemon.left_behind(), "the end of the daemon's own")
            daemon.start()
            eventually(lambda: '"ready"' in daemon.log, "the next run")
            check(f"it outlives the daemon's end by {ending.name} and its next start", process.poll() is None)


@scenario
def a_stranger_on_the_port_survives_and_is_never_used(check: Checks):
    model = stub()
    with stranger(model["port"]) as process, Daemon("stranger-on-port", config({"alpha": model})) as daemon:
        answer = client.chat(daemon.listen, "alpha", max_tokens=1)
        check.equal("the model can't be had", answer.status, 503)
        check.contains("and the reason is told", answer.text, f"port {model['port']} is held by another process")
        daemon.signal(signal.SIGTERM)
        daemon.wait()
        check("the stranger lives", process.poll() is None)


@scenario
def orphans_of_a_daemon_killed_with_its_shepherds_end_at_the_next_start(check: Checks):
    # A worker that its parent's end does not touch, as an engine's worker processes are.
    script = 'setsid sleep 1000 & exec "$SWITCHER" stub-engine --port ${PORT} --model ${MODEL}'
    model = shell(script, env={"SWITCHER": "${SWITCHER}"})
    with Daemon("orphans", config({"alpha": model})) as daemon:
        check.equal("alpha answers", client.chat(daemon.listen, "alpha", max_tokens=1).status, 200)
        shepherds = [process for process in daemon.left_behind() if "--config" in process.command]
        check.equal("alpha has a shepherd", len(shepherds), 1)
        daemon.signal(signal.SIGSTOP)
        for shepherd in shepherds:
            shepherd.kill()
        daemon.signal(signal.SIGKILL)
        daemon.wait()

        def orphans() -> list[str]:
            return [process.command[0] for process in daemon.left_behind()]

        check.becomes("the worker alone has outlived them", orphans, ["sleep"])
        [orphan] = daemon.left_behind()
        daemon.start()
        eventually(lambda: '"ready"' in daemon.log, "the next run")
        check("the next run has ended it", not daemon.left_behind(), daemon.left_behind())
        said = [record for record in map(parsed, daemon.log.splitlines()) if "orphans" in record.get("msg", "")]
        check.equal("and says so", [record.get("pids") for record in said], [str(orphan.pid)])


def parsed(line: str) -> dict:
    try:
        return json.loads(line)
    except ValueError:
        return {}


@scenario
def a_models_output_can_be_read_and_followed_over_its_restart(check: Checks):
    with Daemon("model-log", config({"alpha": stub()})) as daemon:
        client.chat(daemon.listen, "alpha", max_tokens=1)
        daemon.engine("alpha").kill()
        eventually(lambda: daemon.model_state("alpha") != "active", "word of alpha's death")
        client.chat(daemon.listen, "alpha", max_tokens=1)
        text = client.get(daemon.admin, "/logs/alpha").text
        check.equal("both starts are told", text.count("*** switcher: started as process"), 2)
        check.contains("and the end between them", text, "*** switcher: killed by signal 9 ***")
        check.equal("an unknown model is none", client.get(daemon.admin, "/logs/bravo").status, 404)
        check.equal("clients don't get it", client.get(daemon.listen, "/logs/alpha").status, 404)
