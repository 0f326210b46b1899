"""Where things are, and what is installed when it is not there."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from checks import Missing

ROOT = Path(__file__).resolve().parents[2]
STATE = ROOT / ".acceptance"
BINARY = ROOT / ".build" / "release" / "switcher"
PACKAGES = ["openai", "prometheus-client"]
# They are large, and only the scenarios with real servers need them.
SERVERS_PACKAGES = ["xllamacpp", "gguf", "numpy"]

IN_CI = os.environ.get("CI", "").lower() in ("1", "true")


def enter_venv(name="venv", packages=PACKAGES, optional=()):
    """Goes on in a virtual environment of the project's own, which is made on the first run. Where it can't be made
    this returns, with a loud word, and the scenarios that need a package say so once more. So they do where only the
    `optional` ones can't be installed, but in the environment."""
    venv = STATE / name
    if Path(sys.prefix) == venv:
        return
    stamp = venv / "packages"
    wanted = " ".join([*packages, *optional])
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"installing {wanted} into {venv.relative_to(ROOT)}", flush=True)
        STATE.mkdir(exist_ok=True)
        pip = [str(venv / "bin" / "pip"), "install", "--quiet", "--timeout", "60"]
        if not succeeds([sys.executable, "-m", "venv", "--clear", str(venv)], attempts=1):
            return
        if not succeeds([*pip, *packages]):
            return
        if not optional or succeeds([*pip, *optional]):
            stamp.write_text(wanted)
    python = str(venv / "bin" / "python")
    os.execv(python, [python, *sys.argv])


def succeeds(command: list[str], attempts=3) -> bool:
    """Whether it did in one of the attempts, which are half a minute apart: an index of packages may be out of reach for
    a while."""
    for left in reversed(range(attempts)):
        if (result := subprocess.run(command)).returncode == 0:
            return True
        print(f"CAN'T INSTALL: {' '.join(command)} ended with {result.returncode}", flush=True)
        if left:
            time.sleep(30)
    return False


def build():
    """Builds the daemon. Nothing to do is quickly done."""
    subprocess.run(["swift", "build", "-c", "release", "--product", "switcher"], cwd=ROOT, check=True)


def fresh_directory(name: str) -> Path:
    """An empty directory of a scenario's own."""
    directory = STATE / "runs" / name
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    return directory


def tool(name: str, package: str) -> str:
    """The path of a program, which Debian's `package` brings."""
    if path := shutil.which(name):
        return path
    raise Missing(f"{name} is not installed (apt-get install {package})")


def shared_tools(name: str, variable: str, otherwise: type[Missing] = Missing) -> Path:
    """A directory of the tools that are kept beside the repository; raises `otherwise` where it is not there."""
    directory = Path(os.environ.get(variable) or ROOT.parent / "shared" / "tools" / name)
    if directory.is_dir():
        return directory
    raise otherwise(f"{directory} is not there (set {variable})")
