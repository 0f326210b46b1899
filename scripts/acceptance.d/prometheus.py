"""A real Prometheus beside the daemon: it scrapes every second, evaluates rules, and answers queries."""

import json
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import waiting
import workspace
from client import Address
from configs import free_port
from waiting import eventually

JOB = "switcher"
# It has a database to write.
PATIENCE = 2 * waiting.PATIENCE


class Existing:
    """Answers queries; somebody else runs it."""

    def __init__(self, url: str):
        self.url = url

    def query(self, expr: str, at: float | None = None) -> list[dict]:
        """The samples of now, or of another time; raises `QueryFault` on one that Prometheus does not understand."""
        return self.ask("query", query=expr, **({} if at is None else {"time": at}))["result"]

    def query_range(self, expr: str, start: float, end: float, step: float) -> list[dict]:
        return self.ask("query_range", query=expr, start=start, end=end, step=step)["result"]

    def label_values(self, label: str, selector: str) -> list[str]:
        return self.ask(f"label/{label}/values", **{"match[]": selector})

    def lately(self, expr: str, at: float) -> list[dict]:
        """The samples of the half minute before: of a single instant there are none where a scrape has just failed."""
        return self.query_range(expr, at - 30, at, 1)

    def fired(self, began: float) -> set[str]:
        """The names of the alerts that have fired since then, if only for a moment."""
        series = self.query_range('ALERTS{alertstate="firing"}', began, time.time(), 1)
        return {one["metric"]["alertname"] for one in series}

    def ask(self, what: str, **parameters):
        url = f"{self.url}/api/v1/{what}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise QueryFault(json.load(error).get("error", str(error))) from None


class Prometheus(Existing):
    """One run; leaving the `with` block ends it. `interval_seconds` is that of scrapes and of rules."""

    def __init__(self, directory: Path, target: Address, rules: Path | None = None, interval_seconds=1):
        self.directory = directory
        self.address = Address("127.0.0.1", free_port())
        super().__init__(self.address.url)
        rule_files = f"rule_files: [{json.dumps(str(rules))}]\n" if rules else ""
        (directory / "prometheus.yml").write_text(
            f"global: {{scrape_interval: {interval_seconds}s, evaluation_interval: {interval_seconds}s}}\n{rule_files}"
            f"scrape_configs: [{{job_name: {JOB}, static_configs: [{{targets: ['{target}']}}]}}]\n"
        )

    def __enter__(self) -> "Prometheus":
        command = [
            workspace.tool("prometheus", "prometheus"),
            f"--config.file={self.directory / 'prometheus.yml'}",
            f"--storage.tsdb.path={self.directory / 'data'}",
            f"--web.listen-address={self.address}",
        ]
        with open(self.directory / "prometheus.log", "wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            eventually(self.is_ready, "Prometheus", within=PATIENCE, every=0.1)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False


class QueryFault(Exception):
    pass
