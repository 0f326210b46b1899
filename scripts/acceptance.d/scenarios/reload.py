"""The configuration changes while clients are served."""

import json
import os
import signal
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor

import client
import workspace
from checks import Checks, scenario
from configs import config, stub
from daemon import Daemon
from waiting import PATIENCE, eventually

FIFO = {"type": "fifo", "min_active_secs": 0}
COST_AWARE = {"type": "cost_aware", "min_active_secs": 0, "max_wait_secs": 1}
CLIENTS = 16
# That are answered before the first reload, and after the last.
REQUESTS = 100


def two_models(**options) -> dict:
    flags = ["--token-ms", "1", "--sleep-secs", "0.01", "--wake-secs", "0.02"]
    return config({"alpha": stub(*flags, keep="offload"), "bravo": stub(*flags, keep="offload")}, **options)


def rewrite(daemon: Daemon, edited: dict):
    """Puts the file in place as editors and ConfigMaps do: whole, by a rename."""
    path = daemon.directory / "config.json"
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(edited, indent=2))
    os.replace(draft, path)


def pids(daemon: Daemon, models) -> dict:
    return {model: engine.pid if (engine := daemon.engine(model)) else None for model in models}


def reloads_in_the_log(daemon: Daemon) -> int:
    return sum(record.get("msg") == "reloaded" for record in daemon.records())


@scenario
def a_policy_is_swapped_under_load_without_a_loss(check: Checks):
    before = two_models(policy=FIFO)
    with Daemon("reload-policy", before) as daemon:
        for model in before["models"]:
            client.chat(daemon.listen, model)
        engines = pids(daemon, before["models"])
        answered = threading.Semaphore(0)
        is_over = threading.Event()

        def keep_asking(number: int) -> list[client.Answer]:
            answers = []
            while not is_over.is_set():
                answers.append(client.chat(daemon.listen, ["alpha", "bravo"][(number + len(answers)) % 2]))
                answered.release()
            return answers

        def more_are_answered():
            check("the clients are answered", all(answered.acquire(timeout=PATIENCE) for _ in range(REQUESTS)))

        with ThreadPoolExecutor(CLIENTS) as crowd:
            clients = [crowd.submit(keep_asking, number) for number in range(CLIENTS)]
            try:
                more_are_answered()
                rewrite(daemon, {**before, "policy": COST_AWARE})
                check.equal("the reload is done under load", daemon.control("reload").status, 200)
                rewrite(daemon, before)
                daemon.signal(signal.SIGHUP)
                eventually(lambda: reloads_in_the_log(daemon) == 2, "the second reload, by a signal")
                rewrite(daemon, {**before, "policy": COST_AWARE})
                daemon.signal(signal.SIGHUP)
                eventually(lambda: reloads_in_the_log(daemon) == 3, "the third reload")
                more_are_answered()
            finally:
                is_over.set()
        answers = [answer for one in clients for answer in one.result()]
        lost = [str(answer) for answer in answers if answer.status != 200]
        check.equal(f"no request of {len(answers)} was lost", lost, [])
        check.equal("no model was started anew", pids(daemon, before["models"]), engines)
        check.equal("the new policy decides", daemon.status()["policy"], "cost_aware")


@scenario
def a_configuration_with_faults_changes_nothing(check: Checks):
    before = two_models(policy=FIFO)
    with Daemon("reload-faults", before) as daemon:
        client.chat(daemon.listen, "alpha")
        status, engines = daemon.status_at_rest(), pids(daemon, before["models"])
        rewrite(daemon, {**before, "policy": {"type": "lifo"}, "modles": {}})
        answer = daemon.control("reload")
        check.equal("it is refused", answer.status, 400)
        faults = "\n".join((answer.json or {}).get("faults", []))
        check.contains("with all faults", faults, "config.json:", "policy.type", "modles", "did you mean models?")
        (daemon.directory / "config.json").write_text("{")
        daemon.signal(signal.SIGHUP)
        eventually(lambda: "not JSON" in daemon.log, "the reason in the log")
        check.equal("the status is as it was", daemon.status(), status)
        check.equal("the models run on", pids(daemon, before["models"]), engines)
        check.equal("and are served", client.chat(daemon.listen, "bravo").status, 200)


