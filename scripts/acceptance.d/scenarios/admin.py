"""What an operator can ask for, and what becomes of the clients meanwhile."""

import time

import client
from checks import Checks, scenario
from configs import config, stub
from daemon import Daemon
from waiting import SOON, eventually, holds_throughout

FIFO = {"type": "fifo", "min_active_secs": 0}


def two_models(name: str, **options) -> Daemon:
    models = {"alpha": stub("--token-ms", "30", keep="offload"), "bravo": stub(keep="discard"), **options}
    return Daemon(name, config(models, policy=FIFO))


def refused_at_once(check: Checks, daemon: Daemon, model: str, active: str):
    began = time.monotonic()
    answer = client.chat(daemon.listen, model)
    found = (answer.status, answer.error_code, answer.headers.get("x-should-retry"))
    check(f"{model} is refused: manual mode", found == (503, "manual_mode", "false"), f"{found} {answer}")
    check.contains("and told who is active", answer.text, active)
    # Who is made to wait here waits for minutes.
    check.at_most("at once", time.monotonic() - began, SOON)


def done(check: Checks, sentence: str, answer: client.Answer):
    message = (answer.json or {}).get("message")
    check(sentence, answer.status == 200 and isinstance(message, str) and message, answer)


@scenario
def the_status_has_the_shape_that_scripts_know(check: Checks):
    with two_models("admin-status") as daemon:
        status = daemon.status()
        check.equal("nobody is active at first", (status["state"], status.get("active_model")), ("idle", None))
        client.chat(daemon.listen, "alpha")
        status = daemon.status_at_rest()
        check.equal("then one is", (status["state"], status["active_model"]), ("active:alpha", "alpha"))
        check.equal("the mode is auto", status["mode"]["mode"], "auto")
        check.equal("the policy is named", status["policy"], "fifo")
        check.equal("every model is there", set(status["models"]), {"alpha", "bravo"})
        alpha = {
            key: status["models"]["alpha"].get(key) for key in ("in_flight", "queue_depth", "state", "process_state")
        }
        expected = {"in_flight": 0, "queue_depth": 0, "state": "active", "process_state": "running"}
        check.equal("a model says how it is", alpha, expected)
        with daemon.held_stream("alpha") as stream:
            waiting = client.Sent(daemon.listen, "bravo")
            eventually(lambda: daemon.status()["models"]["bravo"]["queue_depth"] == 1, "one who waits for bravo")
            status = daemon.status()
            check.equal("a switch under way is shown", status["state"], "switching:alpha->bravo")
            check.equal("and who is in flight", status["models"]["alpha"]["in_flight"], 1)
        check("the stream ends in peace", stream.read_to_end().is_done, stream.events[-2:])
        check.equal("then the other is served", waiting.answer().status, 200)


@scenario
def pin_switch_and_unpin_do_what_they_say(check: Checks):
    with two_models("admin-pin") as daemon:
        client.chat(daemon.listen, "alpha")
        done(check, "pin answers when it is done", daemon.control("pin", model="bravo"))
        status = daemon.status()
        check.equal("the pinned model is active", status["state"], "active:bravo")
        check.equal("the mode is manual", status["mode"], {"mode": "manual", "pinned": "bravo"})
        check.equal("it is served", client.chat(daemon.listen, "bravo").status, 200)
        refused_at_once(check, daemon, "alpha", active="bravo")
        done(check, "a switch is done in spite of the pin", daemon.control("switch", model="alpha"))
        check.equal("and moves it", daemon.status()["mode"], {"mode": "manual", "pinned": "alpha"})
        refused_at_once(check, daemon, "bravo", active="alpha")
        done(check, "unpin is done", daemon.control("unpin"))
        check.equal("the mode is auto again", daemon.status()["mode"]["mode"], "auto")
        check.equal("everyone is served again", client.chat(daemon.listen, "bravo").status, 200)
        done(check, "a switch is done in auto mode", daemon.control("switch", model="alpha"))
        check.equal("without a pin", daemon.status()["mode"]["mode"], "auto")


@scenario
def manual_mode_serves_the_active_model_only(check: Checks):
    with two_models("admin-manual") as daemon:
        with daemon.held_stream("alpha") as stream:
            waiting = client.Sent(daemon.listen, "bravo")
            eventually(lambda: daemon.status()["models"]["bravo"]["queue_depth"] == 1, "one who waits for bravo")
            done(check, "manual mode is set during a drain", daemon.control("mode", mode="manual"))
        check("the stream ends in peace", stream.read_to_end().is_done, stream.events[-2:])
        answer = waiting.answer()
        is_settled = answer.status == 200 or answer.error_code == "manual_mode"
        check("who waited for the switch under way is served or refused, not left waiting", is_settled, answer)
        eventually(lambda: daemon.status()["state"].startswith("active:"), "an end of the switch")
        active = daemon.status()["active_model"]
        other = {"alpha": "bravo", "bravo": "alpha"}[active]
        check.equal("the active model is served", client.chat(daemon.listen, active).status, 200)
        refused_at_once(check, daemon, other, active=active)
        check("nothing switches by itself", holds_throughout(lambda: daemon.status()["active_model"] == active, 0.3))
        done(check, "auto mode is set", daemon.control("mode", mode="auto"))
        check.equal("everyone is served again", client.chat(daemon.listen, other).status, 200)


