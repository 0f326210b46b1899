"""One function for each type of panel: it draws what Grafana would, into a part of the canvas."""

import math
import time

import looks
import matplotlib.colors
import numpy

from frames import rows

AXIS, BOTTOM = 52, 20


def stat(canvas, room, panel, series, *_):
    x, y, w, h = room
    defaults = panel["fieldConfig"]["defaults"]
    fixed = looks.fixed_colors(panel)
    if not series:
        lines = [(defaults.get("noValue", "No data"), looks.TEXT)]
    elif panel["options"]["textMode"] == "name":
        lines = [(one.name, fixed.get(one.name, looks.TEXT)) for one in series]
    else:
        lines = [(valued(defaults, one.last), looks.by_threshold(defaults, one.last)) for one in series]
    size = min(24, 0.6 * h / len(lines), 1.05 * w / max(len(words) for words, _ in lines))
    for index, (words, color) in enumerate(lines):
        at = y + h * (index + 0.5) / len(lines)
        canvas.text(x + w / 2, at, words, size, color, ha="center", va="center", weight="bold")


def valued(defaults: dict, value: float) -> str:
    for mapping in defaults["mappings"]:
        if found := mapping["options"].get(f"{value:g}"):
            return found["text"]
    return looks.written(value, defaults["unit"], defaults.get("decimals"))


def graph(canvas, room, panel, series, span, marks):
    custom = panel["fieldConfig"]["defaults"]["custom"]
    colors = looks.series_colors(panel, [one.name for one in series])
    axes = time_axes(canvas, room, panel, span, marks)
    if not series:
        return no_data(axes, panel)
    times = numpy.array(span.times)
    is_stacked = custom["stacking"]["mode"] == "normal"
    is_missing = numpy.isnan([one.values for one in series]).all(axis=0)
    floor = numpy.where(is_missing, math.nan, 0)
    for one in series:
        values, color = numpy.array(one.values), colors[one.name]
        if is_stacked:
            values = numpy.nan_to_num(values)
        if custom["drawStyle"] == "bars":
            axes.bar(times, values, 0.8 * span.scrape_seconds, bottom=floor, color=color, alpha=0.9)
        elif is_stacked:
            axes.fill_between(times, floor, floor + values, color=color, alpha=0.8, linewidth=0)
        else:
            lonely = numpy.isnan(numpy.roll(values, 1)) & numpy.isnan(numpy.roll(values, -1))
            axes.plot(times, values, color=color, linewidth=1.1)
            axes.plot(times[lonely], values[lonely], ".", color=color, markersize=3.5)
        if is_stacked:
            floor = floor + values
    scale(axes, panel)
    legend(canvas, room, [(one.name, colors[one.name]) for one in series])


def scale(axes, panel):
    defaults = panel["fieldConfig"]["defaults"]
    axes.set_ylim(defaults.get("min"), defaults.get("max"))
    if "max" not in defaults:
        top = axes.get_ylim()[1]
        axes.set_ylim(0, top if top > 0 and axes.dataLim.ymax > 0 else 1)
    axes.locator_params(axis="y", nbins=5)
    axes.yaxis.set_major_formatter(lambda value, _: looks.written(value, defaults["unit"]))
    axes.grid(axis="both", color=looks.GRID, linewidth=0.7)
    axes.set_axisbelow(True)


def time_axes(canvas, room, panel, span, marks, left=AXIS):
    x, y, w, h = room
    axes = canvas.axes(x + left, y + 4, w - left - 4, h - BOTTOM - 34)
    clock(axes, span, (w - left) / 65)
    for moment, color in marks:
        axes.axvline(moment, color=color, linewidth=0.8, linestyle=(0, (4, 3)))
    return axes


def clock(axes, span, most: float):
    """Ticks at round times, no more than there is room for."""
    axes.set_xlim(span.start, span.end)
    step = next((one for one in (15, 30, 60, 120, 300, 600, 1800) if (span.end - span.start) / one <= most), 3600)
    ticks = numpy.arange(math.ceil(span.start / step) * step, span.end, step)
    axes.set_xticks(ticks, [time.strftime("%H:%M:%S" if step < 60 else "%H:%M", time.gmtime(at)) for at in ticks])


def legend(canvas, room, entries):
    x, y, w, h = room
    canvas.legend(x + 4, y + h - 33, w - 8, entries)


def no_data(axes, panel):
    axes.set_yticks([])
    words = panel["fieldConfig"]["defaults"].get("noValue", "No data")
    axes.text(0.5, 0.5, words, transform=axes.transAxes, ha="center", va="center", color=looks.FAINT, fontsize=10)


