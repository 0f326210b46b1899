"""Importing this registers every scenario, in the order in which they run."""

from scenarios import (  # noqa: F401
    shipped_config,
    errors,
    metrics,
    admin,
    traffic,
    real_servers,
    one_gpu,
    departures,
    evictions,
    limits,
    reload,
    recording,
    failing_models,
    hosted_models,
    process_deaths,
    shutdown,
    switching,
    switch_cost,
    faulty_configs,
    conformance,
)
