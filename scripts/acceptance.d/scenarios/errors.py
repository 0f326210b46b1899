"""What clients are told that ask for the wrong thing."""

from dataclasses import dataclass, field

import client
from checks import Checks, scenario
from configs import config, stub
from daemon import Daemon


@dataclass(frozen=True)
class Case:
    sentence: str
    method: str
    path: str
    status: int
    code: str
    body: object = None
    headers: dict = field(default_factory=dict)


CHAT = "/v1/chat/completions"
JSON = {"Content-Type": "application/json"}

CASES = [
    Case("an unknown model", "POST", CHAT, 404, "model_not_found", body={"model": "nobody", "messages": []}),
    Case(
        "an unknown model in x-model", "POST", CHAT, 404, "model_not_found", {"model": "alpha"}, {"x-model": "nobody"}
    ),
    Case("an unknown model in a list", "GET", "/v1/models/nobody", 404, "model_not_found"),
    Case("an unknown model in a path", "GET", "/upstream/nobody/health", 404, "model_not_found"),
    Case("a body that is no JSON", "POST", CHAT, 400, "invalid_json", b'{"model": "alpha",}', JSON),
    Case("an empty body", "POST", CHAT, 400, "missing_model", b"", JSON),
    Case("a body that names no model", "POST", CHAT, 400, "missing_model", {"messages": []}),
    Case("a model that is no name", "POST", CHAT, 400, "missing_model", {"model": 7}),
    Case("a path that nothing serves", "GET", "/nothing/here", 404, "not_found"),
    Case("checklist 46: sleep, from a client", "POST", "/sleep?level=1", 403, "forbidden_path"),
    Case("checklist 46: sleep, through a model's path", "POST", "/upstream/alpha/sleep?level=1", 403, "forbidden_path"),
    Case("sleep, in disguise", "POST", "/upstream/alpha/%73leep", 403, "forbidden_path"),
    Case("sleep, by a detour", "POST", "/upstream/alpha/v1/../sleep", 403, "forbidden_path"),
    Case("out of a model's path", "POST", "/upstream/alpha/../../gateway/sleep", 403, "forbidden_path"),
    Case("out of the API's path", "POST", "/v1/%2e%2e/../gateway/sleep", 403, "forbidden_path"),
    Case("a wake-up", "POST", "/upstream/alpha/wake_up", 403, "forbidden_path"),
    Case("a collective call", "POST", "/upstream/alpha/collective_rpc", 403, "forbidden_path"),
    Case("a cache reset", "POST", "/upstream/alpha/reset_prefix_cache", 403, "forbidden_path"),
    Case("too large a body", "POST", CHAT, 413, "body_too_large", headers={"Content-Length": str(10 << 30)}),
    Case("too large a header", "GET", "/health", 431, "header_too_large", headers={"X-Filler": "a" * 70_000}),
]

METHODS = [("DELETE", "/health", "GET"), ("GET", CHAT, "POST"), ("PUT", "/v1/models", "GET")]


@scenario
def a_wrong_request_is_told_what_is_wrong_with_it(check: Checks):
    with Daemon("errors", config({"alpha": stub()})) as daemon:
        for case in CASES:
            answer = client.request(daemon.listen, case.method, case.path, body=case.body, headers=case.headers)
            found = (answer.status, answer.error_code)
            check(f"{case.sentence}: {case.status} {case.code}", found == (case.status, case.code), answer)
            shape = set((answer.json or {}).get("error", {}))
            check(f"{case.sentence}: in OpenAI's shape", shape >= {"message", "type", "param", "code"}, shape)
            check(f"{case.sentence}: with a request id", answer.headers.get("x-request-id"), answer.headers)
        for method, path, allowed in METHODS:
            answer = client.request(daemon.listen, method, path)
            check.equal(f"{method} {path}: 405", (answer.status, answer.error_code), (405, "method_not_allowed"))
            check.contains(f"{method} {path}: says what is allowed", answer.headers.get("allow", ""), allowed)
        answer = client.post(daemon.listen, "/v1/messages", {"model": "nobody", "max_tokens": 1, "messages": []})
        check(
            "on Anthropic's route an error has Anthropic's shape",
            answer.status == 404 and answer.json.get("type") == "error" and "message" in answer.json["error"],
            answer,
        )
        check.equal("after all that no model was started", daemon.left_behind(), [])
        check.equal("and the daemon is well", client.get(daemon.listen, "/ready").status, 200)


@scenario
def a_request_keeps_its_name_and_tells_its_times(check: Checks):
    with Daemon("request-ids", config({"alpha": stub()})) as daemon:
        answer = client.chat(daemon.listen, "alpha", headers={"X-Request-Id": "mine-42"})
        check.equal("a client's own id is kept", answer.headers.get("x-request-id"), "mine-42")
        timing = answer.headers.get("server-timing", "")
        check.contains("the answer says how long it waited", timing, "queue;dur=", "switch;dur=")
        ids = {client.chat(daemon.listen, "alpha").headers.get("x-request-id") for _ in range(3)}
        check("others get an id of their own", len(ids) == 3 and None not in ids, ids)
        answer = client.chat(daemon.listen, "alpha", headers={"X-Request-Id": "<script>"})
        check(
            "an id that could do harm is replaced", "<" not in answer.headers.get("x-request-id", "<"), answer.headers
        )


@scenario
def a_model_may_be_named_in_every_way_that_clients_use(check: Checks):
    models = {"alpha": stub(aliases=["gpt-4o-mini"]), "team/bravo": stub()}
    with Daemon("names", config(models, policy={"type": "fifo", "min_active_secs": 0})) as daemon:
        said = client.chat(daemon.listen, "gpt-4o-mini")
        check.contains("an alias stands for its model", said.content or said.text, "alpha")
        answer = client.post(daemon.listen, CHAT, client.chat_body("alpha"), headers={"x-model": "team/bravo"})
        check.equal("x-model wins over the body", answer.status, 200)
        check.equal("and its model is the active one", daemon.status()["active_model"], "team/bravo")
        answer = client.get(daemon.listen, "/upstream/team/bravo/v1/models")
        check.contains("a path may name a model that has a slash", answer.text, "team/bravo")
        answer = client.get(daemon.listen, "/upstream/team%2Fbravo/v1/models")
        check.contains("also when the slash is encoded", answer.text, "team/bravo")
        listed = client.get(daemon.listen, "/v1/models").json["data"]
        states = {model["id"]: model["status"] for model in listed}
        check.equal("the list tells their states", states, {"alpha": "stopped", "team/bravo": "active"})
        form = (
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\nRIFF\r\n'
            b'--x\r\nContent-Disposition: form-data; name="model"\r\n\r\nnobody\r\n--x--\r\n'
        )
        kind = {"Content-Type": "multipart/form-data; boundary=x"}
        answer = client.post(daemon.listen, "/v1/audio/transcriptions", form, headers=kind)
        check.equal("a form's field names it too", (answer.status, answer.error_code), (404, "model_not_found"))
