"""The Grafana folder against a real Prometheus that scrapes a daemon to which everything happens."""

import json
import os
import re
import time
from pathlib import Path

import client
import dashboard
import workspace
from checks import Checks, scenario
from configs import config, stub
from daemon import Daemon
from prometheus import Prometheus, QueryFault
from scenarios.metrics import every_parser_reads
from traffic import Traffic
from waiting import NeverCame, eventually

UNITS = {"none", "short", "s", "percentunit", "cpm", "cps", "reqps", "bytes"}
HOSTILE = 'char"lie\\ {le="1"} 1'

# What Grafana's windows come to where Prometheus scrapes each second.
WINDOW, SPAN = "20s", "1m"

# Alerts whose causes are there in the run, each `for` cut to two seconds. Those of the others last for minutes, or mean
# a defect of the daemon: grafana/rules.test.yml has them.
PROVOKED = {
    "SwitcherModelFailed", "SwitcherSwitchesFailing", "SwitcherErrorBudgetFastBurn", "SwitcherErrorBudgetSlowBurn",
    "SwitcherConfigReloadFailed", "SwitcherStarvation",
}  # fmt: skip

# Expressions that may be without data, and why.
EMPTY: dict[str, str] = {}


@scenario
def the_dashboard_is_one_that_grafana_takes(check: Checks):
    board = dashboard.load()
    panels = dashboard.panels(board)
    check.equal("its id is Grafana's to give", board["id"], None)
    check("it has an address of its own", 0 < len(board["uid"]) <= 40, board["uid"])
    check.equal("its schema is the classic one", (board["schemaVersion"], "__inputs" in board), (39, False))
    check.equal("each panel has a number", len({panel["id"] for panel in board["panels"]}), len(board["panels"]))
    untold = [panel["title"] for panel in panels if not panel.get("description") or not panel["title"]]
    check.equal("each has a title and a description", untold, [])
    units = {panel["title"]: panel["fieldConfig"]["defaults"].get("unit") for panel in panels}
    check.equal("each has a unit", [title for title, unit in units.items() if unit not in UNITS], [])
    check.equal("no panel lies on another", overlaps(board["panels"]), [])
    sources = {part["datasource"]["uid"] for panel in panels for part in [panel, *panel["targets"]]}
    check.equal("all ask the chosen data source", sources, {"${datasource}"})

    known = {variable["name"] for variable in board["templating"]["list"]} | {"__rate_interval", "__range"}
    ill_formed = []
    for expression in dashboard.expressions(board):
        text = expression.text
        faults = [
            *(f"unknown ${name}" for name in dashboard.variables_in(text) - known),
            *(f"fixed window [{window}]" for window in re.findall(r"\[([^\]]*)\]", text) if "$__" not in window),
            *(f"all daemons in {part}" for part in dashboard.selectors(text) if "$instance" not in part),
        ]
        if faults:
            ill_formed.append(f"{expression.place}: {faults} in {text}")
    check.equal("each expression asks the chosen daemons for the chosen time", ill_formed, [])


def overlaps(panels: list[dict]) -> list[str]:
    taken, found = {}, []
    for panel in panels:
        place = panel["gridPos"]
        if place["x"] + place["w"] > 24:
            found.append(f"{panel['title']} is beyond the 24 columns")
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                if (other := taken.setdefault((x, y), panel["title"])) != panel["title"]:
                    found.append(f"{panel['title']} and {other}")
    return found


# Of a model whose queue overflows and whose requests run out of time.
SHORT = {"max_queue": 4, "request_timeout_secs": 2}


@scenario
def every_expression_of_dashboard_and_rules_gives_data(check: Checks):
    models = {
        "alpha": stub("--sleep-secs", "0.1", "--wake-secs", "0.2", keep="offload"),
        "bravo": stub("--sleep-secs", "0.1", "--wake-secs", "0.3", "--fail", "sleep", keep="discard", **SHORT),
        HOSTILE: stub("--start-secs", "0.3"),
        "cut": stub("--fail", "mid-stream:2", keep="offload"),
        "broken": stub("--fail", "start"),
    }
    policy = {"type": "cost_aware", "min_active_secs": 1, "max_wait_secs": 2}
    with Daemon("dashboard", config(models, policy=policy)) as daemon:
        rules = hasty_rules(daemon.directory)
        with Prometheus(daemon.directory, daemon.admin, rules) as prometheus:
            began = time.time()
            with Traffic(daemon, {"alpha": 4, "bravo": 3, HOSTILE: 1, "cut": 0.5, "broken": 0.3}) as traffic:
                everything_happens(daemon)
                fired = alerts_within(prometheus, PROVOKED, began)
            check("there was load", traffic.outcomes[200] > 20, traffic.outcomes)
            check("the provoked alerts fire", PROVOKED <= fired, f"only {fired} of {PROVOKED}")
            ended = time.time()
            expressions_give_data(check, prometheus, began, ended)
            rules_give_data(check, prometheus, ended)
            variables_have_values(check, prometheus)
            every_parser_reads(check, daemon)
            documents_are_right(check, prometheus, daemon, ended)
            daemon.end()
            fired = alerts_within(prometheus, {"SwitcherDown"}, ended)
            check("and SwitcherDown, once it is", "SwitcherDown" in fired, fired)


