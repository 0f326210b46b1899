"""How Grafana's dark theme looks, and how it writes values."""

import math

PAGE, PANEL, EDGE, GRID, TEXT, FAINT = "#111217", "#181B1F", "#2A2D33", "#26292F", "#CCCCDC", "#8E8E9E"
# Grafana's classic palette, in its order.
PALETTE = [
    "#7EB26D", "#EAB839", "#6ED0E0", "#EF843C", "#E24D42", "#1F78C1", "#BA43A9", "#705DA0", "#508642", "#CCA300",
    "#447EBC", "#C15C17", "#890F02", "#0A437C", "#6D1F62", "#584477",
]  # fmt: skip

SUFFIXES = {"cpm": " /min", "cps": " /s", "reqps": " req/s"}


def written(value: float | None, unit: str, decimals: int | None = None) -> str:
    if value is None or math.isnan(value):
        return "–"
    match unit:
        case "percentunit":
            return number(100 * value, decimals) + "%"
        case "s":
            return duration(value, decimals)
        case "bytes":
            return scaled(value, 1024, ["B", "KiB", "MiB", "GiB"], decimals)
        case _:
            return scaled(value, 1000, ["", "K", "Mil"], decimals).rstrip() + SUFFIXES.get(unit, "")


def duration(seconds: float, decimals: int | None) -> str:
    if seconds == 0:
        return "0 s"
    for size, name in [(3600, "hour"), (60, "min"), (1, "s"), (1e-3, "ms"), (1e-6, "µs")]:
        if abs(seconds) >= size:
            return f"{number(seconds / size, decimals)} {name}"
    return f"{number(seconds * 1e9, decimals)} ns"


def scaled(value: float, base: int, names: list[str], decimals: int | None) -> str:
    size = 0
    while abs(value) >= base and size + 1 < len(names):
        value, size = value / base, size + 1
    return f"{number(value, decimals)} {names[size]}"


def number(value: float, decimals: int | None) -> str:
    """With so many decimals, or with as many as three digits need."""
    if decimals is None:
        digits = 0 if value == 0 else math.floor(math.log10(abs(value))) + 1
        decimals = min(max(0, 3 - digits), 5)
        return f"{value:.{decimals}f}".rstrip("0").rstrip(".") if decimals else f"{value:.0f}"
    return f"{value:.{decimals}f}"


def by_threshold(defaults: dict, value: float) -> str:
    color = TEXT
    for step in defaults["thresholds"]["steps"]:
        if step["value"] is None or value >= step["value"]:
            color = TEXT if step["color"] == "text" else step["color"]
    return color


def fixed_colors(panel: dict) -> dict[str, str]:
    """The colors that overrides give to series by their names."""
    return {
        override["matcher"]["options"]: one["value"]["fixedColor"]
        for override in panel["fieldConfig"]["overrides"]
        for one in override["properties"]
        if one["id"] == "color"
    }


def series_colors(panel: dict, names: list[str]) -> dict[str, str]:
    fixed = fixed_colors(panel)
    return {name: fixed.get(name, PALETTE[index % len(PALETTE)]) for index, name in enumerate(names)}
