"""What a scenario is, and how it says what held and what did not."""

from collections.abc import Callable
from dataclasses import dataclass

from waiting import NeverCame, eventually

SCENARIOS: list["Scenario"] = []


@dataclass(frozen=True)
class Scenario:
    run: Callable[["Checks"], None]

    @property
    def name(self) -> str:
        return self.run.__name__.replace("_", " ")


def scenario(run):
    """Registers a function whose name is the sentence that it shows; it gets a `Checks`."""
    SCENARIOS.append(Scenario(run))
    return run


class Missing(Exception):
    """The machine lacks something that a scenario needs. In CI that is a failure."""


class Absent(Missing):
    """The same, of something that nobody promised to be there: not even in CI a failure."""


class Checks:
    """Prints and counts the checks of one scenario. A failed one does not end it: what comes after may tell more."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def __call__(self, sentence: str, holds, detail="") -> bool:
        """`detail` is what was found: it is printed when the check fails."""
        if holds:
            self.passed += 1
            print(f"  ok    {sentence}", flush=True)
        else:
            self.failed += 1
            print(f"  FAIL  {sentence}" + (f": {detail}" if detail != "" else ""), flush=True)
        return bool(holds)

    def equal(self, sentence: str, found, expected) -> bool:
        return self(sentence, found == expected, f"found {shortened(found)}, expected {shortened(expected)}")

    def becomes(self, sentence: str, find: Callable[[], object], expected) -> bool:
        """For what may take a moment: asks until `find()` gives what is expected, or has had its time."""
        found = None

        def is_there() -> bool:
            nonlocal found
            found = find()
            return found == expected

        try:
            eventually(is_there, sentence)
        except NeverCame:
            pass
        return self.equal(sentence, found, expected)

    def contains(self, sentence: str, text: str, *parts: str) -> bool:
        absent = [part for part in parts if part not in text]
        return self(sentence, not absent, f"found {shortened(text)}, expected {', '.join(map(repr, absent))} in it")

    def at_most(self, sentence: str, found: float, limit: float, unit="s") -> bool:
        """For measured things: the figure is printed either way."""
        return self(f"{sentence} ({found:.3g} {unit})", found <= limit, f"expected at most {limit:g} {unit}")


def shortened(value, limit=600) -> str:
    text = repr(value)
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"
