"""The verbs that try a model: `switcher validate` and `switcher checkpoint`."""

import json
import subprocess

import client
import workspace
from checks import Checks, scenario
from configs import config, stub
from daemon import Daemon
from scenarios.evictions import on_disk

FIFO = {"type": "fifo", "min_active_secs": 0}


def switcher(daemon: Daemon, *words: str, admin: str | None = None) -> subprocess.CompletedProcess:
    return subprocess.run(
        [str(workspace.BINARY), *words, "--admin", admin or daemon.admin.url],
        capture_output=True,
        text=True,
        timeout=60,
    )


def validate(daemon: Daemon, model: str, *words: str) -> tuple[int, list[dict]]:
    """The exit status and the cycles."""
    run = switcher(daemon, "validate", model, "--json", "--url", daemon.listen.url, *words)
    return run.returncode, json.loads(run.stdout or "[]")


@scenario
def validate_tells_whether_a_model_comes_back_as_it_was(check: Checks):
    times = ("--sleep-secs", "0.3", "--wake-secs", "0.2")
    forgetful = stub(keep="discard")
    forgetful["wake_endpoints"] = [{"endpoint": "/wake_up"}]
    models = {
        "good": stub(*times, keep="offload"),
        "insomniac": stub("--fail", "sleep", keep="offload"),
        "coma": stub("--fail", "wake", keep="offload"),
        "forgetful": forgetful,
        "other": stub(),
    }
    with Daemon("validate", config(models, policy=FIFO)) as daemon:
        status, [kept, stopped] = validate(daemon, "good", "--policies", "offload+keep_running,retain+stop")
        check.equal("both ways are well", (status, kept["ok"], stopped["ok"]), (0, True, True))
        check.equal("the answer is the same", (kept["answer"], stopped["answer"]), ("identical", "identical"))
        check("the times are the model's own", kept["sleep_secs"] >= 0.3 and kept["wake_secs"] >= 0.2, kept)
        run = switcher(daemon, "validate", "good", "--url", daemon.listen.url)
        check.contains("the table", run.stdout, "eviction", "offload+keep_running", "identical", "ok")
        check.equal("and its exit status", run.returncode, 0)
        for model, failure in [
            ("insomniac", "could not be put to sleep"),
            ("coma", "could not be woken"),
            ("forgetful", "no answer after it woke"),
        ]:
            status, [cycle] = validate(daemon, model, "--policies", "offload+keep_running")
            check.equal(f"{model}: exit status 1", (status, cycle["ok"]), (1, False))
            check.contains(f"{model}: and why", cycle["failure"] or "", failure)


@scenario
def validate_leaves_manual_mode_as_it_was(check: Checks):
    models = {"alpha": stub(keep="offload"), "bravo": stub(keep="offload")}
    with Daemon("validate-manual", config(models, policy=FIFO)) as daemon:
        daemon.control("pin", model="bravo")
        status, _ = validate(daemon, "alpha")
        check.equal("it is well", status, 0)
        found = daemon.status()
        check.equal("the pin is where it was", (found["mode"]["pinned"], found["state"]), ("bravo", "active:bravo"))


@scenario
def validate_says_what_keeps_it_from_trying(check: Checks):
    with Daemon("validate-refused", config({"alpha": stub()})) as daemon:
        run = switcher(daemon, "validate", "nobody")
        check.equal("an unknown model", (run.returncode, "nobody" in run.stderr), (4, True))
        run = switcher(daemon, "validate", "alpha", admin="http://127.0.0.1:9")
        check.equal("no daemon", run.returncode, 3)
        run = switcher(daemon, "validate", "alpha", "--policies", "all")
        check.equal("no eviction", (run.returncode, "--policies" in run.stderr), (2, True))
        run = switcher(daemon, "checkpoint", "nobody")
        check.equal("no model to checkpoint", (run.returncode, "nobody" in run.stderr), (4, True))


@scenario
def checkpoint_keeps_a_model_on_disk(check: Checks):
    settings, site = on_disk("verb-checkpoint")
    with Daemon("verb-checkpoint", settings) as daemon:
        run = switcher(daemon, "checkpoint", "alpha")
        check.equal("it is done", (run.returncode, run.stderr), (0, ""))
        check.equal("the model sleeps", daemon.model_state("alpha"), "asleep")
        check.equal("without a process", daemon.engine("alpha"), None)
        check.contains("criu was told to", (site / "calls").read_text(), "criu dump")
        status, [cycle] = validate(daemon, "alpha")
        check.equal("it comes back as it was", (status, cycle["eviction"]), (0, "offload+checkpoint"))


@scenario
def a_checkpoint_that_fails_is_told(check: Checks):
    settings, site = on_disk("verb-no-checkpoint")
    settings["checkpoint"]["criu_path"] = "/nonexistent/criu"
    settings["models"]["plain"] = stub()
    with Daemon("verb-no-checkpoint", settings) as daemon:
        run = switcher(daemon, "checkpoint", "alpha")
        check.equal("it is no success", run.returncode, 1)
        check.contains("and why", run.stderr, "could not be checkpointed")
        run = switcher(daemon, "checkpoint", "plain")
        check.equal("one that was not started for it is refused", run.returncode, 4)
        check.contains("with the reason", run.stderr, "configured eviction is checkpoint")
