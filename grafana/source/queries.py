"""PromQL as this dashboard writes it: every selector is bound to the chosen daemons, every window to Grafana's own."""

from dataclasses import dataclass

DAEMON = 'job=~"$job", instance=~"$instance"'
MODEL = 'model=~"$model"'
TO = 'to=~"$model"'

# The window of a point in a graph, and the whole span that is shown.
POINT = "$__rate_interval"
SPAN = "$__range"


@dataclass(frozen=True)
class Query:
    expr: str
    legend: str = ""
    instant: bool = False
    # time_series, table or heatmap.
    format: str = "time_series"


def series(name: str, *matchers: str) -> str:
    """A selector; the prefix is added except to the standard metrics of a process."""
    prefix = "" if name.startswith("process_") else "switcher_"
    return f"{prefix}{name}{{{', '.join([DAEMON, *matchers])}}}"


def rate(name: str, *matchers: str, over=POINT) -> str:
    return f"rate({series(name, *matchers)}[{over}])"


def increase(name: str, *matchers: str, over=POINT) -> str:
    return f"increase({series(name, *matchers)}[{over}])"


def total(expr: str, *by: str) -> str:
    return f"sum by ({', '.join(by)}) ({expr})" if by else f"sum({expr})"


def ratio(part: str, whole: str) -> str:
    """No value rather than a division by zero where there is no whole."""
    return f"{part} / ({whole} > 0)"


def share(name: str, by: str, *matchers: str, over=POINT) -> str:
    """What part of the whole each value of the label has; the matchers choose parts."""
    part, whole = total(rate(name, *matchers, over=over), by), total(rate(name, over=over))
    return f"{part} / ignoring ({by}) group_left () {whole}"


def quantile(q: float, name: str, *matchers: str, by=(), over=POINT) -> str:
    return f"histogram_quantile({q}, {total(rate(name + '_bucket', *matchers, over=over), 'le', *by)})"


def mean(name: str, *matchers: str, by=(), over=POINT) -> str:
    """Of a histogram."""
    sums, counts = (total(rate(f"{name}_{part}", *matchers, over=over), *by) for part in ("sum", "count"))
    return ratio(sums, counts)
