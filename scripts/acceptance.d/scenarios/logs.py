"""What the daemon's log tells, and what it never does."""

import http.client
import json
import os
import pty
import re
import signal
import socket
import subprocess

import client
import workspace
from checks import Checks, scenario
from configs import ANYWHERE, config, shell, stub
from daemon import Daemon
from waiting import PATIENCE, eventually

FIFO = {"type": "fifo", "min_active_secs": 0}
# Of the controls only line feeds may be in a log, at the lines' ends.
CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
HOSTILE = "\x1b[2J\x07\x9b31m\u2028\u202egpj.exe"


def stream(daemon: Daemon, name: str) -> list[dict]:
    return [record for record in daemon.records() if record.get("stream") == name]


def line_of(daemon: Daemon, request_id: str) -> dict:
    def found():
        return next((line for line in stream(daemon, "access") if line.get("request_id") == request_id), None)

    return eventually(found, f"the line of {request_id}")


def unexplained_ms(line: dict) -> float:
    """What is left of a request's time without its parts."""
    return line["total_ms"] - line["queue_ms"] - line["switch_ms"] - line["upstream_ms"]


@scenario
def each_request_has_one_line_that_tells_where_its_time_went(check: Checks):
    models = {"alpha": stub("--start-secs", "0.3", "--token-ms", "20", keep="offload"), "bravo": stub(max_queue=1)}
    with Daemon("access-log", config(models, policy=FIFO)) as daemon:
        answer = client.chat(daemon.listen, "alpha", max_tokens=5, headers={"X-Request-Id": "first"})
        line = line_of(daemon, "first")
        expected = {
            "level": "info", "msg": "request", "method": "POST", "path": "/v1/chat/completions", "model": "alpha",
            "status": 200, "outcome": "success", "bytes": len(answer.body), "request_id": "first",
        }  # fmt: skip
        check.equal("it says what was asked, and what came of it", {key: line.get(key) for key in expected}, expected)
        check("the switch is told apart", line["switch_ms"] >= 300, line)
        check("from the model's own time", line["upstream_ms"] >= 80, line)
        check("no part of the time is there twice", unexplained_ms(line) > -1, line)
        timing = dict(re.findall(r"(\w+);dur=([\d.]+)", answer.headers["server-timing"]))
        check.equal("Server-Timing tells the same wait", float(timing["switch"]), line["switch_ms"])

        for number in range(5):
            client.chat(daemon.listen, "alpha", headers={"X-Request-Id": f"again-{number}"})
        # The least of several, for a machine that is busy with something else.
        least = min(unexplained_ms(line_of(daemon, f"again-{number}")) for number in range(5))
        check.at_most("the parts make up the whole", least, 60, "ms")

        client.chat(daemon.listen, "nobody", headers={"X-Request-Id": "unknown"})
        line = line_of(daemon, "unknown")
        found = (line["status"], line["code"], line.get("model"))
        check.equal("an unknown model is no model", found, (404, "model_not_found", None))
        client.get(daemon.listen, "/health?token=abc", headers={"X-Request-Id": "health"})
        line = line_of(daemon, "health")
        check.equal("the query is not logged", (line["path"], line["outcome"]), ("/health", "success"))

        with daemon.held_stream("alpha"):
            left = http.client.HTTPConnection(daemon.listen.host, daemon.listen.port)
            body, headers = client.encoded(client.chat_body("bravo"), {"X-Request-Id": "gone"})
            left.request("POST", "/v1/chat/completions", body, headers)
            eventually(lambda: daemon.status()["models"]["bravo"]["queue_depth"] == 1, "one who waits for bravo")
            answer = client.chat(daemon.listen, "bravo", headers={"X-Request-Id": "full"})
            timing = answer.headers["server-timing"]
            check("an error of ours tells its times too", "upstream;dur=0.0" in timing, answer.headers)
            left.close()
            line = line_of(daemon, "gone")
        check.equal("who leaves has a line without a status", (line["status"], line["outcome"]), (0, "cancelled"))
        check("with the time that it waited", line["queue_ms"] > 0 and line["total_ms"] >= line["queue_ms"], line)
        check.equal("who is turned away has one with the reason", line_of(daemon, "full")["code"], "queue_full")

        with socket.create_connection(daemon.listen.__dict__.values()) as raw:
            raw.sendall(b"GET /\x1b[2J HTTP/1.1\r\n\r\n")
            head = raw.makefile("rb").read().decode()
        request_id = re.search(r"(?im)^x-request-id: (\S+)", head).group(1)
        check.equal("what is no HTTP has a line of its own", line_of(daemon, request_id)["status"], 400)
        check.contains("and its answer has a Server-Timing", head.lower(), "server-timing: queue")


