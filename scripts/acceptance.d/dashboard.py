"""Reads the Grafana folder: the dashboard's panels and all its expressions, and the rules'."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import workspace

GRAFANA = workspace.ROOT / "grafana"
FILE = GRAFANA / "switcher-overview.json"
RULES = GRAFANA / "rules.yml"


@dataclass(frozen=True)
class Expression:
    """A query of the dashboard, and where it stands there."""

    place: str
    text: str

    def filled(self, window: str, span: str) -> str:
        return filled(self.text, window, span)


def load() -> dict:
    return json.loads(FILE.read_text())


def panels(dashboard: dict) -> list[dict]:
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def expressions(dashboard: dict) -> list[Expression]:
    found = [
        Expression(panel["title"], target["expr"])
        for panel in panels(dashboard)
        for target in panel["targets"]
    ]
    annotations = dashboard["annotations"]["list"]
    return found + [Expression(f"annotation {one['name']}", one["expr"]) for one in annotations if "expr" in one]


def filled(text: str, window: str, span: str) -> str:
    """What Grafana makes of a query when everything is chosen."""
    values = {"__rate_interval": window, "__range": span}
    return re.sub(r"\$\{?(\w+)\}?", lambda match: values.get(match[1], ".+"), text)


def variables_in(text: str) -> set[str]:
    return set(re.findall(r"\$\{?(\w+)\}?", text))


def rules(kind: str, path: Path = RULES) -> list[tuple[str, str]]:
    """The names and expressions of the rules of a kind, `record` or `alert`; so much YAML as that file needs."""
    found = []
    for block in re.split(r"\n      - ", path.read_text())[1:]:
        if not (name := re.match(rf"{kind}: (\S+)", block)):
            continue
        lines = block.split("\n")
        start = next(index for index, line in enumerate(lines) if line.startswith("        expr:"))
        expr = [lines[start].removeprefix("        expr:").replace(">-", "").strip()]
        for line in lines[start + 1 :]:
            if not line.startswith("          "):
                break
            expr.append(line.strip())
        found.append((name[1], " ".join(expr).strip()))
    return found


def selectors(expr: str) -> list[str]:
    """The series that an expression reads."""
    return re.findall(r"\b(?:switcher[_:][\w:]+|up)(?:\{[^}]*\})?", expr)
