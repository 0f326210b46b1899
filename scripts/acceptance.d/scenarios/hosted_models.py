"""Models that come and go at an order: Ollama's, those behind shell commands, and endpoints at Hugging Face."""

import shutil
import ssl
import subprocess

import client
import workspace
from checks import Absent, Checks, scenario
from configs import config, free_port
from daemon import Daemon
from hosts import Endpoints, Engine, Ollama

FIFO = {"type": "fifo", "min_active_secs": 0}


@scenario
def models_of_an_ollama_server_take_turns(check: Checks):
    with Ollama() as ollama:
        models = {
            name: {"backend": "ollama", "url": ollama.url, "upstream_model": f"{name}:3b"} for name in ("alpha", "bravo")
        }
        with Daemon("ollama", config(models, policy=FIFO)) as daemon:
            for model in ("alpha", "bravo", "alpha"):
                answer = client.chat(daemon.listen, model)
                check.equal(f"{model} answers under Ollama's name", answer.content, f"I am {model}:3b")
                check.equal("and it alone is loaded", ollama.loaded, [f"{model}:3b"])
            stream = client.Stream(daemon.listen, "alpha").read_to_end()
            check("a stream is whole", stream.is_done and stream.text == "I am alpha:3b", stream.events)
            check.equal("put to sleep it is unloaded", daemon.control("sleep", model="alpha").status, 200)
            check.equal("at once", ollama.loaded, [])
            client.chat(daemon.listen, "bravo")
            daemon.process.terminate()
            check.equal("the daemon ends well", daemon.wait(), 0)
            check.equal("and what it had loaded is unloaded", ollama.loaded, [])
        loads = ollama.orders("/api/generate")
        check.equal("each order was given once", len(loads), 8)


@scenario
def shell_commands_wake_and_put_to_sleep(check: Checks):
    hostile = 'bravo"; touch "$TMPDIR/owned"; $(touch "$TMPDIR/owned")'
    wake = (
        'echo "$SWITCHER_HOOK $SWITCHER_MODEL" >> "$TMPDIR/hooks"; '
        '"$SWITCHER_PROGRAM" stub-engine --port "$SWITCHER_PORT" --model stub > /dev/null 2>&1 & echo $! > "$TMPDIR/$SWITCHER_PORT"'
    )
    sleep = 'echo "$SWITCHER_HOOK $SWITCHER_MODEL" >> "$TMPDIR/hooks"; kill "$(cat "$TMPDIR/$SWITCHER_PORT")"'
    sleep += '; while kill -0 "$(cat "$TMPDIR/$SWITCHER_PORT")" 2> /dev/null; do sleep 0.05; done'

    def model(**options) -> dict:
        return {
            "backend": "hooks", "port": free_port(), "wake": wake, "sleep": sleep, "upstream_model": "stub",
            "env": {"SWITCHER_PROGRAM": "${SWITCHER}"}, **options,
        }  # fmt: skip

    broken = model(wake="echo no such container >&2; exit 3")
    slow = model(wake="sleep 600 & sleep 600", wake_timeout_secs=0.5)
    models = {"alpha": model(), hostile: model(alive='curl -sf "$SWITCHER_URL/health"'), "broken": broken, "slow": slow}
    with Daemon("hooks", config(models, policy=FIFO)) as daemon:
        for name in ("alpha", hostile, "alpha"):
            answer = client.chat(daemon.listen, name)
            check("a model behind hooks answers", "stub" in (answer.content or ""), answer)
        hooks = (daemon.directory / "hooks").read_text().splitlines()
        expected = [f"{hook} {name}" for hook, name in [
            ("wake", "alpha"), ("sleep", "alpha"), ("wake", hostile), ("sleep", hostile), ("wake", "alpha"),
        ]]  # fmt: skip
        check.equal("the hooks were run in order, each with the model's name in its environment", hooks, expected)
        check("a name is never a part of a command", not (daemon.directory / "owned").exists())
        answer = client.chat(daemon.listen, "broken")
        check.equal("a hook that fails is told", (answer.status, answer.error_code), (503, "switch_failed"))
        check.contains("with its status and its last lines", answer.text, "the wake hook exited with status 3", "no such container")
        answer = client.chat(daemon.listen, "slow")
        check.contains("one that takes too long is ended", answer.text, "the wake hook did not end within 0.5 s")
        left = [process for process in daemon.left_behind() if "600" in process.command]
        check.equal("with all that it started", left, [])
        check("the others are served after that", client.chat(daemon.listen, "alpha").status == 200)


def endpoint(service: Endpoints, name: str, **options) -> dict:
    return {
        "backend": "hf_endpoint", "endpoint": f"team/{name}", "token": "${env.HF_TOKEN}", "api_url": f"{service.url}/v2",
        "upstream_model": f"org/{name}", "wake_timeout_secs": 60, **options,
    }  # fmt: skip


