"""The row on requests: who waits, and what comes of it."""

from colors import ANSWERED, BLUE, GREEN, INDIGO, ORANGE, RED
from panels import graph
from queries import MODEL, Query, quantile, rate, ratio, series, total


def requests() -> list:
    wait, first = "request_queue_wait_seconds", "time_to_first_token_seconds"
    asked = total(rate("requests_total", MODEL), "model")
    return [
        (8, 8, graph(
            "Waiting requests", "By the model that they wait for.", "short",
            Query(total(series("queue_depth", MODEL), "model"), "{{model}}"), stacked=True,
        )),
        (8, 8, graph(
            "Oldest waiting request", "For how long it has waited, by model. A line that keeps rising is a model that "
            "does not get its turn.", "s",
            Query(f"max by (model) ({series('queue_oldest_wait_seconds', MODEL)})", "{{model}}"),
        )),
        (8, 8, graph(
            "Queue wait", "How long requests waited for their model, those that did not wait included.", "s",
            *(Query(quantile(q, wait, MODEL), f"p{q * 100:.0f}") for q in (0.5, 0.95, 0.99)),
            colors={"p50": BLUE, "p95": ORANGE, "p99": RED},
        )),
        (8, 8, graph(
            "Requests by outcome", "refused: manual mode serves another model; rejected: see the panel of that name; "
            "timeout: waited too long.", "reqps",
            Query(total(rate("requests_total", MODEL), "outcome"), "{{outcome}}"), stacked=True, colors=ANSWERED,
        )),
        (8, 8, graph(
            "Requests that waited", "The share of each model's requests that came while it was not ready.",
            "percentunit",
            Query(ratio(total(rate("requests_total", MODEL, 'waited="true"'), "model"), asked), "{{model}}"), max=1,
        )),
        (8, 8, graph(
            "Requests per switch", "Requests answered for each switch: the higher, the better the switches pay.",
            "short",
            Query(
                ratio(total(rate("requests_total", 'outcome="success"')), total(rate("switches_total"))),
                "requests per switch",
            ),
        )),
        (8, 8, graph(
            "Time to first token", "For the client and of the model server alone: the gap is the waiting and the "
            "switching.", "s",
            *(Query(quantile(q, first, MODEL), f"client p{q * 100:.0f}") for q in (0.5, 0.95)),
            *(Query(quantile(q, f"upstream_{first}", MODEL), f"upstream p{q * 100:.0f}") for q in (0.5, 0.95)),
            colors={"client p50": ORANGE, "client p95": RED, "upstream p50": BLUE, "upstream p95": INDIGO},
        )),
        (8, 8, graph(
            "Overhead of the proxy", "What the daemon itself adds to a request, queue and switch apart.", "s",
            Query(quantile(0.5, "proxy_overhead_seconds"), "p50"),
            Query(quantile(0.99, "proxy_overhead_seconds"), "p99"), colors={"p50": BLUE, "p99": RED},
        )),
        (8, 8, graph(
            "Rejected requests", "A minute, by the error code that their clients got.", "cpm",
            Query(f"60 * {total(rate('requests_rejected_total'), 'reason')} > 0", "{{reason}}"),
            bars=True, stacked=True,
        )),
        (6, 8, graph(
            "Requests in flight", "On the model servers.", "short",
            Query(total(series("requests_in_flight", MODEL), "model"), "{{model}}"), stacked=True,
        )),
        (6, 8, graph(
            "Duration of a request", "From its first byte in to the last byte out.", "s",
            *(Query(quantile(q, "request_duration_seconds", MODEL), f"p{q * 100:.0f}") for q in (0.5, 0.95)),
            colors={"p50": BLUE, "p95": ORANGE},
        )),
        (6, 8, graph(
            "Tokens a second", "As the model servers account for them.", "cps",
            Query(total(rate("tokens_total", MODEL), "type"), "{{type}}"),
            colors={"prompt": BLUE, "completion": GREEN},
        )),
        (6, 8, graph(
            "Clients that left", "A minute, while they waited (queued) or were being answered (streaming).", "cpm",
            Query(f"60 * {total(rate('client_disconnects_total'), 'stage')}", "{{stage}}"),
        )),
    ]  # fmt: skip
