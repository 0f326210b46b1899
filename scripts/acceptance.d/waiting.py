"""Waiting for a condition instead of for a time."""

import time


class NeverCame(Exception):
    pass


# For what is to come at any rate: longer than a busy machine may stand still.
PATIENCE = 60.0

# For what comes at once or never: as long, but so that "never" is found out before somebody's patience ends.
SOON = 45.0


def eventually(condition, what: str, within=PATIENCE, every=0.01):
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
    return holds_until(condition, time.monotonic() + seconds, every)


def holds_until(condition, instant: float, every=0.01) -> bool:
    """For what must not happen before that instant of the monotonic clock: whether `condition()` stays true until then.
    A look that is over only after it tells nothing."""
    while time.monotonic() < instant:
        if not condition() and time.monotonic() < instant:
            return False
        time.sleep(every)
    return True
