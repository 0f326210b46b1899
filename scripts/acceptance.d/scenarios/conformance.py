"""HTTP on the wire, as drivers see it that know nothing of the daemon."""

import http.server
import json
import re
import subprocess
import sys
import threading
from contextlib import contextmanager

import workspace
from checks import Checks, scenario
from configs import config, free_port
from daemon import Daemon


class Echo(http.server.BaseHTTPRequestHandler):
    """Answers every POST with its own body."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.answer(b"ok")

    def do_POST(self):
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            self.answer(self.chunked_body())
        else:
            self.answer(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def chunked_body(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline().split(b";")[0] or b"0", 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return body

    def answer(self, body: bytes):
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextmanager
def echo_server():
    """The port of a server that echoes."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()


def drive(check: Checks, program, *arguments: str):
    """Runs a driver, shows what it found, and holds that it found no failure."""
    result = subprocess.run(
        [sys.executable, str(program), *arguments], capture_output=True, text=True, timeout=300, cwd=program.parent
    )
    print("\n".join(f"        {line}" for line in result.stdout.splitlines()), flush=True)
    summary = re.findall(r"(\d+) passed, (\d+) failed", result.stdout)
    passed, failed = map(int, summary[-1]) if summary else (0, -1)
    check(f"{passed} cases pass and none fails", passed > 0 and failed == 0, f"{failed} failed {result.stderr[-400:]}")


@scenario
def the_daemon_answers_clients_as_the_http_standards_say(check: Checks):
    tools = workspace.shared_tools("h1", "H1_TOOLS")
    with echo_server() as port:
        models = {"echo": {"backend": "attached", "url": f"http://127.0.0.1:{port}"}}
        with Daemon("h1conf", config(models)) as daemon:
            drive(
                check, tools / "h1conf.py", str(daemon.listen), "--get", "/health", "--echo", "/upstream/echo/echo",
                "--route405", "DELETE:/health", "--header-timeout", "10", "--body-limit", str(64 << 20),
            )  # fmt: skip


@scenario
def the_daemon_passes_requests_on_as_the_http_standards_say(check: Checks):
    tools = workspace.shared_tools("h1", "H1_TOOLS")
    port = free_port()
    models = {"m": {"backend": "attached", "url": f"http://127.0.0.1:{port}"}}
    with Daemon("h1proxy", config(models)) as daemon:
        drive(
            check, tools / "h1proxy.py", str(daemon.listen), "--backend-port", str(port),
            "--path", "/v1/chat/completions", "--json", json.dumps({"model": "m"}), "--pid", str(daemon.process.pid),
        )  # fmt: skip
