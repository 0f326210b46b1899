"""Two real llama.cpp servers, whose tiny models say in every answer which of them gave it."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import client
import workspace
from checks import Absent, Checks, Missing, scenario
from configs import config
from daemon import Daemon
from scenarios.shipped_config import completion, openai_client, streamed_completion
from waiting import eventually

MODELS = ["alpha", "bravo"]
REQUESTS = 20


def weights(tools: Path, model: str) -> Path:
    """The model's file, written on the first use."""
    path = workspace.STATE / "models" / f"{model}.gguf"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        subprocess.run([sys.executable, tools / "mkmodel.py", model, "--gguf", part], check=True, capture_output=True)
        part.rename(path)
    return path


def real_config(tools: Path) -> dict:
    def model(name: str) -> dict:
        command = [sys.executable, str(tools / "xllama.py"), str(weights(tools, name)), "${PORT}", "${MODEL}"]
        return {"backend": "command", "command": command, "startup_timeout_secs": 120}

    policy = {"type": "fifo", "min_active_secs": 0}
    return config({name: model(name) for name in MODELS}, policy=policy)


def tools_of_llama() -> Path:
    tools = workspace.shared_tools("real-servers", "REAL_SERVERS", otherwise=Absent)
    try:
        import gguf  # noqa: F401
        import xllamacpp  # noqa: F401
    except ImportError as error:
        raise Missing(f"llama.cpp is not installed: {error}")
    return tools


@scenario
def a_real_llama_server_is_stopped_with_a_request_in_flight(check: Checks):
    """It would not heed a TERM while somebody waits for an answer that is not streamed."""
    for streams in (False, True):
        kind = "a stream" if streams else "an answer in one piece"
        options = real_config(tools_of_llama())
        with Daemon(f"real-in-flight-{streams}", {**options, "shutdown_grace_secs": 0.5}) as daemon:
            body = {**client.chat_body("alpha", stream=streams, max_tokens=1_000_000), "ignore_eos": True}
            check.equal("it serves", client.chat(daemon.listen, "alpha").status, 200)
            endless = client.Sent(daemon.listen, "alpha", body=body)
            in_flight = lambda: daemon.status()["models"]["alpha"]["in_flight"] == 1  # noqa: E731
            eventually(in_flight, "the request in flight")
            began = time.monotonic()
            daemon.signal(signal.SIGTERM)
            check.equal(f"the daemon ends well with {kind} in flight", daemon.wait(), 0)
            # The grace of the requests, then at most that of the server.
            check.at_most("and soon", time.monotonic() - began, 0.5 + 10 + 10)
            check.equal("no process is left", daemon.left_behind(), [])
            endless.leave()


@scenario
def two_real_llama_servers_take_turns(check: Checks):
    tools = tools_of_llama()

    with Daemon("real-servers", real_config(tools)) as daemon:
        openai = openai_client(daemon)
        for number in range(REQUESTS):
            model, other = MODELS[number % 2], MODELS[1 - number % 2]
            # Two on each model in turn: both ways over both kinds of answer.
            if number // 2 % 2:
                said, events = streamed_completion(openai, model)
                check(f"{number + 1}: {model} streams", model in said and other not in said and events > 3, said)
            else:
                said = completion(openai, model)
                check(f"{number + 1}: {model} answers", model in said and other not in said, said)
            servers = [
                process.command[2] for process in daemon.left_behind() if "xllama.py" in "".join(process.command)
            ]
            check.equal(f"{number + 1}: {other}'s process is gone", servers, [str(weights(tools, model))])
        scrape = daemon.scrape()
        for way in ({"from": "alpha", "to": "bravo"}, {"from": "bravo", "to": "alpha"}):
            for phase in ("sleep", "wake"):
                found = scrape.sum("switcher_switch_phase_seconds_count", phase=phase, **way)
                check(f"the {phase} phase has switches {way}", found >= REQUESTS // 2 - 1, f"{found}")
