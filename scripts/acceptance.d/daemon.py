"""The daemon as a user runs it: started with a configuration, waited for, ended."""

import json
import os
import re
import signal
import subprocess
import uuid
from contextlib import contextmanager
from pathlib import Path

import client
import processes
import workspace
from client import Address
from exposition import Exposition
from waiting import PATIENCE, eventually


class Daemon:
    """One run of the daemon; leaving the `with` block ends it and whatever it may have left behind."""

    def __init__(
        self,
        name: str,
        config: dict | None = None,
        command: list[str] | None = None,
        environment: dict[str, str] | None = None,
        ready_within=PATIENCE,
    ):
        """`command` takes the place of the release binary, for the shipped configuration, which needs no `config`."""
        self.directory = workspace.fresh_directory(name)
        self.log_path = self.directory / "log"
        self.command = list(command or [str(workspace.BINARY)])
        if config is not None:
            path = self.directory / "config.json"
            path.write_text(json.dumps(config, indent=2))
            self.command += ["--config", str(path)]
        self.ready_within = ready_within
        self.mark = uuid.uuid4().hex
        self.environment = {
            **os.environ,
            "TMPDIR": str(self.directory),
            processes.MARK: self.mark,
            **(environment or {}),
        }

    def __enter__(self) -> "Daemon":
        try:
            self.start()
            self.wait_until_ready()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_):
        self.end()

    def start(self):
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                self.command, cwd=workspace.ROOT, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def wait_until_ready(self):
        def ready():
            if (status := self.process.poll()) is not None:
                raise RuntimeError(f"the daemon ended with {status} before it was ready: {self.log[-800:]}")
            return next((record for record in self.records() if record.get("msg") == "ready"), None)

        record = eventually(ready, "the daemon's ready line", self.ready_within)
        addresses = [address(url) for url in record["listen"].split()]
        self.listen = addresses[0]
        # Without an address of their own the admin routes are with the others.
        self.admin = addresses[min(1, len(addresses) - 1)]

    def end(self):
        """Ends everything, by force where need be: scenarios that judge how it ends do so before this."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for process in self.left_behind():
            process.kill()

    # How it is and what it says

    @property
    def log(self) -> str:
        return self.log_path.read_text(errors="replace")

    def records(self) -> list[dict]:
        """The lines of its log so far, those that are whole."""
        found = []
        for line in self.log.splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                continue
        return [record for record in found if isinstance(record, dict)]

    def status(self) -> dict:
        return client.get(self.admin, "/control/status").json

    def status_at_rest(self) -> dict:
        """The status once nobody is in flight: a client may have its last byte before its request is counted off."""

        def at_rest():
            status = self.status()
            return status if all(model["in_flight"] == 0 for model in status["models"].values()) else None

        return eventually(at_rest, "nobody in flight")

    def model_state(self, model: str) -> str:
        return self.status()["models"][model]["state"]

    def scrape(self) -> Exposition:
        return Exposition(client.get(self.admin, "/metrics").text)

    def control(self, action: str, timeout=client.TIMEOUT, **body) -> client.Answer:
        return client.post(self.admin, f"/control/{action}", body or None, timeout=timeout)

    @contextmanager
    def held_stream(self, model: str, max_tokens=8):
        """A stream that is in flight for as long as the block lasts, and may be read to its end after it."""
        client.chat(self.listen, model, max_tokens=1)
        self.status_at_rest()
        with self.engine(model).held():
            stream = client.Stream(self.listen, model, max_tokens, awaits_head=False)
            eventually(lambda: self.status()["models"][model]["in_flight"] == 1, f"a stream on {model}")
            yield stream
        stream.await_head()

    # Its end

    def signal(self, number: signal.Signals):
        self.process.send_signal(number)

    def wait(self, within=PATIENCE) -> int:
        """Its exit status, once it has ended."""
        return self.process.wait(within)

    # Its processes

    def cpu_ticks(self) -> int:
        """What it has used itself, in user and system mode (proc(5), stat); a tick is a hundredth of a second."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    def left_behind(self) -> list[processes.Process]:
        """Whatever descends from it, however far, but not itself."""
        return [process for process in processes.marked(self.mark) if process.pid != self.process.pid]

    def engine(self, model: str) -> processes.Process | None:
        """The stub engine that serves the model now."""
        return next((process for process in self.left_behind() if process.serves(model)), None)


def address(url: str) -> Address:
    host, port = re.fullmatch(r"http://(.*):(\d+)", url).groups()
    return Address(host.strip("[]"), int(port))


def run_to_its_end(*arguments: str, directory: Path, within=PATIENCE) -> subprocess.CompletedProcess:
    """For what is to fail by itself: the exit status, and all that was said."""
    return subprocess.run(
        [str(workspace.BINARY), *arguments],
        cwd=directory,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=within,
    )
