"""A panel's queries, answered: what Grafana calls data frames."""

import math
import re
from dataclasses import dataclass, field

import dashboard
from prometheus import Existing


@dataclass(frozen=True)
class Span:
    start: float
    end: float
    scrape_seconds: float

    @property
    def window(self) -> str:
        """$__rate_interval, where a panel has so many points that it shows every scrape."""
        return f"{4 * self.scrape_seconds:g}s"

    @property
    def range(self) -> str:
        return f"{self.end - self.start:.0f}s"

    @property
    def times(self) -> list[float]:
        count = int((self.end - self.start) / self.scrape_seconds) + 1
        return [self.start + index * self.scrape_seconds for index in range(count)]


@dataclass
class Series:
    name: str
    labels: dict[str, str]
    # One for each of the span's times, NaN where there is none; a single one of an instant query.
    values: list[float]
    ref: str = field(default="A")

    @property
    def last(self) -> float:
        return next((value for value in reversed(self.values) if not math.isnan(value)), math.nan)


def answered(panel: dict, prometheus: Existing, span: Span) -> list[Series]:
    found = []
    for target in panel["targets"]:
        text = dashboard.filled(target["expr"], span.window, span.range)
        if target["instant"]:
            result = prometheus.query(text, span.end)
        else:
            result = prometheus.query_range(text, span.start, span.end, span.scrape_seconds)
        for one in result:
            labels = {name: value for name, value in one["metric"].items() if name != "__name__"}
            name = legend(target["legendFormat"], labels)
            found.append(Series(name, labels, values(one, span), target["refId"]))
    return found


def values(one: dict, span: Span) -> list[float]:
    if "value" in one:
        return [float(one["value"][1])]
    by_index = {round((time - span.start) / span.scrape_seconds): float(value) for time, value in one["values"]}
    return [by_index.get(index, math.nan) for index in range(len(span.times))]


def legend(template: str, labels: dict[str, str]) -> str:
    if template == "__auto":
        return ", ".join(f"{name}={value}" for name, value in labels.items()) or "value"
    return re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda match: labels.get(match[1], ""), template)


def rows(panel: dict, series: list[Series]) -> tuple[list[str], list[list]]:
    """A table's headings and rows, as its transformations merge and `organize` them."""
    organize = next(one["options"] for one in panel["transformations"] if one["id"] == "organize")
    columns = sorted(organize["indexByName"], key=organize["indexByName"].get)
    merged: dict[tuple, dict] = {}
    for one in series:
        key = tuple(one.labels.get(name, "") for name in ("from", "to"))
        value = "Value" if "Value" in columns else f"Value #{one.ref}"
        merged.setdefault(key, dict(one.labels))[value] = one.last
    headings = [organize["renameByName"].get(name, name) for name in columns]
    table = [[row.get(name) for name in columns] for row in merged.values()]
    order = panel["options"]["sortBy"][0]
    at = headings.index(order["displayName"])
    table.sort(key=lambda row: row[at] if row[at] is not None else -1, reverse=order["desc"])
    return headings, table
