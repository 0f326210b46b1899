"""HTTP on the wire, as drivers see it that know nothing of the daemon."""

import http.server
import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import workspace
from checks import Absent, Checks, scenario
from configs import config, free_port
from daemon import Daemon

# What the daemon promises: the largest body, in bytes, and the seconds that a stalled one is waited for.
BODY_LIMIT = 64 << 20
LONGEST_STALL = 30

# The daemon waits for a head that has begun for 10 s: a driver that is to see it wait is less patient.
TIMEOUT = ["--timeout", "8"]

# Of a proxy, cases with bounds of seconds and less, which a machine does not keep that stands still in between.
TIMED = re.compile(
    r"life-(sse-unbuffered|cancel-disc|cancel-discwait|backpressure)|up-(hdr-endless|1xx-storm)|fwd-body-(cl|chunked)-\d+"
)
ATTEMPTS = 5


class Echo(http.server.BaseHTTPRequestHandler):
    """Answers every POST with its own body, those to …/swallow with a word."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.answer(b"ok")

    def do_POST(self):
        is_chunked = "chunked" in self.headers.get("Transfer-Encoding", "")
        body = self.chunked_body() if is_chunked else self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.answer(b"ok" if self.path.endswith("/swallow") else body)

    def chunked_body(self) -> bytes:
        body = bytearray()
        while size := int(self.rfile.readline().split(b";")[0] or b"0", 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return bytes(body)

    def answer(self, body: bytes):
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class EchoServer(http.server.ThreadingHTTPServer):
    # Python's 5 would have the kernel drop connections, which are made again after a second.
    request_queue_size = 128

    def handle_error(self, *_):
        """Clients that break off are what the drivers are there for."""


@contextmanager
def echo_server():
    """The port of a server that echoes."""
    server = EchoServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def findings(program: Path, *arguments: str) -> set[str]:
    """Runs a driver, shows what it found, and returns the cases that failed. One that breaks off, as it does where its
    own connection is refused, is started again."""
    for _ in range(ATTEMPTS):
        result = subprocess.run(
            [sys.executable, str(program), *arguments], capture_output=True, text=True, timeout=300, cwd=program.parent
        )
        print("\n".join(f"        {line}" for line in result.stdout.splitlines()), flush=True)
        summary = re.findall(r"^(\d+) passed, (\d+) failed", result.stdout, re.MULTILINE)
        passed, failed = map(int, summary[-1]) if summary else (0, 0)
        failures = re.findall(r"^FAIL +(\S+)", result.stdout, re.MULTILINE)
        if passed + failed > 0 and failed == len(failures):
            return set(failures)
    raise RuntimeError(f"{program.name} does not tell what it found: {result.stdout[-400:]} {result.stderr[-400:]}")


def drive(
    check: Checks,
    program: Path,
    *arguments: str,
    only: Callable[[set[str]], list[str]],
    is_timed: Callable[[str], object] = lambda case: True,
):
    """Holds that no case fails. One that is timed may, but not in every attempt: what a machine is to blame for that
    stands still passes in another. `only`: the arguments that restrict an attempt to some cases."""
    failing = findings(program, *arguments)
    for _ in range(ATTEMPTS - 1):
        if not failing or not all(map(is_timed, failing)):
            break
        again = findings(program, *arguments, *only(failing))
        failing = {case for case in again if case in failing or not is_timed(case)}
    check(f"{program.stem}: no case fails", not failing, " ".join(sorted(failing)))


@scenario
def the_daemon_answers_clients_as_the_http_standards_say(check: Checks):
    driver = workspace.shared_tools("h1", "H1_TOOLS", otherwise=Absent) / "h1conf.py"
    with echo_server() as port:
        models = {"echo": {"backend": "attached", "url": f"http://127.0.0.1:{port}"}}
        with Daemon("h1conf", config(models)) as daemon:
            clients = [str(daemon.listen), "--get", "/health", *TIMEOUT]
            echo = ["--echo", "/upstream/echo/echo"]
            drive(check, driver, *clients, *echo, "--route405", "DELETE:/health", only=alone)
            # The drivers are slow with large bodies: these have the machine to themselves, and their answers are short.
            bodies = ["--echo", "/upstream/echo/swallow", "--body-limit", str(BODY_LIMIT), "--timeout", "15", "-j", "1"]
            drive(check, driver, *clients, *bodies, "--only", "bl-", only=alone)
            stalls = ["--header-timeout", str(LONGEST_STALL + 20)]
            drive(check, driver, *clients, *echo, *stalls, "--only", "sl-", only=alone)
            operators = [str(daemon.admin), "--get", "/control/status", "--no-echo", "--rebind", *TIMEOUT]
            drive(check, driver, *operators, "--only", "rb-", only=alone)


def alone(cases: set[str]) -> list[str]:
    """With the machine to themselves, too; a name stands for all that begin with it."""
    return ["--only", ",".join(sorted(cases)), "-j", "1"]


@scenario
def the_daemon_passes_requests_on_as_the_http_standards_say(check: Checks):
    driver = workspace.shared_tools("h1", "H1_TOOLS", otherwise=Absent) / "h1proxy.py"
    port = free_port()
    models = {"m": {"backend": "attached", "url": f"http://127.0.0.1:{port}"}}
    with Daemon("h1proxy", config(models)) as daemon:
        # The driver also sends a GET, which has no body to name a model.
        path = ["--path", "/v1/chat/completions?model=m", "--json", json.dumps({"model": "m"})]
        upstream = ["--backend-port", str(port), "--pid", str(daemon.process.pid)]
        drive(
            check, driver, str(daemon.listen), *path, *upstream, "--timeout", "15", only=groups, is_timed=TIMED.fullmatch
        )


def groups(cases: set[str]) -> list[str]:
    return ["--groups", ",".join(sorted({case.partition("-")[0] for case in cases}))]
