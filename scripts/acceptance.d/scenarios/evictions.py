"""How models give the GPU up: changed while running, refused where it frees nothing, and from disk and back."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import client
from checks import Absent, Checks, scenario
from configs import config, eviction, stub
from daemon import Daemon
from waiting import eventually
from workspace import ROOT, fresh_directory

FIFO = {"type": "fifo", "min_active_secs": 0}
STOP = {"weights": "retain", "process": "stop"}
KEEP = {"weights": "retain", "process": "keep_running"}


def set_by(daemon: Daemon, model: str) -> dict:
    return client.get(daemon.admin, "/control/eviction").json["models"][model]


@scenario
def an_eviction_is_changed_while_running(check: Checks):
    models = {"alpha": stub(keep="offload"), "bravo": stub(keep="offload")}
    with Daemon("evictions", config(models, policy=FIFO)) as daemon:
        client.chat(daemon.listen, "alpha")
        sleeping = {"weights": "offload", "process": "keep_running"}
        check.equal("it is as configured", set_by(daemon, "alpha")["eviction"], sleeping)
        check.equal("and the process runs", set_by(daemon, "alpha")["process_state"], "running")
        answer = daemon.control("eviction", model="alpha", eviction=STOP)
        check("it is set", answer.status == 200 and "alpha" in answer.json["message"], answer)
        check.equal("and told", set_by(daemon, "alpha"), {
            "eviction": STOP, "is_configured": False, "process_state": "running",
        })
        client.chat(daemon.listen, "bravo")
        check.equal("the next switch stops the model", daemon.model_state("alpha"), "stopped")
        check.equal("and the other one sleeps as configured", set_by(daemon, "bravo")["is_configured"], True)
        check.equal("a reload", daemon.control("reload").status, 200)
        check.equal("takes it back", set_by(daemon, "alpha")["eviction"], sleeping)
        for number, words in ((2, "discard+keep_running"), (5, "retain+stop")):
            answer = daemon.control("eviction", model="alpha", eviction=number)
            check.contains("a number of old is understood", answer.text, words)


@scenario
def an_eviction_that_frees_nothing_or_can_not_be_is_refused(check: Checks):
    plain = stub(eviction="retain+stop")
    with Daemon("evictions-refused", config({"alpha": plain, "bravo": stub(keep="offload")}, policy=FIFO)) as daemon:
        client.chat(daemon.listen, "alpha")
        for action in ("sleep", "eviction"):
            answer = daemon.control(action, model="alpha", eviction=KEEP)
            check.equal(f"{action}: a model that would keep the shared GPU full: 409", answer.status, 409)
            check.contains("and why", answer.json["error"], "the model shares the GPU with bravo")
            answer = daemon.control(action, model="alpha", eviction="offload+keep_running")
            check.equal("a model without sleep steps: 409", answer.status, 409)
            answer = daemon.control(action, model="alpha", eviction="retain+checkpoint")
            check("one that was not started for it: 409", answer.status == 409 and "file" in answer.json["error"], answer)
            check.equal("an unknown model: 404", daemon.control(action, model="nobody", eviction=STOP).status, 404)
            check.equal("a wrong word: 400", daemon.control(action, model="alpha", eviction="keep").status, 400)
        check.equal("no eviction: 400", daemon.control("eviction", model="alpha").status, 400)
        check.equal("nothing has changed", daemon.status_at_rest()["state"], "active:alpha")


def on_disk(name: str, criu: Path = ROOT / "scripts/fakes/criu") -> tuple[dict, Path]:
    """Two models that are written to disk, and where CRIU's stand-in writes down what it is told."""
    site = fresh_directory(name + "-checkpoints")
    (site / "criu").symlink_to(criu)
    steps = {key: value for key, value in eviction("offload").items() if key != "eviction"}
    models = {model: stub(**steps) | {"eviction": "offload+checkpoint"} for model in ("alpha", "bravo")}
    checkpoint = {"criu_path": str(site / "criu"), "images_dir": str(site / "images")}
    return config(models, policy=FIFO, checkpoint=checkpoint), site