@scenario
def every_answer_has_a_name_and_tells_its_times(check: Checks):
    with Daemon("every-answer", config({"alpha": stub()})) as daemon:
        asked = [
            ("GET", daemon.listen, "/health"), ("GET", daemon.listen, "/v1/models"), ("GET", daemon.listen, "/nowhere"),
            ("POST", daemon.listen, "/v1/chat/completions"), ("DELETE", daemon.listen, "/health"),
            ("GET", daemon.admin, "/metrics"), ("GET", daemon.admin, "/control/status"),
        ]  # fmt: skip
        for method, address, path in asked:
            headers = client.request(address, method, path).headers
            has_both = "x-request-id" in headers and re.fullmatch(
                r"queue;dur=[\d.]+, switch;dur=[\d.]+, upstream;dur=[\d.]+", headers.get("server-timing", "")
            )
            check(f"{method} {path}", has_both, headers)


@scenario
def whatever_an_operator_does_leaves_a_trace(check: Checks):
    models = {"alpha": stub(keep="offload"), "broken": {"backend": "command", "command": ["/nonexistent"], "port": 9}}
    started = config(models, policy=FIFO, admin_token="s3cret-token")
    with Daemon("audit", started) as daemon:

        def act(path: str, request_id: str, token="s3cret-token", **body) -> client.Answer:
            headers = {"Authorization": f"Bearer {token}", "X-Request-Id": request_id}
            return client.post(daemon.admin, path, body, headers=headers)

        def trace(request_id: str) -> dict:
            lines = lambda: [line for line in stream(daemon, "audit") if line["request_id"] == request_id]  # noqa: E731
            return eventually(lines, f"the trace of {request_id}")[0]

        (daemon.directory / "config.json").write_text(json.dumps({**started, "log_level": "error"}))
        act("/control/reload", "reload")
        check.equal("a reload is an action too", trace("reload")["status"], 200)
        act("/control/pin", "pin", model="alpha")
        line = trace("pin")
        expected = {
            "level": "info", "msg": "operator", "peer": "127.0.0.1", "method": "POST", "path": "/control/pin",
            "body": '{"model": "alpha"}', "status": 200,
        }  # fmt: skip
        check.equal("who, what, and that it was done", {key: line.get(key) for key in expected}, expected)
        act("/control/switch", "switch", model="broken")
        line = trace("switch")
        check.equal("what failed is a warning", (line["level"], line["status"]), ("warning", 500))
        check.contains("with the reason", line["failure"], "/nonexistent")
        act("/control/pin", "unknown", model=f"x{HOSTILE}")
        check.equal("an unknown model is refused", trace("unknown")["status"], 404)
        act("/control/unpin", "stranger", token="wrong")
        line = trace("stranger")
        check.equal("who has no token leaves a trace too", (line["status"], line["code"]), (401, "invalid_token"))
        headers = {"Authorization": "Bearer s3cret-token", "Origin": "https://evil.example", "X-Request-Id": "page"}
        client.post(daemon.admin, "/control/unpin", headers=headers)
        check.equal("and so does a web page", trace("page")["code"], "bad_origin")
        act("/control/policy", "policy", type="nonsense")
        line = trace("policy")
        check("a faulty policy is told with its fault", line["status"] == 400 and "nonsense" in line["failure"], line)
        client.get(daemon.admin, "/control/status", headers={**headers, "X-Request-Id": "look"})
        looks = [line for line in stream(daemon, "audit") if line["request_id"] == "look"]
        check.equal("a look is no action", looks, [])
        check("the token is in no line", "s3cret-token" not in daemon.log)
        check("no control character is in the log", not CONTROLS.search(daemon.log), CONTROLS.search(daemon.log))


