"""The processes that a daemon has brought about, found by a variable in their environment: no change of parent, process
group or session hides them, and no stranger is ever taken for one of them."""

import os
import select
import signal
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from waiting import PATIENCE

# Not SWITCHER_…, which is the daemon's own and kept from its models.
MARK = "ACCEPTANCE_RUN"


@dataclass(frozen=True)
class Process:
    pid: int
    command: tuple[str, ...]

    def serves(self, model: str) -> bool:
        """Whether this is the stub engine of that model."""
        if "stub-engine" not in self.command or "--model" not in self.command:
            return False
        return self.command[self.command.index("--model") + 1] == model

    @contextmanager
    def held(self):
        """Stopped for as long as the block lasts: whatever it is asked for meanwhile is not over before its end."""
        os.kill(self.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.pid, signal.SIGCONT)

    def kill(self):
        """Returns when it is dead: what it was about to answer until then is nobody's fault."""
        try:
            descriptor = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return
        try:
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
            select.select([descriptor], [], [], PATIENCE)
        except ProcessLookupError:
            pass
        finally:
            os.close(descriptor)


def marked(mark: str) -> list[Process]:
    """Those that live with that mark; a zombie has no environment any more and is none of them."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for directory in Path("/proc").iterdir():
        if not directory.name.isdigit():
            continue
        try:
            if wanted in (directory / "environ").read_bytes().split(b"\0"):
                command = (directory / "cmdline").read_bytes().rstrip(b"\0").split(b"\0")
                found.append(Process(int(directory.name), tuple(part.decode() for part in command)))
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return found
