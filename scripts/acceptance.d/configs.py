"""Configurations for the daemon, as Python values."""

import random
import socket

ANYWHERE = "127.0.0.1:0"


PORTS = range(10_000, 30_000)
untried_ports = iter(random.sample(PORTS, len(PORTS)))


def free_port() -> int:
    """A port that nobody listens on now, that the system gives to nobody by itself, for it is none of the ephemeral
    ones, and that this gives nobody twice."""
    for port in untried_ports:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError(f"no port is left of {PORTS}")


def config(models: dict, **options) -> dict:
    return {"listen": ANYWHERE, "admin_listen": ANYWHERE, "models": models, **options}


def stub(*flags: str, keep: str | None = None, **options) -> dict:
    """A model on a stub engine; `flags` are the engine's own.

    keep: what becomes of the weights while the process keeps running, "offload" or "discard"; without it the process
    is stopped to free the GPU.
    """
    command = ["${SWITCHER}", "stub-engine", "--port", "${PORT}", "--model", "${MODEL}", *flags]
    return {"backend": "command", "command": command, "port": free_port(), **eviction(keep), **options}


def gated_stub(gate: str, *flags: str, keep: str | None = None, **options) -> dict:
    """The same, but it does not start before the file of that name is in the daemon's directory."""
    engine = " ".join(['"$SWITCHER" stub-engine --port ${PORT} --model ${MODEL}', *flags])
    script = f'until test -e "$TMPDIR/{gate}"; do sleep 0.05; done; exec {engine}'
    return shell(script, env={"SWITCHER": "${SWITCHER}"}, **eviction(keep), **options)


def eviction(keep: str | None) -> dict:
    match keep:
        case None:
            return {"eviction": {"weights": "retain", "process": "stop"}}
        case "offload":
            sleep, wake = "/sleep?level=1", [{"endpoint": "/wake_up"}]
        case "discard":
            reload = {"endpoint": "/collective_rpc", "body": {"method": "reload_weights"}}
            sleep, wake = "/sleep?level=2", [{"endpoint": "/wake_up"}, reload, {"endpoint": "/reset_prefix_cache"}]
        case _:
            raise ValueError(keep)
    return {
        "eviction": {"weights": keep, "process": "keep_running"},
        "sleep_endpoints": [{"endpoint": sleep}],
        "wake_endpoints": wake,
    }


def shell(script: str, **options) -> dict:
    """A model whose server is a shell script; it is to listen on ${PORT}."""
    return {"backend": "command", "command": ["sh", "-c", script], "port": free_port(), **options}