@scenario
def what_a_model_writes_is_a_stream_of_its_own(check: Checks):
    script = (
        r"printf 'out \033[2J\007\n'; printf 'err \302\233 \000 x\n' >&2; printf '\342\200\256rtl\n';"
        r" head -c 20000 /dev/zero | tr '\0' y; echo; exec ${SWITCHER} stub-engine --port ${PORT} --model noisy"
    )
    noisy = {"noisy": shell(script, eviction="retain+stop")}
    with Daemon("model-output", config(noisy, policy=FIFO)) as daemon:
        check.equal("the model answers", client.chat(daemon.listen, "noisy").status, 200)
        eventually(lambda: any(line["output"] == "stderr" for line in stream(daemon, "model")), "what it wrote")
        eventually(lambda: any(line["msg"].startswith("yyy") for line in stream(daemon, "model")), "all of it")
        lines = stream(daemon, "model")
        check("each line bears its model", lines and all(line["model"] == "noisy" for line in lines), lines[:3])
        outputs = {line["msg"][:3]: line["output"] for line in lines}
        check.equal("and where it was written", (outputs.get("out"), outputs.get("err")), ("stdout", "stderr"))
        longest = max(lines, key=lambda line: len(line["msg"]))
        check("a long line is cut", 4_000 < len(longest["msg"]) < 4_200, len(longest["msg"]))
        check("no control character is in the log", not CONTROLS.search(daemon.log), CONTROLS.search(daemon.log))

    quiet = config(noisy, policy=FIFO, model_log=False, access_log=False)
    with Daemon("model-output-off", quiet) as daemon:
        check.equal("turned off, the model answers as well", client.chat(daemon.listen, "noisy").status, 200)
        check.equal("and nothing of it is logged", stream(daemon, "model"), [])
        loud = {**quiet, "model_log": True, "access_log": True, "log_level": "debug"}
        (daemon.directory / "config.json").write_text(json.dumps(loud))
        check.equal("a reload turns it on", daemon.control("reload").status, 200)
        client.chat(daemon.listen, "noisy", headers={"X-Request-Id": "after"})
        check.equal("and the access log", line_of(daemon, "after")["status"], 200)
        check.equal("which had nothing before", len([x for x in stream(daemon, "access") if "chat" in x["path"]]), 1)


@scenario
def on_a_terminal_the_log_is_for_people(check: Checks):
    directory = workspace.fresh_directory("terminal-log")
    path = directory / "config.json"
    path.write_text(json.dumps({"listen": ANYWHERE, "models": {"alpha": {"url": "http://127.0.0.1:9"}}}))
    terminal, line = pty.openpty()
    environment = {**os.environ, "SWITCHER_LOG_LEVEL": "info"}
    process = subprocess.Popen([workspace.BINARY, "--config", path], stderr=line, stdout=line, env=environment)
    os.close(line)
    said = ""
    while "msg=ready" not in said:
        said += os.read(terminal, 65536).decode()
    address = client.Address("127.0.0.1", int(re.search(r"listen=http://127.0.0.1:(\d+)", said).group(1)))
    client.request(address, "POST", "/v1/x", body={"model": HOSTILE}, headers={"X-Request-Id": "a1"})
    client.get(address, "/%1b%5b2J/" + "%E2%80%AE", headers={"X-Request-Id": "a2"})
    process.send_signal(signal.SIGTERM)
    try:
        while piece := os.read(terminal, 65536).decode():
            said += piece
    except OSError:  # The other side is closed: all has been read.
        pass
    process.wait(PATIENCE)
    lines = said.replace("\r\n", "\n").splitlines()
    check("each line is logfmt", all(re.match(r'time=\S+ level=\w+ msg=("|\w)', line) for line in lines), lines)
    check.contains("the requests are there", said, "request_id=a1", "request_id=a2", "code=model_not_found")
    check.contains("so is the end, for the log is written out before it", said, "msg=ended")
    check("nothing reaches the terminal as anything but text", not CONTROLS.search("\n".join(lines)), said)
    bad = subprocess.run([workspace.BINARY, "--config", path, "--log-level", "loud"], capture_output=True, text=True)
    found = (bad.returncode, "--log-level" in bad.stderr and '"loud"' in bad.stderr and "debug" in bad.stderr)
    check.equal("a level that there is not is a fault", found, (2, True))


@scenario
def the_lines_of_a_switch_bear_its_number(check: Checks):
    models = {"alpha": stub(keep="offload"), "bravo": stub("--fail", "sleep", keep="offload")}
    with Daemon("switch-lines", config(models, policy=FIFO)) as daemon:
        for model in ["alpha", "bravo", "alpha"]:
            check.equal(f"{model} answers", client.chat(daemon.listen, model).status, 200)

        def ended() -> list[dict]:
            return [line for line in daemon.records() if line.get("msg") == "switched"]

        eventually(lambda: len(ended()) == 3, "the lines of three switches")
        numbers = [line["switch_id"] for line in ended()]
        check.equal("each switch has a number of its own", len(set(numbers)), 3)
        failed = [line for line in daemon.records() if line.get("msg") == "sleep failed"]
        found = [line.get("switch_id") for line in failed]
        check.equal("what failed in the last one bears its number", found, numbers[2:])
        steps = [line for line in daemon.records() if "step 1/1" in line.get("msg", "")]
        check("and so does the step", any(line.get("switch_id") == numbers[2] for line in steps), steps)
        written = stream(daemon, "model")
        check("what models write belongs to no switch", written and not any("switch_id" in line for line in written))