@scenario
def a_pin_rejects_who_waits_for_another_model(check: Checks):
    with two_models("admin-waiters") as daemon:
        with daemon.held_stream("alpha") as stream:
            done(check, "the active model is pinned", daemon.control("pin", model="alpha"))
            refused_at_once(check, daemon, "bravo", active="alpha")
        check("the stream goes on to its end", stream.read_to_end().is_done, stream.events[-2:])


@scenario
def a_pin_that_fails_is_taken_back(check: Checks):
    broken = {"backend": "command", "command": ["/nonexistent/server"], "port": 9}
    with two_models("admin-rollback", broken=broken) as daemon:
        client.chat(daemon.listen, "alpha")
        answer = daemon.control("pin", model="broken")
        check.equal("it answers 500", answer.status, 500)
        check.contains("and says why", (answer.json or {}).get("error", ""), "/nonexistent/server")
        check.equal("the mode is as before", daemon.status()["mode"]["mode"], "auto")
        check.equal("others are served", client.chat(daemon.listen, "alpha").status, 200)


@scenario
def sleep_and_wake_move_the_models_themselves(check: Checks):
    with two_models("admin-sleep") as daemon:
        done(check, "wake starts a model", daemon.control("wake", model="alpha"))
        check.equal("it is active", daemon.status()["state"], "active:alpha")
        done(check, "sleep is done", daemon.control("sleep", model="alpha"))
        status = daemon.status()
        check.equal("nobody is active", status["state"], "idle")
        check.equal("the model is asleep", status["models"]["alpha"]["state"], "asleep")
        engine = daemon.engine("alpha")
        check("its process goes on", engine, "no process")
        done(check, "wake brings it back", daemon.control("wake", model="alpha"))
        check.equal("it is active again", daemon.status()["state"], "active:alpha")
        check.equal("in the same process", daemon.engine("alpha"), engine)
        stop = {"weights": "retain", "process": "stop"}
        done(check, "sleep takes an eviction", daemon.control("sleep", model="alpha", eviction=stop))
        check.equal("the model is stopped", daemon.model_state("alpha"), "stopped")
        check.equal("and its process gone", daemon.engine("alpha"), None)
        check.equal("a request wakes it", client.chat(daemon.listen, "alpha").status, 200)


BAD_BODIES = [
    ("mode", b'{"mode":"sideways"}', 400, "sideways"),
    ("mode", b"{}", 400, "mode"),
    ("pin", b'{"model"', 400, "JSON"),
    ("pin", b'{"model":7}', 400, "model"),
    ("switch", b"[]", 400, ""),
    ("sleep", b"", 400, ""),
    ("sleep", b'{"model":"alpha","eviction":"nonsense"}', 400, "nonsense"),
    ("pin", b'{"model":"nobody"}', 404, "nobody"),
    ("switch", b'{"model":"nobody"}', 404, "nobody"),
    ("sleep", b'{"model":"nobody"}', 404, "nobody"),
    ("wake", b'{"model":"nobody"}', 404, "nobody"),
]


@scenario
def a_wrong_command_changes_nothing(check: Checks):
    with two_models("admin-faults") as daemon:
        client.chat(daemon.listen, "alpha")
        before = daemon.status_at_rest()
        for action, body, status, named in BAD_BODIES:
            headers = {"Content-Type": "application/json"}
            answer = client.post(daemon.admin, f"/control/{action}", body, headers=headers)
            error = (answer.json or {}).get("error")
            is_named = isinstance(error, str) and named in error
            check(f"{action} {body.decode()!r}: {status} and why", answer.status == status and is_named, answer)
        answer = client.get(daemon.admin, "/control/pin")
        check("a wrong method: 405 with Allow", (answer.status, answer.headers.get("allow")) == (405, "POST"), answer)
        check.equal("the status is as it was", daemon.status(), before)


@scenario
def a_web_page_can_not_command_the_daemon(check: Checks):
    with two_models("admin-origin") as daemon:
        for headers in ({"Origin": "https://evil.example"}, {"Host": "evil.example"}):
            answer = client.post(daemon.admin, "/control/unpin", headers=headers)
            check.equal(f"{headers}: 403", (answer.status, answer.error_code), (403, "bad_origin"))
    token = config({"alpha": stub()}, admin_token="s3cret-token")
    with Daemon("admin-token", token) as daemon:
        answer = client.get(daemon.admin, "/control/status")
        check.equal("without the token: 401", (answer.status, answer.error_code), (401, "invalid_token"))
        answer = client.get(daemon.admin, "/control/status", headers={"Authorization": "Bearer s3cret-token"})
        check.equal("with it: 200", answer.status, 200)
        check("the log does not tell it", "s3cret-token" not in daemon.log, "found in the log")