def endpoints_serve(check: Checks, service: Endpoints, command: list[str] | None = None):
    """One that is paused and one that was scaled to zero take turns."""
    models = {"large": endpoint(service, "large"), "small": endpoint(service, "small", sleep_action="scale_to_zero")}
    daemon = Daemon(
        f"endpoints-{service.scheme}", config(models, policy=FIFO), environment={"HF_TOKEN": Endpoints.TOKEN}
    )
    if command:
        daemon.command = command + daemon.command
    with daemon:
        service.busy = 1
        answer = client.chat(daemon.listen, "large", headers={"Authorization": "Bearer of-the-client"})
        check.equal("a paused endpoint is resumed and answers", answer.content, "I am org/large")
        check.equal("by one order", service.orders("/v2"), ["POST /v2/endpoint/team/large/resume"])
        service.may_go_on.clear()
        stream = client.Stream(daemon.listen, "large")
        first = stream.next_event()
        check("a stream comes piece by piece", first and "I" in first[1], first)
        service.may_go_on.set()
        stream.read_to_end()
        check("and whole", stream.is_done and stream.text == "I am org/large", stream.events)
        answer = client.chat(daemon.listen, "small")
        check.equal("one that was scaled to zero wakes by a request", answer.content, "I am org/small")
        check.equal("and the other is paused", service.states, {"large": "paused", "small": "running"})
        check("the token is in no log", Endpoints.TOKEN not in daemon.log)
        daemon.process.terminate()
        check.equal("the daemon ends well", daemon.wait(), 0)
        check.equal("and leaves no endpoint running", service.states, {"large": "paused", "small": "scaledToZero"})


@scenario
def hugging_face_endpoints_are_resumed_and_paused(check: Checks):
    with Endpoints(large="paused", small="scaledToZero") as service:
        endpoints_serve(check, service)


class Trusted:
    """A certificate of this run's own for 127.0.0.1, and how the daemon is started so that it trusts that one alone: the
    system's certificates are another file for it, in a mount namespace of its own."""

    def __init__(self):
        directory = workspace.fresh_directory("certificate")
        trusted = "/etc/ssl/certs/ca-certificates.crt"
        unshare, openssl = shutil.which("unshare"), shutil.which("openssl")
        if not (unshare and openssl) or subprocess.run([unshare, "--mount", "true"], capture_output=True).returncode:
            raise Absent("this takes openssl, and unshare as root")
        subprocess.run(
            [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
             "subjectAltName=IP:127.0.0.1", "-keyout", directory / "key.pem", "-out", directory / "cert.pem"],
            check=True, capture_output=True,
        )  # fmt: skip
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(directory / "cert.pem", directory / "key.pem")
        script = f'mount --bind "{directory}/cert.pem" {trusted} && exec "$@"'
        self.command = [unshare, "--mount", "sh", "-c", script, "sh"]


@scenario
def endpoints_are_reached_over_tls(check: Checks):
    trusted = Trusted()
    with Endpoints(trusted.context, large="paused", small="scaledToZero") as service:
        endpoints_serve(check, service, trusted.command)
    with Endpoints(trusted.context, large="paused", small="paused") as service:
        models = {"large": endpoint(service, "large", wake_timeout_secs=3)}
        with Daemon("tls-refused", config(models), environment={"HF_TOKEN": Endpoints.TOKEN}) as daemon:
            answer = client.chat(daemon.listen, "large")
            check.equal("a certificate that nobody vouches for is refused", answer.error_code, "switch_failed")
            check.equal("before anything is said", service.calls, [])


@scenario
def attached_servers_are_reached_over_tls(check: Checks):
    trusted = Trusted()
    steps = {"sleep_endpoints": [{"endpoint": "/sleep?level=1"}], "wake_endpoints": [{"endpoint": "/wake_up"}]}
    with Engine(trusted.context) as first, Engine(trusted.context) as second:
        models = {"alpha": {"url": f"{first.url}/v1", **steps}, "bravo": {"url": second.url, **steps}}
        daemon = Daemon("tls-attached", config(models, policy=FIFO))
        daemon.command = trusted.command + daemon.command
        with daemon:
            for model in ("alpha", "bravo", "alpha"):
                answer = client.chat(daemon.listen, model, headers={"Authorization": "Bearer of-the-client"})
                check.equal(f"{model} answers", answer.content, f"I am {model}")
            stream = client.Stream(daemon.listen, "alpha").read_to_end()
            check("a stream is whole", stream.is_done and stream.text == "I am alpha", stream.events)
            orders = first.orders("/sleep", "/wake_up")
            check.equal("it was told to wake, to sleep and to wake", orders, [
                "POST /wake_up", "POST /sleep?level=1", "POST /wake_up",
            ])  # fmt: skip
            check.equal("the other one sleeps", second.sleeps, True)
            check.equal("each got the client's credentials", second.credentials, ["Bearer of-the-client"])
            health = lambda: client.get(daemon.listen, "/health/all").json["health"]  # noqa: E731
            check.becomes("both are well", health, {f"{first.url}/v1": True, second.url: True})


@scenario
def an_endpoint_that_failed_is_stood_in_for(check: Checks):
    with Endpoints(large="failed", small="running") as service:
        models = {"large": endpoint(service, "large", fallback="small"), "small": endpoint(service, "small")}
        with Daemon("endpoint-failed", config(models, policy=FIFO), environment={"HF_TOKEN": Endpoints.TOKEN}) as daemon:
            answer = client.chat(daemon.listen, "large")
            check.equal("another endpoint answers", answer.content, "I am org/small")
            check.equal("and the answer says so", answer.headers.get("x-switcher-model"), "small")
            check.contains("the log has the service's words", daemon.log, "the endpoint team/large is failed: it is failed")
