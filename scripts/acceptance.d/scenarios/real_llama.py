"""llama.cpp's own llama-server: one in router mode that serves two tiny models, and one for each model.

It has to be compiled, so it is only tried where LLAMA_SERVER names the program.
"""

import os
import signal
import subprocess
import time
from pathlib import Path

import client
import workspace
from checks import Absent, Checks, scenario
from client import Address
from configs import config, free_port
from daemon import Daemon
from scenarios.real_servers import weights
from waiting import eventually

MODELS = ["alpha", "bravo"]
SWITCHES = 10
FIFO = {"type": "fifo", "min_active_secs": 0}
# With the context's shift an answer without an end is one.
ARGUMENTS = "--host 127.0.0.1 -c 4096 -np 2 -t 2 --offline --context-shift".split()


def program() -> str:
    if path := os.environ.get("LLAMA_SERVER"):
        return str(Path(path).absolute())
    raise Absent("set LLAMA_SERVER to the path of llama.cpp's llama-server to try it")


def tools() -> Path:
    try:
        import gguf  # noqa: F401
    except ImportError as error:
        raise Absent(f"models can't be made: {error}")
    return workspace.shared_tools("real-servers", "REAL_SERVERS", otherwise=Absent)


class Router:
    """A router that somebody else runs; it knows the two models and a broken one, and loads at an order only."""

    def __init__(self, name: str):
        self.directory = workspace.fresh_directory(f"{name}-router")
        models = self.directory / "models"
        models.mkdir()
        for model in MODELS:
            (models / f"{model}.gguf").symlink_to(weights(tools(), model))
        (models / "broken.gguf").write_bytes(b"GGUF")
        self.address = Address("127.0.0.1", free_port())
        port = ["--port", str(self.address.port)]
        self.command = [program(), "--models-dir", str(models), "--no-models-autoload", *port, *ARGUMENTS]

    def __enter__(self) -> "Router":
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()

    def start(self):
        with open(self.directory / "log", "ab") as log:
            environment = {**os.environ, "LLAMA_CACHE": str(self.directory / "cache")}
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log, env=environment)

        def answers():
            try:
                return client.get(self.address, "/health").status == 200
            except OSError:
                return False

        eventually(answers, "the router")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def order(self, what: str, model: str) -> client.Answer:
        return client.post(self.address, f"/models/{what}", {"model": model})

    def states(self) -> dict[str, str]:
        return {entry["id"]: entry["status"]["value"] for entry in client.get(self.address, "/models").json["data"]}

    def awake(self) -> list[str]:
        return [model for model, state in self.states().items() if state != "unloaded"]

    def child(self, model: str) -> int:
        """The process that serves the model."""
        search = ["pgrep", "-P", str(self.process.pid), "-f", "--", f"--alias {model} "]
        found = subprocess.run(search, capture_output=True)
        return int(found.stdout.split()[0])


def routed(router: Router, *models: str, **options) -> dict:
    return config(
        {model: {"backend": "llama_cpp", "url": router.address.url} for model in models}, policy=FIFO, **options
    )


def says_its_name(check: Checks, daemon: Daemon, model: str, what: str):
    answer = client.chat(daemon.listen, model)
    check(f"{what}: {model} answers", model in (answer.content or ""), answer)


def phase_times(daemon: Daemon, phase: str) -> list[float]:
    switches = client.get(daemon.admin, f"/control/history?limit={SWITCHES}").json["history"]
    return [part["seconds"] for switch in switches for part in switch["phases"] if part["phase"] == phase]


def time_to_notice(daemon: Daemon) -> float:
    began = time.monotonic()
    eventually(lambda: daemon.model_state("alpha") != "active", "the loss of the model to be noticed", every=0.1)
    return time.monotonic() - began


