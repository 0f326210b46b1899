"""Real vLLM servers, on the CPU: with a plugin that gives sleep its effect, a wake without its reload would answer nothing.

They take gigabytes to install and half a minute to start, so they are only tried where VLLM names the program.
"""

import os
import subprocess
import time
from pathlib import Path

import client
import workspace
from checks import Absent, Checks, scenario
from configs import config
from daemon import Daemon
from waiting import eventually

# The level of sleep of each.
EVICTIONS = {"alpha": "offload+keep_running", "bravo": "discard+keep_running"}
SWITCHES = 10
START_WITHIN = 180.0


def vllm() -> Path:
    if program := os.environ.get("VLLM"):
        return Path(program)
    raise Absent("set VLLM to the path of vLLM's program to try it")


def weights(program: Path, model: str) -> Path:
    """The model's directory, written on the first use; what it says begins with its name."""
    tools = workspace.shared_tools("real-servers", "REAL_SERVERS", otherwise=Absent)
    path = workspace.STATE / "models" / f"{model}-hf"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        python = program.parent / "python"
        subprocess.run([python, tools / "mkmodel.py", model, "--hf", path], check=True, capture_output=True)
    return path


def vllm_config(**environments: dict[str, str]) -> dict:
    program = vllm()
    arguments = "--host 127.0.0.1 --enforce-eager --max-model-len 512 --dtype float32 --max-num-seqs 8".split()
    offline = {"VLLM_CPU_KVCACHE_SPACE": "1", "HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1"}
    models = {
        model: {
            "model_path": str(weights(program, model)),
            "extra_args": arguments,
            "eviction": eviction,
            "env": {**offline, **environments.get(model, {})},
        }
        for model, eviction in EVICTIONS.items()
    }
    policy = {"type": "fifo", "min_active_secs": 0}
    return config(models, policy=policy, vllm_command=str(program))


def leaders(daemon: Daemon) -> dict[str, int]:
    """The process of each model that its children descend from."""
    return {
        model: process.pid
        for process in daemon.left_behind()
        for model in EVICTIONS
        if "serve" in process.command and any(part.endswith(f"{model}-hf") for part in process.command)
    }


def says_its_name(check: Checks, daemon: Daemon, model: str, what: str):
    body = {"model": model, "prompt": "Hello", "max_tokens": 5, "temperature": 0}
    answer = client.post(daemon.listen, "/v1/completions", body, timeout=START_WITHIN)
    said = answer.json["choices"][0]["text"] if answer.status == 200 else str(answer)
    check(f"{what}: {model} answers", model in said, repr(said))


@scenario
def two_real_vllm_servers_sleep_and_wake(check: Checks):
    with Daemon("real-vllm", vllm_config()) as daemon:
        for model in EVICTIONS:
            says_its_name(check, daemon, model, "a cold start")
        before = leaders(daemon)
        for number in range(SWITCHES):
            says_its_name(check, daemon, list(EVICTIONS)[number % 2], f"switch {number + 1}")
        check.equal("the processes are those of the start", leaders(daemon), before)
        switches = client.get(daemon.admin, f"/control/history?limit={SWITCHES}").json["history"]
        for model, eviction in EVICTIONS.items():
            for phase, key in (("sleep", "from"), ("wake", "to")):
                times = [
                    part["seconds"]
                    for switch in switches
                    if switch[key] == model
                    for part in switch["phases"]
                    if part["phase"] == phase
                ]
                check.at_most(f"{model} ({eviction}): the longest {phase} of {len(times)}", max(times), 10)

        os.kill(before["alpha"], 9)
        died = time.monotonic()
        says_its_name(check, daemon, "alpha", "its leader was killed")
        check.at_most("it was there again after", time.monotonic() - died, START_WITHIN)
        check("with another process", leaders(daemon)["alpha"] != before["alpha"])
    eventually(lambda: not daemon.left_behind(), "the end of all processes")
    check.equal("no process is left", daemon.left_behind(), [])


@scenario
def a_real_vllm_server_that_does_not_wake_is_started_afresh(check: Checks):
    with Daemon("real-vllm-wake-fails", vllm_config(alpha={"CPU_WAKE_FAIL": "1"})) as daemon:
        for model in EVICTIONS:
            says_its_name(check, daemon, model, "a cold start")
        before = leaders(daemon)
        says_its_name(check, daemon, "alpha", "its wake failed")
        check("by another process", leaders(daemon)["alpha"] != before["alpha"])
        failures = [record["failure"] for record in daemon.records() if record.get("msg") == "wake failed"]
        check.contains("the log names the step", " ".join(failures), "wake step 1/1 failed: POST /wake_up returned 500")
