"""Configurations with something wrong in them: the daemon says what and where, and does not start."""

import json
import socket
from dataclasses import dataclass
from pathlib import Path

import client
import daemon as daemons
import workspace
from checks import Checks, scenario
from configs import config, stub

# Where the fault is expected to be reported, in the text of a case.
HERE = "»"

GOOD = '"good": {"url": "http://h"}'


@dataclass(frozen=True)
class Case:
    """A text with one fault, the path that the report names, and what else it says: what was found and expected."""

    sentence: str
    text: str
    path: str
    said: tuple[str, ...] = ()

    @property
    def json(self) -> str:
        return self.text.replace(HERE, "")

    @property
    def position(self) -> str:
        before = self.text[: self.text.index(HERE)]
        return f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


def model(object: str) -> str:
    return '{"models": {\n  "m": ' + object + "\n}}"


def top(settings: str) -> str:
    return "{\n  " + settings + ',\n  "models": {' + GOOD + "}\n}"


CASES = [
    Case("no JSON", '{\n  "models": »}', "", ()),
    Case("a trailing comma", '{"models": {' + GOOD + "},\n»}", "", ()),
    Case("a key that is there twice", '{"models": {' + GOOD + '},\n »"models": {}}', "models", ()),
    Case("no object", "»[]", "", ("expected",)),
    Case("no models", '»{"listen": "127.0.0.1:0"}', "models", ("missing",)),
    Case("an empty list of models", '{"models": »{}}', "models", ("expected",)),
    Case("an unknown key", top('»"lisen": "127.0.0.1:0"'), "lisen", ("unknown", "listen")),
    Case(
        "a model's unknown key",
        model('{"url": "http://h", »"max_inflight": 3}'),
        "models.m.max_inflight",
        ("max_in_flight",),
    ),
    Case("a value of another kind", top('"shutdown_grace_secs": »"long"'), "shutdown_grace_secs", ('"long"', "number")),
    Case("a number out of range", model('{"command": ["true"], "port": »70000}'), "models.m.port", ("70000", "65535")),
    Case("a negative time", model('{"url": "http://h", "stop_grace_secs": »-1}'), "models.m.stop_grace_secs", ("-1",)),
    Case("an address that is none", top('"listen": »"nowhere"'), "listen", ('"nowhere"', "HOST:PORT")),
    Case("an unknown policy", top('"policy": {"type": »"fifi"}'), "policy.type", ("fifi", "fifo")),
    Case("an unknown backend", model('{"backend": »"vlm", "url": "http://h"}'), "models.m.backend", ("vlm", "vllm")),
    Case(
        "an unknown eviction",
        model('{"url": "http://h", "eviction": {"weights": »"drop"}}'),
        "models.m.eviction.weights",
        ("drop", "discard"),
    ),
    Case("no command", model('»{"backend": "command", "port": 9002}'), "models.m.command", ("missing",)),
    Case(
        "a method that is none",
        model(
            '{"url": "http://h", "sleep_endpoints": [{"endpoint": "/s"}],\n'
            ' "wake_endpoints": [{"endpoint": "/w"}, {"endpoint": "/v", "method": »"FETCH"}]}'
        ),
        "models.m.wake_endpoints[1].method",
        ('"FETCH"', "POST"),
    ),
    Case(
        "sleep without wake",
        model('»{"url": "http://h", "sleep_endpoints": [{"endpoint": "/s"}]}'),
        "models.m.wake_endpoints",
        ("missing", "sleep_endpoints"),
    ),
    Case(
        "an endpoint without a path",
        model('{"url": "http://h", "sleep_endpoints": [»{}], "wake_endpoints": [{"endpoint": "/w"}]}'),
        "models.m.sleep_endpoints[0].endpoint",
        ("missing",),
    ),
    Case(
        "a key that was removed",
        model('{"url": "http://h", »"sleepEndpoint": "/sleep"}'),
        "models.m.sleepEndpoint",
        ("sleep_endpoints", "docs/migration.md"),
    ),
    Case(
        "two models of one name",
        '{"models": {\n "m": {"url": "http://h"},\n "n": {"url": "http://i", "aliases": [»"m"]}}}',
        "models.n.aliases[0]",
        ("models.m", "line 2"),
    ),
    Case(
        "a variable that is not set", top('"admin_token": »"${env.SURELY_NOT_SET}"'), "admin_token", ("SURELY_NOT_SET",)
    ),
    Case("a substitution that is none", model('{"command": [»"${NONSENSE}"]}'), "models.m.command[0]", ("NONSENSE",)),
    Case(
        "an open admin address without a token", top('"admin_listen": »"0.0.0.0:0"'), "admin_listen", ("admin_token",)
    ),
]


