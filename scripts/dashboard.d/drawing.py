"""Lays the panels out as the dashboard says and has each drawn by its type."""

import io
import time
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import dashboard
import looks
import matplotlib.pyplot as plt
from kinds import KINDS
from PIL import Image
from prometheus import Existing

from frames import Span, answered

WIDTH, ROW_HEIGHT, HEADER, GAP, DPI = 1680, 38, 46, 5, 100
TITLE, LEGEND_LINE = 26, 16


class Canvas:
    """A figure in pixels, from its upper left corner."""

    def __init__(self, height: int):
        self.height = height
        self.figure = plt.figure(figsize=(WIDTH / DPI, height / DPI), dpi=DPI, facecolor=looks.PAGE)

    def box(self, x: float, y: float, w: float, h: float, color: str):
        rectangle = plt.Rectangle(
            (x / WIDTH, 1 - (y + h) / self.height), w / WIDTH, h / self.height, facecolor=color, edgecolor=looks.EDGE,
            linewidth=0.8, zorder=-1, transform=self.figure.transFigure,
        )  # fmt: skip
        self.figure.add_artist(rectangle)

    def text(self, x: float, y: float, words: str, size=9.0, color=looks.TEXT, **more):
        self.figure.text(x / WIDTH, 1 - y / self.height, words, fontsize=size, color=color, parse_math=False, **more)

    def axes(self, x: float, y: float, w: float, h: float):
        axes = self.figure.add_axes((x / WIDTH, 1 - (y + h) / self.height, w / WIDTH, h / self.height))
        axes.set_facecolor(looks.PANEL)
        for side in axes.spines.values():
            side.set_visible(False)
        axes.tick_params(colors=looks.FAINT, labelsize=7, length=0)
        return axes

    def legend(self, x: float, y: float, w: float, entries: list[tuple[str, str]]):
        """Names with their colors, in as many lines as there is room for."""
        right, bottom, at = x + w, y + 2 * LEGEND_LINE, x
        for name, color in entries:
            width = 22 + 6.4 * len(name)
            if at + width > right and at > x:
                at, y = x, y + LEGEND_LINE
            if y >= bottom:
                self.text(right - 10, y - LEGEND_LINE + 11, "…", 8, looks.FAINT)
                return
            self.box(at, y + 6, 10, 3, color)
            self.text(at + 14, y + 11, name, 7.5)
            at += width


def draw(prometheus: Existing, span: Span, path: Path):
    board = dashboard.load()
    rows = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in board["panels"])
    canvas = Canvas(HEADER + rows * ROW_HEIGHT)
    clock = [time.strftime("%Y-%m-%d %H:%M", time.gmtime(at)) for at in (span.start, span.end)]
    canvas.text(14, 29, board["title"], 15, weight="bold")
    canvas.text(WIDTH - 14, 28, f"{clock[0]} to {clock[1][11:]} UTC", 10, looks.FAINT, ha="right")
    marks = annotations(board, prometheus, span)
    for panel in board["panels"]:
        place = panel["gridPos"]
        x, w = (value * WIDTH / 24 + GAP / 2 for value in (place["x"], place["w"]))
        y, w, h = HEADER + place["y"] * ROW_HEIGHT, w - 1.5 * GAP, place["h"] * ROW_HEIGHT - GAP
        if panel["type"] == "row":
            canvas.text(x + 6, y + 23, f"⌄ {panel['title']}", 11, weight="bold")
            continue
        canvas.box(x, y, w, h, looks.PANEL)
        canvas.text(x + 9, y + 18, panel["title"], 9.5)
        room = (x + 9, y + TITLE, w - 18, h - TITLE - 6)
        KINDS[panel["type"]](canvas, room, panel, answered(panel, prometheus, span), span, marks)
    save(canvas.figure, path)


def annotations(board: dict, prometheus: Existing, span: Span) -> list[tuple[float, str]]:
    """When something happened that is marked in every graph, and in which color."""
    found = set()
    for one in board["annotations"]["list"]:
        if not one["enable"] or "expr" not in one:
            continue
        text = dashboard.filled(one["expr"], span.window, span.range)
        for series in prometheus.query_range(text, span.start, span.end, span.scrape_seconds):
            for at, value in series["values"]:
                moment = float(value) / 1000 if one.get("useValueForTime") else at
                if span.start <= moment <= span.end:
                    found.add((moment, one["iconColor"]))
    return sorted(found)


def save(figure, path: Path):
    """With a palette instead of full colors, at a quarter of the size."""
    data = io.BytesIO()
    figure.savefig(data, format="png", facecolor=looks.PAGE)
    plt.close(figure)
    Image.open(data).convert("RGB").quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)