def hasty_rules(directory: Path) -> Path:
    """The rules with every `for` cut short: whether a cause is told from what looks like it is a test of the rules'."""
    path = directory / "rules.yml"
    path.write_text(re.sub(r"\bfor: \w+", "for: 2s", dashboard.RULES.read_text()))
    return path


def everything_happens(daemon: Daemon):
    """Some 30 s of what a daemon lives through, besides its traffic."""
    path = daemon.directory / "config.json"
    good = path.read_text()

    def reload(text: str):
        draft = path.with_suffix(".new")
        draft.write_text(text)
        os.replace(draft, path)
        daemon.control("reload")

    for _ in range(3):
        client.chat(daemon.listen, "nobody")
        client.post(daemon.listen, "/v1/chat/completions", b"{")
        client.get(daemon.listen, "/nowhere")
        daemon.control("switch", model="alpha")
        streaming = client.Stream(daemon.listen, "alpha", max_tokens=400)
        streaming.next_event()
        streaming.leave()
        waiting = client.Sent(daemon.listen, HOSTILE)
        time.sleep(0.1)
        waiting.leave()
        # So many that they are a good part of the switches, however many others the traffic brings.
        for _ in range(6):
            daemon.control("switch", model="broken")
        daemon.control("switch", model="cut")
        client.Stream(daemon.listen, "cut").read_to_end()
        crowd = [client.Sent(daemon.listen, "bravo") for _ in range(12)]
        daemon.control("pin", model="alpha")
        time.sleep(2)
        daemon.control("unpin")
        for one in crowd:
            one.leave()
        if engine := daemon.engine("alpha"):
            engine.kill()
        reload(json.dumps({**json.loads(good), "modles": {}}))
        reload(good)
        time.sleep(2)
    reload("{")


def alerts_within(prometheus: Prometheus, wanted: set[str], began: float) -> set[str]:
    """What has fired since then, once all that are wanted have or the time is over."""
    try:
        eventually(lambda: wanted <= prometheus.fired(began), "the alerts", every=0.5)
    except NeverCame:
        pass
    return prometheus.fired(began)


def expressions_give_data(check: Checks, prometheus: Prometheus, began: float, ended: float):
    found = dashboard.expressions(dashboard.load())
    without, refused = [], []
    for expression in found:
        text = expression.filled(WINDOW, SPAN)
        try:
            # At several times also what the dashboard asks for once: who is pinned now, say, may be nobody.
            series = prometheus.query_range(text, began + 10, ended, 1)
        except QueryFault as fault:
            refused.append(f"{expression.place}: {fault} in {text}")
            continue
        values = [value for one in series for _, value in one["values"]]
        if all(value == "NaN" for value in values) and expression.place not in EMPTY:
            without.append(f"{expression.place}: {text}")
    check.equal("Prometheus understands every expression", refused, [])
    check(f"each of the dashboard's {len(found)} expressions gives data", not without, "\n".join(["not", *without]))


def rules_give_data(check: Checks, prometheus: Prometheus, at: float):
    recorded = [name for name, _ in dashboard.rules("record")]
    without = [name for name in recorded if not prometheus.lately(name, at)]
    check.equal(f"each of the {len(recorded)} recording rules gives data", without, [])
    alerts = dashboard.rules("alert")
    watched = [(name, selector) for name, expr in alerts for selector in dashboard.selectors(expr)]
    blind = [f"{name}: {selector}" for name, selector in watched if not prometheus.lately(selector, at)]
    check.equal(f"each of the {len(alerts)} alerts sees what it watches", blind, [])


def variables_have_values(check: Checks, prometheus: Prometheus):
    for variable in dashboard.load()["templating"]["list"]:
        if variable["type"] != "query":
            continue
        selector, label = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["definition"]).groups()
        values = prometheus.label_values(label, dashboard.filled(selector, WINDOW, SPAN))
        check(f"the variable {variable['name']} has values", values, selector)


def documents_are_right(check: Checks, prometheus: Prometheus, daemon: Daemon, at: float):
    text = (workspace.ROOT / "docs" / "metrics.md").read_text()
    exposed = set(re.findall(r"^# TYPE (\S+)", daemon.scrape().text, re.MULTILINE))
    named = set(re.findall(r"^\| `((?:switcher|process)_\w+)`", text, re.MULTILINE))
    check.equal("docs/metrics.md names every metric that is exposed", sorted(exposed - named), [])
    check.equal("and no other", sorted(named - exposed), [])
    blocks = re.findall(r"```promql\n(.*?)```", text, re.DOTALL)
    examples = [line for block in blocks for line in block.replace("\n ", " ").splitlines()]
    without = [example for example in examples if not prometheus.lately(example, at)]
    check.equal(f"each of its {len(examples)} examples gives data", without, [])
