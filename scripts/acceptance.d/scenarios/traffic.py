"""What an operator sees: each model's traffic, its idleness and sleep, the history, the events and the page."""

import http.client
import json
import signal
import socket
import subprocess
import time

import client
import workspace
from checks import Checks, scenario
from configs import ANYWHERE, config, stub
from daemon import Daemon
from waiting import PATIENCE, SOON, eventually, holds_throughout, holds_until

FIFO = {"type": "fifo", "min_active_secs": 0}
# A daemon that would wait for ten minutes before it cuts off who is in its way at its end.
PATIENT = {"shutdown_grace_secs": 600}
BROKEN = {"backend": "command", "command": ["/nonexistent/server"], "port": 9}


def daemon_with(name: str, alpha=None, **options) -> Daemon:
    models = {"alpha": stub("--token-ms", "30", keep="offload", **(alpha or {})), "bravo": stub(), "broken": BROKEN}
    return Daemon(name, config(models, policy=FIFO, **options))


@scenario
def traffic_is_counted_as_clients_see_it(check: Checks):
    with daemon_with("traffic-stats") as daemon:
        for model in ("alpha", "alpha", "bravo", "broken"):
            client.chat(daemon.listen, model)

        def requests() -> dict:
            stats = client.get(daemon.admin, "/traffic/stats").json["traffic_stats"]
            keys = ("total_requests", "successful_requests", "failed_requests")
            return {model: tuple(of[key] for key in keys) for model, of in stats.items()}

        outcomes = {"alpha": (2, 2, 0), "bravo": (1, 1, 0), "broken": (1, 0, 1)}
        check.becomes("requests by model and outcome", requests, outcomes)
        stats = client.get(daemon.admin, "/traffic/stats").json["traffic_stats"]
        check.equal("the rate is that of the window", stats["alpha"]["request_rate"], 2 / 60)
        check("a mean where something succeeded", 0 < stats["alpha"]["avg_response_time"] < client.TIMEOUT, stats["alpha"])
        check.equal("and null where nothing did", stats["broken"]["avg_response_time"], None)

        def ended_under_way_and_idle() -> tuple:
            stats = client.get(daemon.admin, "/traffic/stats/alpha").json["model_stats"]
            return stats["total_requests"], stats["in_flight_requests"], stats["idle_time_seconds"]

        with daemon.held_stream("alpha") as stream:
            check.becomes("a request under way is no idle time, and has not ended", ended_under_way_and_idle, (3, 1, 0))
        check("the stream ends", stream.read_to_end().is_done)
        total_is(check, daemon, "then it has", 4)
        for _ in range(3):
            client.get(daemon.listen, "/upstream/alpha/health")
            client.get(daemon.listen, "/health/alpha")
            client.get(daemon.admin, "/metrics")
        total_is(check, daemon, "looking after a model is no use of it", 4)
        answer = client.get(daemon.admin, "/traffic/stats/nobody")
        check.equal("no data: 404", (answer.status, "nobody" in answer.text), (404, True))
        answer = client.get(daemon.listen, "/traffic/stats")
        check.equal("clients have no such route", answer.status, 404)


def total_is(check: Checks, daemon: Daemon, sentence: str, expected: int):
    """A request is counted when its last byte is out, which its client may see first."""
    stats = lambda: client.get(daemon.admin, "/traffic/stats/alpha").json["model_stats"]  # noqa: E731
    check.becomes(sentence, lambda: stats()["total_requests"], expected)


@scenario
def a_models_health_is_its_own_and_wakes_nobody(check: Checks):
    with daemon_with("health") as daemon:
        health = client.get(daemon.listen, "/health/all").json
        check.equal("nobody runs yet", health["models"], {"alpha": False, "bravo": False, "broken": False})
        check.equal("and nobody was woken", daemon.status()["state"], "idle")
        client.chat(daemon.listen, "alpha")

        def health_of_alpha() -> tuple:
            health = client.get(daemon.listen, "/health/alpha").json
            return health["model"], list(health["health"].values())

        check.becomes("who runs is well", health_of_alpha, ("alpha", [True]))
        check.equal("an unknown one: 404", client.get(daemon.listen, "/health/nobody").error_code, "model_not_found")


