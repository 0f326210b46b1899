"""Grafana's panels, each as the JSON that Grafana itself would save (schema 39)."""

from queries import Query

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
TOOLTIP = {"mode": "multi", "sort": "desc"}
LEGEND = {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []}
PLAIN = {"mode": "absolute", "steps": [{"color": "text", "value": None}]}


def panel(kind: str, title: str, description: str, unit: str, queries: list[Query], **more) -> dict:
    """What all panels have in common. `defaults` is added to the field defaults, `colors` fixes those of series."""
    defaults = {"unit": unit, "thresholds": PLAIN, "mappings": [], **more.pop("defaults", {})}
    overrides = [override(name, fixed(color)) for name, color in more.pop("colors", {}).items()]
    return {
        "type": kind,
        "title": title,
        "description": description,
        "datasource": DATASOURCE,
        "fieldConfig": {"defaults": defaults, "overrides": overrides + more.pop("overrides", [])},
        "targets": [target(query, index) for index, query in enumerate(queries)],
        **more,
    }


def target(query: Query, index: int) -> dict:
    return {
        "refId": chr(ord("A") + index),
        "datasource": DATASOURCE,
        "editorMode": "code",
        "expr": query.expr,
        "format": query.format,
        "instant": query.instant,
        "range": not query.instant,
        "legendFormat": query.legend or "__auto",
    }


def override(name: str, *properties: dict) -> dict:
    return {"matcher": {"id": "byName", "options": name}, "properties": list(properties)}


def property(name: str, value) -> dict:
    return {"id": name, "value": value}


def fixed(color: str) -> dict:
    return property("color", {"mode": "fixed", "fixedColor": color})


def thresholds(base: str, *steps: tuple[float, str]) -> dict:
    """The color from below, then each with the value from which it holds."""
    points = [(None, base), *steps]
    return {"mode": "absolute", "steps": [{"color": color, "value": value} for value, color in points]}


def row(title: str) -> dict:
    return {"type": "row", "title": title, "collapsed": False, "panels": []}


def stat(title, description, unit, *queries, empty="–", limits=None, names=False, **defaults) -> dict:
    """One figure; with `names` the names of the series that there are, in place of their values."""
    options = {
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "textMode": "name" if names else "value",
        "colorMode": "value",
        "graphMode": "none",
        "justifyMode": "center",
        "orientation": "auto",
        "wideLayout": True,
    }
    colors = defaults.pop("colors", {})
    defaults |= {"noValue": empty, "thresholds": limits or PLAIN, "color": {"mode": "thresholds"}}
    return panel("stat", title, description, unit, list(queries), options=options, defaults=defaults, colors=colors)


def graph(title, description, unit, *queries, stacked=False, bars=False, colors=None, limits=None, **defaults) -> dict:
    """A time series: lines, or areas on each other, or bars for what happens now and then."""
    custom = {
        "drawStyle": "bars" if bars else "line",
        "lineInterpolation": "linear",
        "lineWidth": 0 if bars or stacked else 1,
        "fillOpacity": 80 if bars or stacked else 10,
        "gradientMode": "none",
        "showPoints": "never" if stacked else "auto",
        "pointSize": 4,
        "spanNulls": False,
        "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
        "thresholdsStyle": {"mode": "dashed" if limits else "off"},
        "axisSoftMin": 0,
    }
    defaults |= {"custom": custom, "color": {"mode": "palette-classic"}, "thresholds": limits or PLAIN, "min": 0}
    if bars:
        defaults.setdefault("noValue", "none")
    options = {"legend": LEGEND, "tooltip": TOOLTIP}
    return panel(
        "timeseries", title, description, unit, list(queries), options=options, defaults=defaults, colors=colors or {}
    )


def states(title, description, query: Query, values: dict[int, tuple[str, str]]) -> dict:
    """A row a series, colored by its value: `values` has the name and the color of each."""
    names = {str(value): {"text": text, "color": color, "index": value} for value, (text, color) in values.items()}
    defaults = {
        "mappings": [{"type": "value", "options": names}],
        "custom": {"fillOpacity": 85, "lineWidth": 0},
        "color": {"mode": "thresholds"},
    }
    options = {
        "mergeValues": True,
        "showValue": "never",
        "alignValue": "left",
        "rowHeight": 0.85,
        "legend": LEGEND,
        "tooltip": {"mode": "single", "sort": "none"},
    }
    return panel("state-timeline", title, description, "none", [query], options=options, defaults=defaults)


def bar_gauge(title, description, unit, query: Query, empty: str, color: str) -> dict:
    """A bar a series, longest first as Prometheus sorts them."""
    options = {
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "orientation": "horizontal",
        "displayMode": "basic",
        "valueMode": "text",
        "namePlacement": "auto",
        "showUnfilled": True,
        "sizing": "auto",
        "minVizWidth": 8,
        "minVizHeight": 16,
        "maxVizHeight": 40,
    }
    defaults = {"min": 0, "noValue": empty, "color": {"mode": "fixed", "fixedColor": color}}
    return panel("bargauge", title, description, unit, [query], options=options, defaults=defaults)


def heat_map(title, description, unit, query: Query) -> dict:
    options = {
        "calculate": False,
        "cellGap": 1,
        "cellValues": {},
        "color": {
            "mode": "scheme", "scheme": "Oranges", "steps": 64, "exponent": 0.5, "scale": "exponential",
            "fill": "dark-orange", "reverse": False,
        },
        "exemplars": {"color": "rgba(255,0,255,0.7)"},
        "filterValues": {"le": 1e-9},
        "legend": {"show": True},
        "rowsFrame": {"layout": "auto"},
        "showValue": "never",
        "tooltip": {"mode": "single", "yHistogram": False, "showColorScale": True},
        "yAxis": {"axisPlacement": "left", "unit": unit, "reverse": False},
    }  # fmt: skip
    defaults = {"custom": {"scaleDistribution": {"type": "linear"}}}
    return panel("heatmap", title, description, unit, [query], options=options, defaults=defaults)


def table(title, description, unit, columns: dict[str, tuple[str, Query]], sort: str) -> dict:
    """Instant queries side by side, joined by their labels. `columns` has the unit and the query under each heading."""
    queries = [Query(query.expr, instant=True, format="table") for _, query in columns.values()]
    values = ["Value"] if len(queries) == 1 else [f"Value #{chr(ord('A') + index)}" for index in range(len(queries))]
    names = {"from": "From", "to": "To", **dict(zip(values, columns, strict=True))}
    order = {name: index for index, name in enumerate(names)}
    organize = {"excludeByName": {"Time": True}, "renameByName": names, "indexByName": order}
    overrides = [override(name, property("unit", of)) for name, (of, _) in columns.items()]
    return panel(
        "table", title, description, unit, queries,
        transformations=[{"id": "merge", "options": {}}, {"id": "organize", "options": organize}],
        defaults={"noValue": "–", "decimals": 2, "custom": {"align": "auto", "cellOptions": {"type": "auto"}}},
        overrides=overrides,
        options={"showHeader": True, "cellHeight": "sm", "sortBy": [{"displayName": sort, "desc": True}]},
    )  # fmt: skip
