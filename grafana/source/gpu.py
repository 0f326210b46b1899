"""The rows on the GPU: how things stand, and how they came to."""

from colors import GPU, GREEN, GREY, ORANGE, RED, STATES, YELLOW
from panels import graph, stat, states, thresholds
from queries import MODEL, SPAN, TO, Query, increase, quantile, rate, ratio, series, share, total

SWITCHING = 'state=~"draining|sleeping|waking"'


def at_a_glance() -> list:
    gpu = total(rate("gpu_seconds_total", over=SPAN))

    def part(which: str) -> str:
        return f"{total(rate('gpu_seconds_total', which, over=SPAN))} / {gpu}"

    def now(expr: str, legend="") -> Query:
        return Query(expr, legend, instant=True)

    return [
        (5, 4, stat(
            "Active model", "The model that is served now; none while the GPU is empty or changes hands.", "none",
            now(f"{series('active_model')} == 1", "{{model}}"), empty="none", names=True,
        )),
        (4, 4, stat(
            "Mode", "auto: the policy decides. manual: nothing switches by itself; a pinned model is named too.",
            "none",
            now(f"{series('mode')} == 1", "{{mode}}"), now(f"{series('model_pinned')} == 1", "pinned: {{model}}"),
            names=True, colors={"auto": GREEN, "manual": ORANGE},
        )),
        (3, 4, stat(
            "GPU serving", "Share of the shown time in which the active model had requests in flight.", "percentunit",
            now(part('state="serving"')), decimals=1,
        )),
        (3, 4, stat(
            "GPU switching", "Share of the shown time that went into draining, sleeping and waking.", "percentunit",
            now(part(SWITCHING)), decimals=1, limits=thresholds(GREEN, (0.25, YELLOW), (0.5, RED)),
        )),
        (3, 4, stat(
            "Queue wait, p95", "19 of 20 requests in the shown time waited no longer than this for their model.", "s",
            now(quantile(0.95, "request_queue_wait_seconds", MODEL, over=SPAN)), empty="no requests", decimals=1,
        )),
        (3, 4, stat(
            "Waiting now", "Requests that wait for their model.", "short",
            now(total(series("queue_depth", MODEL))),
        )),
        (3, 4, stat(
            "Failed switches", "Share of the switches in the shown time that failed.", "percentunit",
            now(ratio(
                total(increase("switches_total", 'outcome="failed"', TO, over=SPAN)),
                total(increase("switches_total", TO, over=SPAN)),
            )),
            empty="no switches", decimals=1, limits=thresholds(GREEN, (0.01, YELLOW), (0.2, RED)),
        )),
    ]  # fmt: skip


def timeline() -> list:
    numbered = dict(enumerate(STATES.items()))
    spent = total(rate("gpu_seconds_total"))

    def is_in(state: str) -> str:
        return total(series("model_state", MODEL, f'state="{state}"'), "instance", "model")

    def share_of(state: str) -> str:
        mine = f'state="{state}"'
        return f"{total(rate('gpu_seconds_total', mine))} / {spent}"

    number = " + ".join(f"{number} * {is_in(state)}" for number, (state, _) in numbered.items())
    return [
        (24, 6, states(
            "Model states", "A row a model: when it was active, and what it did in between.",
            Query(number, "{{model}}"), numbered,
        )),
        (12, 8, graph(
            "Where the GPU's time went", "All time adds up to 100 %. Serving pays; holding means that the active model "
            "had nothing to do while others waited; draining, sleeping and waking are the price of a switch.",
            "percentunit", *(Query(share_of(state), state) for state in GPU),
            stacked=True, colors=GPU, max=1,
        )),
        (12, 8, graph(
            "Who had the GPU", "The same time by model, from the start of its wake to the end of its sleep.",
            "percentunit",
            Query(share("gpu_seconds_total", "model", 'state!="empty"'), "{{model}}"),
            Query(share("gpu_seconds_total", "state", 'state="empty"'), "{{state}}"), stacked=True,
            colors={"empty": GREY}, max=1,
        )),
    ]  # fmt: skip
