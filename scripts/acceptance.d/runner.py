"""Runs the scenarios and adds up what they found."""

import argparse
import time
import traceback

import scenarios  # noqa: F401  (registers them)
import workspace
from checks import SCENARIOS, Absent, Checks, Missing, Scenario


def main() -> int:
    options = arguments()
    chosen = [scenario for scenario in SCENARIOS if is_chosen(scenario, options.only)]
    if options.list:
        print("\n".join(scenario.name for scenario in chosen))
        return 0
    if not chosen:
        print(f"no scenario's name has any of {options.only} in it")
        return 1
    workspace.enter_venv(optional=workspace.SERVERS_PACKAGES)
    if not options.no_build:
        workspace.build()

    passed = failed = skipped = 0
    for scenario in chosen:
        checks, was_skipped = run(scenario)
        passed += checks.passed
        failed += checks.failed
        skipped += was_skipped
    if skipped:
        print(f"{skipped} SKIPPED: what they would show has not been shown")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/acceptance", description="Drives the daemon from outside.")
    parser.add_argument("--list", action="store_true", help="print the scenarios' names")
    parser.add_argument("--only", action="append", metavar="NAME", help="run those whose names contain this")
    parser.add_argument("--no-build", action="store_true", help="take .build/release/switcher as it is")
    return parser.parse_args()


def is_chosen(scenario: Scenario, only: list[str] | None) -> bool:
    return only is None or any(part.replace("_", " ") in scenario.name for part in only)


def run(scenario: Scenario) -> tuple[Checks, bool]:
    """The scenario's checks, and whether it was skipped. An error that gets out of it is a failed check."""
    print(scenario.name, flush=True)
    checks = Checks()
    began = time.monotonic()
    try:
        scenario.run(checks)
    except Missing as missing:
        if not workspace.IN_CI or isinstance(missing, Absent):
            print(f"  SKIP  {missing}", flush=True)
            return checks, True
        checks(str(missing), False)
    except Exception as error:
        checks(f"it runs to its end: {type(error).__name__}: {error}", False)
        traceback.print_exc()
    print(f"  {time.monotonic() - began:.1f} s", flush=True)
    return checks, False