@scenario
def models_are_added_changed_and_removed(check: Checks):
    before = two_models(policy=FIFO)
    with Daemon("reload-models", before) as daemon:
        stream = client.Stream(daemon.listen, "alpha", max_tokens=400)
        check("a stream begins on alpha", stream.next_event(), stream.status)
        charlie = stub("--token-ms", "1", keep="offload", aliases=["charles"])
        bravo = {**before["models"]["bravo"], "aliases": ["barney"]}
        rewrite(daemon, {**before, "models": {"bravo": bravo, "charlie": charlie}})
        answer = daemon.control("reload")
        changes = {key: (answer.json or {}).get(key) for key in ("added", "removed", "renewed")}
        check.equal("it says what it did", changes, {"added": ["charlie"], "removed": ["alpha"], "renewed": []})
        answer = client.chat(daemon.listen, "alpha")
        check.equal("the removed model is unknown", (answer.status, answer.error_code), (404, "model_not_found"))
        waiting = client.Sent(daemon.listen, "charles")
        check("the stream on it ends in peace", stream.read_to_end().is_done, stream.events[-2:])
        check.equal("then the added model is served, by its alias", waiting.answer().status, 200)
        eventually(lambda: daemon.engine("alpha") is None, "the removed model's process is gone")
        eventually(lambda: "alpha" not in daemon.status()["models"], "the removed model is gone from the status")
        check.equal("a new alias counts", client.chat(daemon.listen, "barney").status, 200)
        engines = pids(daemon, ["bravo", "charlie"])
        slower = {**charlie, "env": {"SOMETHING": "else"}}
        rewrite(daemon, {**before, "models": {"bravo": bravo, "charlie": slower}, "admin_token": "another-secret"})
        answer = daemon.control("reload")
        check.equal("a model with other settings is renewed", (answer.json or {}).get("renewed"), ["charlie"])
        warnings = "\n".join((answer.json or {}).get("warnings", []))
        check.contains("what needs a restart is said", warnings, "admin_token")
        check("but not what it is", "another-secret" not in daemon.log + answer.text, answer)
        check.equal("the renewed model is served", client.chat(daemon.listen, "charlie").status, 200)
        now = pids(daemon, ["bravo", "charlie"])
        check.equal("the unchanged one runs on", now["bravo"], engines["bravo"])
        check("the renewed one has a new server", now["charlie"] not in (None, engines["charlie"]), now)
        scrape = daemon.scrape()
        labels = [labels for labels, _ in scrape.series("switcher_requests_total")]
        check("the added model has its metrics", any(one.get("model") == "charlie" for one in labels), labels[:3])


@scenario
def the_model_that_is_to_be_there_changes(check: Checks):
    alpha, bravo = stub(keep="offload"), stub(keep="offload")
    with Daemon("reload-preload", config({"alpha": {**alpha, "preload": True}, "bravo": bravo})) as daemon:
        eventually(lambda: daemon.status()["state"] == "active:alpha", "alpha")
        rewrite(daemon, config({"alpha": alpha, "bravo": {**bravo, "preload": True}}))
        check.equal("a reload that names bravo is taken", daemon.control("reload").status, 200)
        eventually(lambda: daemon.status()["state"] == "active:bravo", "bravo")
        switch = client.get(daemon.admin, "/control/history").json["history"][0]
        found = (switch["from"], switch["to"], switch["trigger"])
        check.equal("bravo is woken in the place of alpha", found, ("alpha", "bravo", "reload"))