@scenario
def a_faulty_config_is_refused_with_place_path_and_reason(check: Checks):
    directory = workspace.fresh_directory("faulty-configs")
    for case in CASES:
        (directory / "config.json").write_text(case.json)
        result = daemons.run_to_its_end("--config", "config.json", directory=directory)
        check(f"{case.sentence}: exit status 2", result.returncode == 2, f"{result.returncode}: {result.stdout}")
        place = f"config.json:{case.position}: {case.path}"
        check.contains(f"{case.sentence}: said where and what", result.stdout, place, *case.said)


@scenario
def all_faults_of_a_config_are_told_at_once(check: Checks):
    directory = workspace.fresh_directory("many-faults")
    faulty = {"listen": "nowhere", "lisen": 1, "models": {"m": {"url": "ftp://h", "max_queue": 0}}}
    (directory / "config.json").write_text(json.dumps(faulty, indent=1))
    for arguments in (["check", "--config", "config.json"], ["serve", "--config", "config.json"]):
        result = daemons.run_to_its_end(*arguments, directory=directory)
        check.equal(f"{arguments[0]}: exit status 2", result.returncode, 2)
        lines = [line for line in result.stdout.splitlines() if "config.json:" in line]
        check(f"{arguments[0]}: four faults, four lines", len(lines) == 4, result.stdout)


@scenario
def check_approves_of_the_shipped_config_and_hides_secrets(check: Checks):
    result = daemons.run_to_its_end("check", directory=workspace.ROOT)
    check.equal("the shipped config is valid", result.returncode, 0)
    directory = workspace.fresh_directory("check")
    secret = config({"alpha": stub(env={"HF_TOKEN": "hf_verysecret"})}, admin_token="verysecrettoo")
    (directory / "config.json").write_text(json.dumps(secret))
    result = daemons.run_to_its_end("check", "--print", directory=directory)
    check.equal("--print: exit status 0", result.returncode, 0)
    check.contains("it prints the effective config", result.stdout, "alpha", "stub-engine")
    check("without the secrets", "verysecret" not in result.stdout, result.stdout)


@scenario
def a_wrong_command_line_is_refused(check: Checks):
    for arguments, said in [
        (["sreve"], "serve"),
        (["--confg", "x"], "--config"),
        (["--config"], "--config"),
        (["--listen", "nowhere"], "nowhere"),
    ]:
        result = daemons.run_to_its_end(*arguments, directory=workspace.ROOT)
        check(f"{arguments}: exit status 2", result.returncode == 2, f"{result.returncode}: {result.stdout}")
        check.contains(f"{arguments}: said what is wrong", result.stdout, said)
    result = daemons.run_to_its_end("--config", "/nonexistent.json", directory=workspace.ROOT)
    check("a config that is not there: exit status 2", result.returncode == 2, f"{result.returncode}: {result.stdout}")
    check.contains("a config that is not there: named", result.stdout, "/nonexistent.json")
    for arguments in (["--help"], ["--version"], ["help"], ["version"], ["check", "--help"]):
        result = daemons.run_to_its_end(*arguments, directory=workspace.ROOT)
        check(f"{arguments}: exit status 0", result.returncode == 0 and result.stdout, result.stdout)


@scenario
def a_port_that_is_taken_is_a_clear_error(check: Checks):
    directory = workspace.fresh_directory("port-taken")
    for key in ("listen", "admin_listen"):
        with socket.create_server(("127.0.0.1", 0)) as stranger:
            port = stranger.getsockname()[1]
            taken = config({"alpha": stub()}, **{key: f"127.0.0.1:{port}"})
            (directory / "config.json").write_text(json.dumps(taken))
            result = daemons.run_to_its_end("--config", "config.json", directory=directory)
            check(f"{key}: exit status 1", result.returncode == 1, f"{result.returncode}: {result.stdout}")
            check.contains(f"{key}: said which port and why", result.stdout, f"127.0.0.1:{port}", "in use")


@scenario
def flags_and_variables_override_the_file(check: Checks):
    text = config({"alpha": stub()}, listen="127.0.0.1:1")
    with daemons.Daemon("overrides", text, environment={"SWITCHER_LISTEN": "127.0.0.1:0"}) as daemon:
        check.equal("SWITCHER_LISTEN beats the file", client.get(daemon.listen, "/health").status, 200)
    path = workspace.fresh_directory("flags") / "config.json"
    Path(path).write_text(json.dumps(text))
    command = [str(workspace.BINARY), "serve", "--config", str(path), "--listen", "127.0.0.1:0"]
    nonsense = {"SWITCHER_LISTEN": "127.0.0.1:2"}
    with daemons.Daemon("overrides", command=command, environment=nonsense) as daemon:
        check.equal("--listen beats both", client.get(daemon.listen, "/health").status, 200)