@scenario
def models_of_a_real_llama_router_take_turns(check: Checks):
    with Router("real-llama-turns") as router:
        router.order("load", "bravo")
        eventually(lambda: router.states()["bravo"] == "loaded", "bravo, loaded by somebody else")
        with Daemon("real-llama-turns", routed(router, *MODELS, "broken", "nobody")) as daemon:
            says_its_name(check, daemon, "alpha", "bravo was left loaded")
            check.equal("which gave way", router.awake(), ["alpha"])
            for number in range(SWITCHES):
                model = MODELS[1 - number % 2]
                says_its_name(check, daemon, model, f"switch {number + 1}")
                check.equal("and it alone is loaded", router.awake(), [model])
            for phase in ("sleep", "wake"):
                times = phase_times(daemon, phase)
                check.at_most(f"the longest {phase} of {len(times)}", max(times), 10)
            stream = client.Stream(daemon.listen, "alpha").read_to_end()
            check("a stream is whole", stream.is_done and "alpha" in stream.text, stream.events)

            check.equal("put to sleep", daemon.control("sleep", model="alpha").status, 200)
            check.equal("it is unloaded", router.awake(), [])
            router.order("load", "alpha")
            says_its_name(check, daemon, "alpha", "somebody else has loaded it meanwhile")

            answer = client.chat(daemon.listen, "broken")
            said = (answer.status, answer.error_code)
            check.equal("a model that can't be loaded is told", said, (503, "switch_failed"))
            check.contains("with its exit status", answer.text, "could not be loaded: unloaded, failed, exit status 1")
            answer = client.chat(daemon.listen, "nobody")
            check.contains("one that the router does not know, too", answer.text, "GET /models says nothing of it")
            says_its_name(check, daemon, "alpha", "after that")
            daemon.signal(signal.SIGTERM)
            check.equal("the daemon ends well", daemon.wait(), 0)
        check.equal("and what it had loaded is unloaded", router.awake(), [])
        check.equal("the router goes on", router.process.poll(), None)


@scenario
def what_a_real_llama_router_loses_is_loaded_again(check: Checks):
    with Router("real-llama-loss") as router, Daemon("real-llama-loss", routed(router, *MODELS)) as daemon:
        says_its_name(check, daemon, "alpha", "at first")
        os.kill(router.child("alpha"), signal.SIGKILL)
        check.at_most("the end of the model's process was noticed after", time_to_notice(daemon), 10)
        says_its_name(check, daemon, "alpha", "its process was killed")

        router.kill()
        router.start()
        check.at_most("the router's restart was noticed after", time_to_notice(daemon), 10)
        # One that was lost twice in so short a time is let alone for a moment.
        recovered = lambda: client.chat(daemon.listen, "alpha").status == 200  # noqa: E731
        check("it answers after that", eventually(recovered, "an answer", every=0.2))

        router.kill()
        answer = client.chat(daemon.listen, "alpha")
        check.equal("without its router it can't be woken", (answer.status, answer.error_code), (503, "switch_failed"))
        router.start()
        check("it answers once the router is back", eventually(recovered, "an answer", every=0.2))


@scenario
def real_llama_servers_end_with_a_request_in_flight(check: Checks):
    """They wait for whoever waits for an answer in one piece, if they are left to themselves."""
    with Router("real-llama-in-flight") as router:
        for streams in (False, True):
            kind = "a stream" if streams else "an answer in one piece"
            options = {"shutdown_grace_secs": 0.5}
            plain = {
                model: {
                    "backend": "llama_cpp", "model_path": str(weights(tools(), model)), "command": [program()],
                    "extra_args": ARGUMENTS,
                }
                for model in MODELS
            }  # fmt: skip
            servers = {"a router's model": routed(router, *MODELS, **options), "a server": config(plain, **options)}
            for what, configuration in servers.items():
                with Daemon(f"real-llama-in-flight-{streams}", configuration) as daemon:
                    says_its_name(check, daemon, "alpha", what)
                    body = {**client.chat_body("alpha", stream=streams, max_tokens=100_000_000), "ignore_eos": True}
                    endless = client.Sent(daemon.listen, "alpha", body=body)
                    in_flight = lambda: daemon.status()["models"]["alpha"]["in_flight"] == 1  # noqa: E731
                    eventually(in_flight, "the request in flight")
                    began = time.monotonic()
                    daemon.signal(signal.SIGTERM)
                    check.equal(f"{what}: the daemon ends well with {kind} in flight", daemon.wait(30), 0)
                    check.at_most("and soon", time.monotonic() - began, 0.5 + 10 + 2)
                    check.equal("no process is left", daemon.left_behind(), [])
                    check.equal("nor a model in the router", router.awake(), [])
                    endless.leave()


@scenario
def two_plain_real_llama_servers_take_turns(check: Checks):
    models = {
        model: {
            "backend": "llama_cpp", "model_path": str(weights(tools(), model)), "command": [program()],
            "extra_args": ARGUMENTS,
        }
        for model in MODELS
    }  # fmt: skip
    with Daemon("real-llama-plain", config(models, policy=FIFO)) as daemon:
        for number in range(SWITCHES):
            model = MODELS[number % 2]
            says_its_name(check, daemon, model, f"switch {number + 1}")
            running = [process.command for process in daemon.left_behind() if program() in process.command]
            check("and its process alone runs", len(running) == 1 and f"{model}.gguf" in " ".join(running[0]), running)
        for phase in ("sleep", "wake"):
            times = phase_times(daemon, phase)
            check.at_most(f"the longest {phase} of {len(times)}", max(times), 10)
    eventually(lambda: not daemon.left_behind(), "the end of all processes")
