"""Two real llama.cpp servers, whose tiny models say in every answer which of them gave it."""

import subprocess
import sys
from pathlib import Path

import workspace
from checks import Checks, Missing, scenario
from configs import config
from daemon import Daemon
from scenarios.shipped_config import completion, openai_client, streamed_completion

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


@scenario
def two_real_llama_servers_take_turns(check: Checks):
    tools = workspace.shared_tools("real-servers", "REAL_SERVERS")
    try:
        import gguf  # noqa: F401
        import xllamacpp  # noqa: F401
    except ImportError as error:
        raise Missing(f"llama.cpp is not installed: {error}")

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
