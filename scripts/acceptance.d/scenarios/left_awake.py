"""Models that were awake before the daemon was asked for any: one GPU has no room for another beside them."""

import signal
import subprocess

import client
import workspace
from checks import Checks, scenario
from client import Address
from configs import config, eviction, free_port
from daemon import Daemon
from hosts import Ollama
from scenarios.reload import reloads_in_the_log, rewrite
from waiting import eventually

FIFO = {"type": "fifo", "min_active_secs": 0}


def answered(daemon: Daemon, model: str) -> client.Answer:
    """The first answer that is no failure: while the daemon has yet to learn what its servers hold, as after a look
    that took too long, it may refuse."""

    def ask() -> client.Answer | None:
        answer = client.chat(daemon.listen, model)
        return answer if answer.status == 200 else None

    return eventually(ask, f"an answer of {model}", within=150, every=0.2)


@scenario
def what_ollama_has_loaded_already_gives_way(check: Checks):
    def models(*names: str) -> dict:
        options = {name: {"backend": "ollama", "url": ollama.url, "upstream_model": f"{name}:3b"} for name in names}
        return config(options, policy=FIFO)

    with Ollama() as ollama:
        ollama.loaded = ["bravo:3b"]
        with Daemon("left-loaded", models("alpha", "bravo")) as daemon:
            answer = answered(daemon, "alpha")
            check.equal("a model answers while another was loaded", answer.content, "I am alpha:3b")
            check.equal("and it alone is loaded then", ollama.loaded, ["alpha:3b"])
        ollama.loaded = ["bravo:3b"]
        with Daemon("left-loaded-added", models("alpha")) as daemon:
            answer = client.chat(daemon.listen, "alpha")
            check.equal("what nobody has configured is let alone", (answer.status, ollama.loaded), (503, ["bravo:3b"]))
            rewrite(daemon, models("alpha", "bravo"))
            daemon.signal(signal.SIGHUP)
            eventually(lambda: reloads_in_the_log(daemon) == 1, "the reload")
            answer = answered(daemon, "alpha")
            check.equal("what a reload adds gives way", (answer.content, ollama.loaded), ("I am alpha:3b", ["alpha:3b"]))
        check.equal("at its end the daemon unloads what it has loaded", ollama.loaded, [])


@scenario
def attached_servers_that_are_awake_already_give_way(check: Checks):
    gpu = workspace.fresh_directory("left-awake-gpu") / "lock"
    servers: dict[str, Address] = {}
    processes = []

    def start(model: str):
        """Somebody else's server, which has the GPU from its start on."""
        servers[model] = Address("127.0.0.1", free_port())
        command = [workspace.BINARY, "stub-engine", "--port", str(servers[model].port), "--model", model, "--gpu", gpu]
        processes.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

        def answers():
            try:
                return client.get(servers[model], "/health").status == 200
            except OSError:
                return False

        eventually(answers, f"the server of {model}")

    def asleep() -> list[str]:
        return [model for model in servers if client.get(servers[model], "/is_sleeping").json["is_sleeping"]]

    try:
        start("alpha")
        client.post(servers["alpha"], "/sleep?level=1")
        start("bravo")
        attached = {
            model: {"backend": "attached", "url": address.url, **eviction("offload")}
            for model, address in servers.items()
        }
        with Daemon("left-awake", config(attached, policy=FIFO)) as daemon:
            check.equal("the daemon found", asleep(), ["alpha"])
            answer = answered(daemon, "alpha")
            check("the model that slept answers", "alpha" in (answer.content or ""), answer)
            check.equal("and the other sleeps", asleep(), ["bravo"])
        # It leaves them as they are.
        with Daemon("left-awake", config(attached, policy=FIFO)) as daemon:
            answer = answered(daemon, "alpha")
            check("after a restart the model that is awake answers", "alpha" in (answer.content or ""), answer)
            answer = answered(daemon, "bravo")
            check("and then the other", "bravo" in (answer.content or ""), answer)
            check.equal("alone", asleep(), ["alpha"])
    finally:
        for process in processes:
            process.kill()
            process.wait()