# Says yes to all, and heeds no order to end.
STUBBORN = """
import http.server, signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
    do_POST = do_GET
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


@scenario
def a_port_goes_from_a_model_that_takes_long_to_end_to_another(check: Checks):
    bravo = stub(keep="offload")
    command = ["python3", "-c", STUBBORN, "${PORT}"]
    alpha = {**stub(keep="offload"), "command": command, "stop_grace_secs": 5}
    with Daemon("reload-port", config({"alpha": alpha, "bravo": bravo}, policy=FIFO)) as daemon:
        for model in ("alpha", "bravo"):
            check.equal(f"{model} answers", client.chat(daemon.listen, model, max_tokens=1).status, 200)
        rewrite(daemon, config({"bravo": bravo, "charlie": {**stub(), "port": alpha["port"]}}, policy=FIFO))
        check.equal("a reload gives alpha's port to charlie", daemon.control("reload").status, 200)
        answer = client.chat(daemon.listen, "charlie", max_tokens=1)
        check("charlie answers once alpha's server has ended", answer.status == 200, answer)


@scenario
def the_policy_alone_is_shown_and_swapped(check: Checks):
    with Daemon("reload-policy-route", two_models(policy=FIFO)) as daemon:
        shown = client.get(daemon.admin, "/control/policy").json
        check.equal("GET tells the policy with its options", shown, {"type": "fifo", "min_active_secs": 0})
        answer = client.post(daemon.admin, "/control/policy", {"type": "cost_aware", "max_wait_secs": 7})
        check.equal("POST swaps it", answer.status, 200)
        shown = client.get(daemon.admin, "/control/policy").json
        check.equal("as GET tells", (shown["type"], shown["max_wait_secs"]), ("cost_aware", 7))
        check.equal("and the status", daemon.status()["policy"], "cost_aware")
        answer = client.post(daemon.admin, "/control/policy", {"type": "lifo", "min_active_sex": 1})
        check.equal("a wrong one is refused", answer.status, 400)
        check.equal("with all its faults", len((answer.json or {}).get("faults", [])), 1)
        check.equal("and changes nothing", client.get(daemon.admin, "/control/policy").json, shown)
        check.equal("requests are served", client.chat(daemon.listen, "bravo").status, 200)


@scenario
def the_command_line_reloads(check: Checks):
    before = two_models(policy=FIFO)
    with Daemon("reload-command", before) as daemon:
        admin = f"http://{daemon.admin.host}:{daemon.admin.port}"

        def reload() -> subprocess.CompletedProcess:
            command = [str(workspace.BINARY), "reload", "--admin", admin]
            return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)

        rewrite(daemon, {**before, "policy": COST_AWARE})
        done = reload()
        check.equal("it exits with 0", done.returncode, 0)
        check.contains("and says what is in force", done.stdout, "cost_aware")
        rewrite(daemon, {**before, "models": {}})
        refused = reload()
        check.equal("a refusal exits with 4", refused.returncode, 4)
        check.contains("and says why", refused.stderr, "models", "at least one model")


@scenario
def a_fallback_stands_in_for_a_model_that_can_not_be_woken(check: Checks):
    models = {
        "broken": stub("--fail", "start", fallback="alsobroken"),
        "alsobroken": stub("--fail", "start", fallback="bravo"),
        "bravo": stub(keep="offload"),
    }
    with Daemon("fallback", config(models, policy=FIFO)) as daemon:
        for attempt in ("at first", "and at once while it is left alone"):
            answer = client.chat(daemon.listen, "broken")
            check.equal(f"the request is served {attempt}", answer.status, 200)
            check.equal("the answer names who stood in", answer.headers.get("x-switcher-model"), "bravo")
            check("and is of that model", "bravo" in (answer.content or ""), answer)
        answer = client.chat(daemon.listen, "bravo")
        check.equal("else there is no such field", answer.headers.get("x-switcher-model"), None)
