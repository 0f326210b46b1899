"""Importing this registers every scenario, in the order in which they run."""

from scenarios import (  # noqa: F401
    shipped_config,
    errors,
    metrics,
    requests,
    logs,
    admin,
    traffic,
    real_servers,
    one_gpu,
    departures,
    limits,
    reload,
    recording,
    failing_models,
    process_deaths,
    shutdown,
    switching,
    switch_cost,
    faulty_configs,
    conformance,
)
