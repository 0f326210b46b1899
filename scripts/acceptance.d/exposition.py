"""Reads what /metrics shows, far enough to ask for a value."""

import re

SAMPLE = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)(?: \S+)?$")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


class Exposition:
    def __init__(self, text: str):
        self.text = text
        self.samples: list[tuple[str, dict[str, str], float]] = []
        for line in text.splitlines():
            if match := SAMPLE.match(line):
                name, labels, value = match.groups()
                self.samples.append((name, dict(LABEL.findall(labels or "")), float(value)))

    def series(self, name: str, **labels: str) -> list[tuple[dict[str, str], float]]:
        """The samples of that name that bear all these labels."""
        return [
            (found, value)
            for candidate, found, value in self.samples
            if candidate == name and labels.items() <= found.items()
        ]

    def sum(self, name: str, **labels: str) -> float:
        return sum(value for _, value in self.series(name, **labels))

    def duplicates(self) -> list[str]:
        """The series that are there twice."""
        seen, twice = set(), []
        for name, labels, _ in self.samples:
            key = (name, frozenset(labels.items()))
            if key in seen:
                twice.append(f"{name}{labels}")
            seen.add(key)
        return twice
