"""What the README's first command gives."""

import json
import subprocess
import time

import client
import workspace
from checks import Checks, Missing, scenario
from configs import ANYWHERE
from daemon import Daemon

PROMPT = "Who are you?"


def as_the_readme_starts_it() -> Daemon:
    swift = workspace.tool("swift", "the Swift 6.3 toolchain, from swift.org")
    # Not at its own addresses, where somebody else may listen; and swift has the package to load before it.
    anywhere = {"SWITCHER_LISTEN": ANYWHERE, "SWITCHER_ADMIN_LISTEN": ANYWHERE}
    command = [swift, "run", "-c", "release", "switcher"]
    return Daemon("shipped-config", command=command, environment=anywhere, ready_within=300)


def openai_client(daemon: Daemon):
    try:
        import openai
    except ImportError as error:
        raise Missing(f"the openai package is not installed: {error}")
    return openai.OpenAI(base_url=f"{daemon.listen.url}/v1", api_key="none", max_retries=0, timeout=60)


@scenario
def the_shipped_config_answers_for_each_of_its_three_models_within_a_minute(check: Checks):
    shipped = json.loads((workspace.ROOT / "config.json").read_text())
    models = list(shipped["models"])
    check.equal("it has three models", len(models), 3)
    readme = (workspace.ROOT / "README.md").read_text()
    check.contains("the README tells where it listens", readme, *(shipped[key] for key in ("listen", "admin_listen")))
    with as_the_readme_starts_it() as daemon:
        began = time.monotonic()
        for model in models:
            answer = json.loads(curl(daemon, model, stream=False))
            said = answer["choices"][0]["message"]["content"]
            check.contains(f"{model} answers curl", said, model)
        check.at_most("all of them have answered", time.monotonic() - began, 60)

        openai = openai_client(daemon)
        for model in reversed(models):
            streamed = curl(daemon, model, stream=True)
            check.contains(f"{model} streams to curl", streamed, "data: {", "data: [DONE]")
            check.contains(f"{model} answers the openai client", completion(openai, model), model)
            said, events = streamed_completion(openai, model)
            check.contains(f"{model} streams to the openai client", said, model)
            check(f"{model} streams it in pieces", events > 3, f"{events} events")

        listed = [model.id for model in openai.models.list()]
        check.equal("the openai client lists them", listed, models)
        check.equal("and finds one by its name", openai.models.retrieve(models[1]).id, models[1])


def curl(daemon: Daemon, model: str, stream: bool) -> str:
    command = [
        workspace.tool("curl", "curl"), "--silent", "--show-error", "--fail-with-body", "--no-buffer",
        "--max-time", "60",
        f"{daemon.listen.url}/v1/chat/completions",
        "--header", "Content-Type: application/json",
        "--data", json.dumps(client.chat_body(model, stream=stream)),
    ]  # fmt: skip
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        raise RuntimeError(f"curl ended with {result.returncode}: {result.stdout} {result.stderr}")
    return result.stdout


def completion(openai, model: str) -> str:
    answer = openai.chat.completions.create(model=model, messages=[{"role": "user", "content": PROMPT}], max_tokens=8)
    return answer.choices[0].message.content


def streamed_completion(openai, model: str) -> tuple[str, int]:
    """What was said, and in how many events."""
    stream = openai.chat.completions.create(
        model=model, messages=[{"role": "user", "content": PROMPT}], max_tokens=8, stream=True
    )
    pieces = [chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices]
    return "".join(pieces), len(pieces)