@scenario
def a_model_that_nobody_uses_goes_to_sleep(check: Checks):
    with daemon_with("idle-sleep", alpha={"idle_sleep_secs": 1}) as daemon:
        began = time.monotonic()
        stream = client.Stream(daemon.listen, "alpha", max_tokens=60)
        check("not during a request that takes longer", stream.read_to_end().is_done, stream.events[-2:])
        stays = holds_until(lambda: daemon.model_state("alpha") == "active", began + 60 * 0.03 + 1)
        check("nor right after it", stays, daemon.model_state("alpha"))
        eventually(lambda: daemon.model_state("alpha") == "asleep", "sleep")

        def last_switch() -> tuple:
            last = client.get(daemon.admin, "/control/history?limit=1").json["history"][0]
            return last["from"], last["to"], last["trigger"]

        check.becomes("nobody asked for it", last_switch, ("alpha", None, "idle"))
        status = client.get(daemon.admin, "/sleep/status").json
        check.equal("it is told as asleep", status["sleeping_models"]["alpha"]["manual_sleep"], False)
        check.equal("by itself", status["auto_sleep_enabled"], True)
        check.equal("a request wakes it", client.chat(daemon.listen, "alpha").status, 200)
        daemon.control("pin", model="alpha")
        stays = holds_throughout(lambda: daemon.model_state("alpha") == "active", 1.5)
        check("pinned, it stays awake", stays, daemon.model_state("alpha"))


@scenario
def orders_of_every_spelling_go_through_the_switcher(check: Checks):
    with daemon_with("orders") as daemon:
        answer = client.post(daemon.admin, "/model/wake/alpha")
        check.equal("wake", (answer.status, answer.json["success"]), (200, True))
        check.equal("it is active", daemon.status()["state"], "active:alpha")
        answer = client.post(daemon.admin, "/action/sleep/alpha")
        check.equal("sleep", (answer.status, answer.json["success"]), (200, True))
        check.equal("it is asleep", daemon.model_state("alpha"), "asleep")
        manual = client.get(daemon.admin, "/model/sleep/status").json["sleeping_models"]["alpha"]["manual_sleep"]
        check.equal("as the operator wanted", manual, True)
        answer = client.post(daemon.admin, "/action/wakeup/broken")
        check("a failure: 400 and why", answer.status == 400 and "/nonexistent" in answer.json["message"], answer)
        answer = client.post(daemon.admin, "/api/endpoints/wake")
        check.equal("all of them, one of which can't", (answer.status, len(answer.json["results"])), (500, 3))
        answer = client.post(daemon.admin, "/api/endpoints/sleep")
        check.equal("all of them to sleep", answer.status, 200)
        states = client.get(daemon.admin, "/api/endpoints/status").json["endpoints"]
        check.equal("as the states say", [states[model]["status"] for model in ("alpha", "bravo")], ["asleep", "stopped"])


class Events:
    """The stream of events, read as they come."""

    def __init__(self, daemon: Daemon, last_id: str | None = None):
        self.connection = http.client.HTTPConnection(daemon.admin.host, daemon.admin.port, timeout=PATIENCE)
        self.connection.request("GET", "/control/events", headers={"Last-Event-ID": last_id} if last_id else {})
        self.response = self.connection.getresponse()

    def next(self) -> tuple[str | None, str, dict] | None:
        fields = {}
        while line := self.response.readline():
            name, _, value = line.decode().rstrip("\n").partition(":")
            if name == "" and value == "" and "data" in fields:
                return fields.get("id"), fields["event"], json.loads(fields["data"])
            fields[name] = value.removeprefix(" ")
        return None

    def until(self, condition) -> list:
        events = []
        while (event := self.next()) is not None:
            events.append(event)
            if condition(event):
                return events
        raise RuntimeError(f"the stream ended after {events[-3:]}")


def is_active(model: str):
    return lambda event: event[1] == "state" and event[2]["state"] == f"active:{model}"


