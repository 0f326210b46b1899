"""What `serve --record` writes of the requests, and what `simulate` makes of it."""

import json
import signal
import time
from pathlib import Path

import client
import daemon as daemons
import workspace
from checks import Checks, scenario
from configs import config, stub
from daemon import Daemon
from waiting import eventually

TOKEN_MS = 20
START_SECS = 4


def models_and_one_broken() -> dict:
    flags = ["--token-ms", str(TOKEN_MS), "--start-secs", str(START_SECS), "--sleep-secs", "0.05"]
    models = {name: stub(*flags, keep="offload") for name in ("alpha", "bravo")}
    models["broken"] = stub("--fail", "start", fallback="bravo")
    return config(models, policy={"type": "fifo", "min_active_secs": 0})


def recording(name: str, file: Path) -> Daemon:
    return Daemon(name, models_and_one_broken(), environment={"SWITCHER_RECORD": str(file)})


def lines(file: Path) -> list[dict]:
    """All of them; one that is not whole is an error."""
    text = file.read_text()
    assert text == "" or text.endswith("\n"), text[-80:]
    return [json.loads(line) for line in text.splitlines()]


def simulate(directory: Path, file: Path) -> list[dict]:
    options = ["--trace", str(file), "--policies", "fifo,cost_aware", "--switch-cost", "1", "--json"]
    return json.loads(daemons.run_to_its_end("simulate", *options, directory=directory).stdout)


@scenario
def what_is_recorded_can_be_simulated(check: Checks):
    directory = workspace.fresh_directory("recordings")
    file = directory / "traffic.jsonl"
    with recording("record", file) as daemon:
        check.equal("the file is there from the start", lines(file), [])
        client.chat(daemon.listen, "alpha", max_tokens=1)
        client.chat(daemon.listen, "alpha", max_tokens=40)
        stream = client.Stream(daemon.listen, "alpha", max_tokens=30).read_to_end()
        began = time.monotonic()
        client.chat(daemon.listen, "bravo", max_tokens=1)
        switched_and_served = time.monotonic() - began
        check.equal("another stands in for one", client.chat(daemon.listen, "broken", max_tokens=20).status, 200)
        client.chat(daemon.listen, "charlie")
        check("a stream is among them", stream.is_done, stream.events[-2:])
        eventually(lambda: len(lines(file)) == 5, "the lines, while the daemon runs")
        daemon.control("mode", mode="manual")
        check.equal("one is turned away", client.chat(daemon.listen, "alpha").error_code, "manual_mode")
        last = client.Stream(daemon.listen, "bravo", max_tokens=30)
        last.next_event()
        daemon.signal(signal.SIGTERM)
        check("the last ends after the order to end", last.read_to_end().is_done, last.events[-2:])
        check.equal("the exit status is 0", daemon.wait(), 0)
    entries = lines(file)
    models = [entry["model"] for entry in entries]
    asked = ["alpha"] * 3 + ["bravo", "broken", "alpha", "bravo"]
    check.equal("a line a request for a model that there is, under the name that was asked for", models, asked)
    check.equal("times count from the first", entries[0]["at"], 0)
    check("and rise", all(one["at"] < next["at"] for one, next in zip(entries, entries[1:])), entries)
    services = [entry.get("service_secs") for entry in entries]
    check.equal("who was turned away has no service", services[5], None)
    least = [tokens * TOKEN_MS / 1000 * 0.9 for tokens in (1, 40, 30, 1, 20)]
    check("services last until the last byte", all(map(lambda one, two: one >= two, services[:5], least)), services)
    # Its client may have the last byte, and be gone on, long before the daemon notes so.
    longest = switched_and_served - START_SECS / 2
    check("and don't count the wait for the model", services[3] <= longest, f"{services[3]}, {switched_and_served}")
    check.equal("with nothing else in it", {key for entry in entries for key in entry}, {"at", "model", "service_secs"})

    rows = simulate(directory, file)
    check.equal("simulate runs each policy over it", [row["policy"] for row in rows], ["fifo", "cost_aware"])
    check.equal("with all of its requests", [row["requests"] for row in rows], [7, 7])

    with recording("record-again", file) as daemon:
        client.chat(daemon.listen, "bravo", max_tokens=1)
    more = lines(file)
    check.equal("another run leaves what is there", more[: len(entries)], entries)
    check("and goes on behind it", len(more) == 8 and more[-1]["at"] >= entries[-1]["at"], more[-1])


@scenario
def a_recording_that_can_not_be_made_keeps_the_daemon_from_starting(check: Checks):
    directory = workspace.fresh_directory("no-recording")
    before = json.dumps(models_and_one_broken())
    (directory / "config.json").write_text(before)
    for file, reason in [("/nonexistent/r.jsonl", "no such file"), ("config.json", "something else than a recording")]:
        result = daemons.run_to_its_end("--record", file, directory=directory)
        check.equal(f"{file}: exit status 2", result.returncode, 2)
        check.contains(f"{file}: said why", result.stdout, "--record", file, reason)
        check("nothing was started", '"ready"' not in result.stdout, result.stdout)
    check.equal("a file that is no recording is left alone", (directory / "config.json").read_text(), before)
