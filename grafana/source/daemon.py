"""The row on the daemon itself and the model servers."""

from colors import DARK, GREEN, LEVELS, RED
from panels import graph, stat, states, thresholds
from queries import MODEL, Query, rate, series, total


def daemon() -> list:
    memory = series("process_resident_memory_bytes")
    return [
        (8, 7, states(
            "Processes of the model servers", "Whether they run; one of somebody else's, as far as was last seen.",
            Query(f"max by (instance, model) ({series('upstream_up', MODEL)})", "{{model}}"),
            {0: ("down", DARK), 1: ("up", GREEN)},
        )),
        (8, 7, graph(
            "Errors of the model servers", "A minute, by model and kind.", "cpm",
            Query(
                f"60 * {total(rate('upstream_errors_total', MODEL), 'model', 'kind')} > 0", "{{model}}: {{kind}}",
            ),
            bars=True, stacked=True,
        )),
        (8, 7, graph(
            "Restarts of the model servers", "A minute: starts after a server died, or would neither sleep nor wake.",
            "cpm",
            Query(f"60 * {total(rate('upstream_restarts_total', MODEL), 'model')}", "{{model}}"),
        )),
        (6, 7, graph(
            "Answers by status", "Of all listeners.", "reqps",
            Query(f"{total(rate('http_responses_total'), 'code')} > 0", "{{code}}"), stacked=True,
        )),
        (6, 7, graph(
            "Connections", "Open ones, by listener; subscribers follow the event stream.", "short",
            Query(total(series("http_connections"), "listener"), "{{listener}}"),
            Query(total(series("event_subscribers")), "subscribers"),
        )),
        (6, 7, graph(
            "Log lines", "A minute, by level.", "cpm",
            Query(f"60 * {total(rate('log_messages_total'), 'level')}", "{{level}}"), colors=LEVELS,
        )),
        (6, 7, graph(
            "Cost of a scrape", "The time to write out all metrics.", "s",
            Query(f"max({series('metrics_render_seconds')})", "render"),
        )),
        (6, 7, graph("Memory", "Resident, of the daemon alone.", "bytes", Query(f"max({memory})", "resident"))),
        (6, 7, graph(
            "CPU", "Cores that the daemon keeps busy, model servers apart.", "short",
            Query(total(rate("process_cpu_seconds_total")), "cores"),
        )),
        (6, 7, graph(
            "Open files", "Sockets included: the share of as many as the daemon may open.", "percentunit",
            Query(f"max({series('process_open_fds')} / {series('process_max_fds')})", "open"),
        )),
        (3, 7, stat(
            "Last reload", "Whether the configuration that was read last is in force.", "none",
            Query(f"min({series('config_last_reload_successful')})", instant=True),
            limits=thresholds(RED, (1, GREEN)),
            mappings=[{"type": "value", "options": {
                "0": {"text": "failed", "color": RED, "index": 0},
                "1": {"text": "in force", "color": GREEN, "index": 1},
            }}],
        )),
        (3, 7, stat("Series", "That a scrape yields.", "short", Query(total(series("metrics_series")), instant=True))),
    ]  # fmt: skip
