"""The dashboard as a whole: its variables, its annotations, and its panels laid out on Grafana's 24 columns."""

from daemon import daemon
from gpu import at_a_glance, timeline
from panels import DATASOURCE, row
from queries import increase, series, total
from serving import requests
from switching import policy, switches

ROWS = {
    "At a glance": at_a_glance,
    "Timeline": timeline,
    "Switches": switches,
    "Requests and queue": requests,
    "Policy": policy,
    "Daemon": daemon,
}

COLUMNS = 24
# What the value "All" stands for: also series that do not name a model, such as folded pairs.
ANY = ".+"


def overview() -> dict:
    return {
        "id": None,
        "uid": "switcher-overview",
        "title": "Switcher",
        "description": "What holds the GPU, where its time goes, who waits, and what is stuck.",
        "tags": ["switcher", "llm", "gpu"],
        "schemaVersion": 39,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "timezone": "",
        "time": {"from": "now-1h", "to": "now"},
        "refresh": "10s",
        "timepicker": {},
        "fiscalYearStartMonth": 0,
        "weekStart": "",
        "links": [],
        "annotations": {"list": annotations()},
        "templating": {"list": variables()},
        "panels": laid_out(),
    }


def variables() -> list[dict]:
    daemons = "switcher_build_info"
    source = {
        "type": "datasource", "name": "datasource", "label": "Data source", "query": "prometheus", "regex": "",
        "hide": 0, "refresh": 1, "includeAll": False, "multi": False, "options": [], "current": {},
        "skipUrlSync": False,
    }  # fmt: skip
    return [
        source,
        variable("job", "Job", f"label_values({daemons}, job)"),
        variable("instance", "Daemon", f'label_values({daemons}{{job=~"$job"}}, instance)'),
        variable("model", "Model", f"label_values({series('model_state')}, model)"),
    ]


def variable(name: str, label: str, definition: str) -> dict:
    return {
        "type": "query", "name": name, "label": label, "datasource": DATASOURCE, "definition": definition,
        "query": {"qryType": 1, "query": definition, "refId": "PrometheusVariableQueryEditor-VariableQuery"},
        "regex": "", "sort": 1, "hide": 0, "refresh": 2, "includeAll": True, "multi": True, "allValue": ANY,
        "options": [], "current": {"selected": True, "text": ["All"], "value": ["$__all"]}, "skipUrlSync": False,
    }  # fmt: skip


def annotations() -> list[dict]:
    switched = f"{total(increase('switches_total'), 'from', 'to', 'outcome')} > 0"
    changed = f"1000 * {series('mode_changed_timestamp_seconds')}"
    started = f"1000 * {series('process_start_time_seconds')}"
    return [
        {
            "name": "Annotations & Alerts", "type": "dashboard", "builtIn": 1, "enable": True, "hide": True,
            "iconColor": "rgba(0, 211, 255, 1)", "datasource": {"type": "grafana", "uid": "-- Grafana --"},
        },
        # Off until asked for: where switches are frequent, the timeline tells more.
        annotation("Switches", switched, "#F2CC0C", "{{from}} → {{to}}", "{{outcome}}", enable=False),
        annotation("Mode changes", changed, "#F2801F", "The mode or the pin was changed", "", useValueForTime=True),
        annotation("Restarts", started, "#E02F44", "The daemon started", "{{instance}}", useValueForTime=True),
    ]  # fmt: skip


def annotation(name: str, expr: str, color: str, title: str, text: str, **more) -> dict:
    return {
        "name": name, "datasource": DATASOURCE, "enable": True, "hide": False, "iconColor": color, "expr": expr,
        "step": "15s", "titleFormat": title, "textFormat": text, "tagKeys": "", **more,
    }  # fmt: skip


def laid_out() -> list[dict]:
    """Fills the columns from the left; a panel that is half as high as its neighbours has the next one below it."""
    panels, y = [], 0
    for title, contents in ROWS.items():
        panels.append({**row(title), "gridPos": {"x": 0, "y": y, "w": COLUMNS, "h": 1}})
        y += 1
        x, height, below = 0, 0, None
        for w, h, panel in contents():
            if below:
                place, below = below, None
            else:
                if x + w > COLUMNS:
                    x, y, height = 0, y + height, 0
                height = max(height, h)
                place = {"x": x, "y": y, "w": w, "h": h}
                if 2 * h == height:
                    below = {**place, "y": y + h}
                x += w
            panels.append({**panel, "gridPos": place})
        y += height
    return [{"id": number, **panel} for number, panel in enumerate(panels, 1)]