@scenario
def the_events_tell_what_happens_and_nothing_twice(check: Checks):
    with daemon_with("events", **PATIENT) as daemon:
        events = Events(daemon)
        check.equal("first the whole picture", events.next()[1:], ("state", events_picture(daemon)))
        client.chat(daemon.listen, "alpha")
        client.chat(daemon.listen, "bravo")
        told = events.until(is_active("bravo"))
        numbers = [int(event[0].rpartition("-")[2]) for event in told]
        check.equal("each has the next number", numbers, list(range(1, len(numbers) + 1)))
        phases = [event[2].get("phase") for event in told if event[1] == "switch" and event[2]["number"] == 2]
        check.equal("a switch tells its phases", phases, ["decided", "drain", "sleep", "wake", None])
        client.chat(daemon.listen, "broken")
        health = events.until(lambda event: event[1] == "health")[-1]
        check.equal("a model that fails", (health[2]["model"], health[2]["healthy"]), ("broken", False))
        daemon.control("mode", mode="manual")
        mode = events.until(lambda event: event[1] == "mode")[-1]
        check.equal("the mode", mode[2]["mode"], "manual")
        again = Events(daemon, last_id=told[2][0])
        check.equal("who comes back goes on where it was", again.next()[0], told[3][0])
        lost = Events(daemon, last_id="0123-7")
        check.equal("who was elsewhere is told of a gap", [lost.next()[1], lost.next()[1]], ["gap", "state"])
        check.equal("three follow", daemon.scrape().sum("switcher_event_subscribers"), 3)
        began = time.monotonic()
        daemon.signal(signal.SIGTERM)
        check.equal("the daemon ends in peace", daemon.wait(), 0)
        check.at_most("open streams don't hold it up", time.monotonic() - began, SOON)


def events_picture(daemon: Daemon) -> dict:
    return {
        "state": "idle",
        "active_model": None,
        "mode": {"mode": "auto", "pinned": None},
        "policy": "fifo",
        "models": {model: "stopped" for model in daemon.status()["models"]},
    }


@scenario
def a_reader_who_takes_nothing_holds_nobody_up(check: Checks):
    with daemon_with("events-stalled", **PATIENT) as daemon:
        stalled = Events(daemon)
        stalled.connection.sock.setsockopt(socket.SOL_SOCKET, client.socket.SO_RCVBUF, 4096)
        models = ["alpha", "bravo"] * 10
        statuses = {client.chat(daemon.listen, model, max_tokens=1).status for model in models}
        check.equal("requests and switches go on", statuses, {200})
        began = time.monotonic()
        daemon.signal(signal.SIGTERM)
        check.equal("the daemon ends in peace", daemon.wait(), 0)
        check.at_most("soon", time.monotonic() - began, SOON)


@scenario
def the_command_line_follows_the_events(check: Checks):
    with daemon_with("events-cli") as daemon:
        command = [str(workspace.BINARY), "events", "--admin", daemon.admin.url]
        with subprocess.Popen([*command, "--json"], stdout=subprocess.PIPE, text=True) as follower:
            first = json.loads(follower.stdout.readline())
            check.equal("JSON lines", (first["event"], first["data"]["state"]), ("state", "idle"))
            client.chat(daemon.listen, "alpha")
            second = json.loads(follower.stdout.readline())
            check.equal("as it happens", (second["event"], second["data"]["phase"]), ("switch", "decided"))
            follower.kill()
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as follower:
            check.contains("lines for a person", follower.stdout.readline(), "active:alpha", "bravo stopped")
            daemon.signal(signal.SIGTERM)
            daemon.wait()
            check.equal("a daemon that is gone for good: exit 3", follower.wait(PATIENCE), 3)
    gone = subprocess.run([*command], capture_output=True, text=True, timeout=PATIENCE)
    check.equal("one that was never there: exit 3", gone.returncode, 3)


@scenario
def the_page_shows_names_as_text(check: Checks):
    hostile = '"><script>alert(1)</script>'
    models = {hostile: stub(), "broken": BROKEN}
    with Daemon("page", {"listen": ANYWHERE, "policy": FIFO, "models": models}) as daemon:
        client.chat(daemon.listen, "broken")
        client.chat(daemon.listen, hostile)
        page = client.get(daemon.listen, "/")
        check.equal("it is there", (page.status, page.headers["content-type"]), (200, "text/html; charset=utf-8"))
        check.contains("the name is text", page.text, "&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;")
        check("and never markup", "<script>alert" not in page.text)
        check.contains("with who is active, and what failed", page.text, ">active</span>", ">failed</span>")
        check.contains("no other script may run", page.headers["content-security-policy"], "default-src 'none'", "nonce-")
        check("why it failed is not for everyone", "/nonexistent" not in page.text)