@scenario
def a_model_is_written_to_disk_and_comes_back(check: Checks):
    settings, site = on_disk("checkpoint")
    with Daemon("checkpoint", settings) as daemon:

        def verbs() -> list[str]:
            return [line.split()[1] for line in (site / "calls").read_text().splitlines()]

        client.chat(daemon.listen, "alpha")
        first = daemon.engine("alpha")
        check.equal("another model is served", client.chat(daemon.listen, "bravo").status, 200)
        check.equal("this one sleeps", daemon.model_state("alpha"), "asleep")
        check.equal("on disk, without a process", daemon.engine("alpha"), None)
        check.equal("its wake", client.chat(daemon.listen, "alpha").status, 200)
        check.equal("is a restore", verbs(), ["dump", "dump", "restore"])
        second = daemon.engine("alpha")
        check("by a process of its own", second and second != first, f"{first} {second}")
        client.chat(daemon.listen, "bravo")
        check.equal("kept images are not made again", verbs(), ["dump", "dump", "restore", "restore"])
        daemon.engine("bravo").kill()
        check.equal("a restored model that dies is started cold", client.chat(daemon.listen, "bravo").status, 200)
        check.equal("whatever is on disk", verbs(), ["dump", "dump", "restore", "restore"])


@scenario
def a_restored_model_does_not_outlive_the_daemon(check: Checks):
    for end in (signal.SIGTERM, signal.SIGKILL):
        settings, _ = on_disk(f"checkpoint-{end.name}")
        with Daemon(f"checkpoint-{end.name}", settings) as daemon:
            for model in ("alpha", "bravo", "alpha"):
                client.chat(daemon.listen, model)
            check("a restored model serves", daemon.engine("alpha"), "no process")
            daemon.signal(end)
            daemon.wait()
            eventually(lambda: not daemon.left_behind(), f"nothing left after {end.name}")
            check.equal(f"nothing is left after {end.name}", daemon.left_behind(), [])


def real_criu() -> Path:
    """CRIU 4 itself, where it is and may do its work."""
    program = os.environ.get("CRIU") or shutil.which("criu")
    if not program:
        raise Absent("criu is not installed (set CRIU to its path)")
    check = subprocess.run([program, "check"], capture_output=True, text=True)
    if check.returncode != 0:
        raise Absent(f"{program} check: {check.stderr.strip().splitlines()[-1]}")
    return Path(program)


@scenario
def criu_itself_writes_a_model_to_disk_and_brings_it_back(check: Checks):
    settings, site = on_disk("criu", real_criu())
    with Daemon("criu", settings) as daemon:
        client.chat(daemon.listen, "alpha")
        first = daemon.engine("alpha")
        for turn in ("once", "and again"):
            check.equal(f"another model is served, {turn}", client.chat(daemon.listen, "bravo").status, 200)
            check.equal("this one has no process", daemon.engine("alpha"), None)
            images = list((site / "images/alpha").glob("*.img"))
            check("but images", len(images) > 5, images)
            answer = client.chat(daemon.listen, "alpha")
            check("it is served when it is back", answer.status == 200 and "alpha" in answer.text, answer)
            second = daemon.engine("alpha")
            check("in the process that it was", second and second.pid == first.pid, f"{first} {second}")
        restores = [record for record in daemon.records() if record.get("msg") == "wake failed"]
        check.equal("no wake failed", restores, [])
        daemon.engine("alpha").kill()
        eventually(lambda: daemon.model_state("alpha") != "active", "word of alpha's death")
        check.equal("its death is noticed, and it is started cold", client.chat(daemon.listen, "alpha").status, 200)
        client.chat(daemon.listen, "bravo")
        client.chat(daemon.listen, "alpha")
        daemon.signal(signal.SIGKILL)
        daemon.wait()
        eventually(lambda: not daemon.left_behind(), "nothing left after SIGKILL")
        check.equal("nothing outlives the daemon", daemon.left_behind(), [])