def states(canvas, room, panel, series, span, marks):
    axes = time_axes(canvas, room, panel, span, marks, left=2 * AXIS)
    known = panel["fieldConfig"]["defaults"]["mappings"][0]["options"]
    shown = set()
    for row, one in enumerate(reversed(series)):
        for start, end, value in runs(one.values):
            state = known.get(f"{value:g}", {"text": f"{value:g}", "color": looks.FAINT})
            shown.add((state["text"], state["color"]))
            width = (end - start) * span.scrape_seconds
            axes.broken_barh(
                [(span.times[start], width)], (row + 0.08, 0.84), facecolor=state["color"], alpha=0.9, linewidth=0
            )
    axes.set_ylim(0, max(len(series), 1))
    axes.set_yticks([row + 0.5 for row in range(len(series))], [one.name[:16] for one in reversed(series)])
    order = [(state["text"], state["color"]) for state in known.values()]
    legend(canvas, room, [entry for entry in order if entry in shown])


def runs(values):
    """Equal values in a row: from which index to which, and the value."""
    start = 0
    for index in range(1, len(values) + 1):
        if index == len(values) or values[index] != values[start]:
            if not math.isnan(values[start]):
                yield start, index, values[start]
            start = index


def table(canvas, room, panel, series, *_):
    x, y, w, h = room
    headings, lines = rows(panel, series)
    units = {
        override["matcher"]["options"]: one["value"]
        for override in panel["fieldConfig"]["overrides"]
        for one in override["properties"]
        if one["id"] == "unit"
    }
    defaults = panel["fieldConfig"]["defaults"]
    column = w / len(headings)
    for index, heading in enumerate(headings):
        canvas.text(x + index * column + 4, y + 18, heading, 8.5, "#6E9FFF", weight="bold")
    room_for = int((h - 30) / 22)
    for number, line in enumerate(lines[:room_for]):
        at = y + 44 + 22 * number
        for index, value in enumerate(line):
            decimals = 0 if units.get(headings[index]) == "short" else defaults["decimals"]
            unit = units.get(headings[index], "none")
            words = value if isinstance(value, str) else looks.written(value, unit, decimals)
            canvas.text(x + index * column + 4, at, words, 8.5)
    if len(lines) > room_for:
        canvas.text(x + w - 4, y + h, f"{len(lines) - room_for} more, by scrolling", 7.5, looks.FAINT, ha="right")


def bars(canvas, room, panel, series, *_):
    x, y, w, h = room
    defaults = panel["fieldConfig"]["defaults"]
    if not series:
        return canvas.text(x + w / 2, y + h / 2, defaults["noValue"], 12, looks.FAINT, ha="center", va="center")
    longest = max(one.last for one in series) or 1
    each = min(40, h / len(series))
    for index, one in enumerate(series):
        at = y + index * each
        canvas.text(x, at + each / 2, one.name, 8, va="center")
        start, full = x + 0.5 * w, 0.34 * w
        canvas.box(start, at + 4, full, each - 8, looks.GRID)
        canvas.box(start, at + 4, full * one.last / longest, each - 8, defaults["color"]["fixedColor"])
        canvas.text(x + w, at + each / 2, looks.written(one.last, defaults["unit"]), 8, ha="right", va="center")


def heat_map(canvas, room, panel, series, span, marks):
    axes = time_axes(canvas, room, panel, span, marks)
    unit = panel["options"]["yAxis"]["unit"]
    by_bound = sorted(series, key=lambda one: float(one.labels["le"]))
    cumulative = numpy.nan_to_num(numpy.array([one.values for one in by_bound]))
    counts = numpy.diff(cumulative, axis=0, prepend=0)
    used = [index for index, row in enumerate(counts) if row.max() > 1e-9]
    if not used:
        return no_data(axes, panel)
    first, last = used[0], used[-1] + 1
    counts = numpy.ma.masked_less_equal(counts[first:last], 1e-9)
    edges = numpy.append(span.times, span.times[-1] + span.scrape_seconds)
    norm = matplotlib.colors.PowerNorm(0.5, 0, counts.max())
    axes.pcolormesh(edges, range(last - first + 1), counts, cmap="Oranges_r", norm=norm)
    bounds = [looks.written(float(one.labels["le"]), unit) for one in by_bound[first:last]]
    axes.set_yticks(range(1, last - first + 1), bounds)


KINDS = {
    "stat": stat,
    "timeseries": graph,
    "state-timeline": states,
    "table": table,
    "bargauge": bars,
    "heatmap": heat_map,
}
