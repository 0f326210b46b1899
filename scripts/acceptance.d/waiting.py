"""Waiting for a condition instead of for a time."""

import time


class NeverCame(Exception):
    pass


def eventually(condition, what: str, within=10.0, every=0.01):
    """Asks until `condition()` answers something true, and returns that; raises `NeverCame` after `within` seconds."""
    deadline = time.monotonic() + within
    while True:
        if found := condition():
            return found
        if time.monotonic() > deadline:
            raise NeverCame(f"{what}: not within {within:g} s")
        time.sleep(every)


def holds_throughout(condition, seconds: float, every=0.01) -> bool:
    """For what must not happen: whether `condition()` stays true for so long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not condition():
            return False
        time.sleep(every)
    return True
