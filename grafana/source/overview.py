"""What the dashboard shows: rows of panels, from left to right and from the top down."""

from panels import bar_gauge, graph, heat_map, stat, states, table, thresholds
from queries import MODEL, SPAN, TO, Query, increase, mean, quantile, rate, ratio, series, share, total

GREEN, BLUE, PURPLE, ORANGE, YELLOW, RED, GREY = (
    "#56A64B", "#3D6FB5", "#A36AC7", "#F2801F", "#F2CC0C", "#E02F44", "#6E7480",
)  # fmt: skip
DARK, INDIGO, TEAL = "#464B55", "#6C5FC7", "#2F9E95"

GPU = {
    "serving": GREEN, "idle": BLUE, "holding": PURPLE, "draining": ORANGE, "sleeping": INDIGO, "waking": YELLOW,
    "empty": GREY,
}  # fmt: skip
PHASES = {"cooldown": PURPLE, "drain": ORANGE, "sleep": INDIGO, "wake": YELLOW}
STATES = {
    "stopped": DARK, "asleep": BLUE, "starting": ORANGE, "waking": YELLOW, "active": GREEN, "draining": TEAL,
    "sleeping": INDIGO, "failed": RED,
}  # fmt: skip
SWITCHED = {"success": GREEN, "failed": RED, "cancelled": GREY}
ANSWERED = {
    "success": GREEN, "client_error": YELLOW, "upstream_error": RED, "rejected": ORANGE, "refused": PURPLE,
    "timeout": "#B02050", "cancelled": GREY,
}  # fmt: skip
WAKES = {"cold_start": RED, "wake_l1": GREEN, "wake_l2": YELLOW, "resume": BLUE, "restore": PURPLE}
LEVELS = {"debug": GREY, "info": BLUE, "warning": YELLOW, "error": RED}

SWITCHING = 'state=~"draining|sleeping|waking"'


def at_a_glance() -> list:
    gpu = total(rate("gpu_seconds_total", over=SPAN))
    part = lambda which: f"{total(rate('gpu_seconds_total', which, over=SPAN))} / {gpu}"
    now = lambda expr, legend="": Query(expr, legend, instant=True)
    return [
        (5, 4, stat(
            "Active model", "The model that is served now; none while the GPU is empty or changes hands.", "none",
            now(f"{series('active_model')} == 1", "{{model}}"), empty="none", names=True,
        )),
        (4, 4, stat(
            "Mode", "auto: the policy decides. manual: nothing switches by itself; a pinned model is named too.", "none",
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
    is_in = lambda state: total(series("model_state", MODEL, f'state="{state}"'), "instance", "model")
    number = " + ".join(f"{number} * {is_in(state)}" for number, (state, _) in numbered.items())
    spent = lambda state=None: total(rate("gpu_seconds_total", *([f'state="{state}"'] if state else [])))
    return [
        (24, 6, states(
            "Model states", "A row a model: from the first wake to now, when it was active and what it did in between.",
            Query(number, "{{model}}"), numbered,
        )),
        (12, 8, graph(
            "Where the GPU's time went", "All time adds up to 100 %. Serving pays; holding means that the active model "
            "had nothing to do while others waited; draining, sleeping and waking are the price of a switch.",
            "percentunit", *(Query(f"{spent(state)} / {spent()}", state) for state in GPU), stacked=True, colors=GPU, max=1,
        )),
        (12, 8, graph(
            "Who had the GPU", "The same time by model, from the start of its wake to the end of its sleep.", "percentunit",
            Query(share("gpu_seconds_total", "model", 'state!="empty"'), "{{model}}"),
            Query(share("gpu_seconds_total", "state", 'state="empty"'), "{{state}}"), stacked=True,
            colors={"empty": GREY}, max=1,
        )),
    ]  # fmt: skip


def switches() -> list:
    pairs = ("from", "to")
    counted = total(increase("switches_total", TO, over=SPAN), *pairs)
    failed = total(increase("switches_total", TO, 'outcome="failed"', over=SPAN), *pairs)
    return [
        (8, 8, graph(
            "Switches a minute", "By their outcome. Many of them beside little serving above: the policy thrashes.",
            "cpm", Query(f"60 * {total(rate('switches_total', TO), 'outcome')}", "{{outcome}}"), stacked=True,
            colors=SWITCHED,
        )),
        (8, 8, graph(
            "What a switch takes, by phase", "The mean of each phase of the switches that ended, failed ones included. "
            "Cooldown is the policy's, drain the requests', sleep and wake the engines'.",
            "s", Query(mean("switch_phase_seconds", by=("phase",)), "{{phase}}"), bars=True, stacked=True,
            colors=PHASES,
        )),
        (8, 8, graph(
            "Duration of a switch", "From the decision until the model was ready, or had failed.", "s",
            Query(quantile(0.5, "switch_total_seconds", TO), "p50"),
            Query(quantile(0.95, "switch_total_seconds", TO), "p95"), colors={"p50": BLUE, "p95": ORANGE},
        )),
        (12, 8, table(
            "Switches from model to model", "In the shown time. With folded pairs From is *.", "short",
            {
                "Switches": ("short", Query(f"round({counted} > 0)")),
                "Failed": ("short", Query(f"round({failed} > 0)")),
                "Mean": ("s", Query(mean("switch_total_seconds", TO, by=pairs, over=SPAN))),
                "p95": ("s", Query(f"{quantile(0.95, 'switch_total_seconds', TO, by=pairs, over=SPAN)} > 0")),
            },
            sort="Switches",
        )),
        (6, 8, graph(
            "Wakes a minute by kind", "A cold start loads the model anew; wake_l1 and wake_l2 wake a sleeping engine.",
            "cpm", Query(f"60 * {total(rate('model_wake_seconds_count', MODEL), 'kind')}", "{{kind}}"), stacked=True,
            colors=WAKES,
        )),
        (6, 8, graph(
            "Who asked for the switches", "request: the policy; tick: its clock; force and pin: an operator; recovery: a model died.",
            "cpm", Query(f"60 * {total(rate('switch_triggers_total'), 'trigger')}", "{{trigger}}"), stacked=True,
        )),
        (6, 8, heat_map(
            "Durations of switches", "How many switches ended, by how long they took.", "s",
            Query(total(increase("switch_total_seconds_bucket", TO), "le"), "{{le}}", format="heatmap"),
        )),
        (6, 8, graph(
            "Failed switches", "A minute, by target, phase and reason.", "cpm",
            Query(
                f"60 * {total(rate('switch_failures_total', TO), 'to', 'phase', 'reason')} > 0",
                "{{to}}: {{phase}}, {{reason}}",
            ),
            bars=True, stacked=True,
        )),
        (6, 8, bar_gauge(
            "Mean wake by model and kind", "In the shown time: what a warm wake saves against a cold start.", "s",
            Query(
                f"sort_desc({mean('model_wake_seconds', MODEL, by=('model', 'kind'), over=SPAN)})",
                "{{model}} {{kind}}", instant=True,
            ),
            "no wakes", YELLOW,
        )),
        (6, 8, bar_gauge(
            "Slowest control steps", "Mean of each endpoint called to put a model to sleep or to wake it; steps count "
            "from 1 in the order of the configuration.", "s",
            Query(
                "topk(8, "
                f"{mean('control_step_seconds', MODEL, by=('model', 'operation', 'step'), over=SPAN)})",
                "{{model}} {{operation}} {{step}}", instant=True,
            ),
            "no steps", INDIGO,
        )),
    ]  # fmt: skip


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


def policy() -> list:
    tick = series("scheduler_last_tick_timestamp_seconds")
    cost = series("switch_cost_seconds", TO)
    unseen = f"{total(series('switches_total'), 'job', 'instance', 'from', 'to')} == 0"
    return [
        (10, 8, graph(
            "Decisions by reason", "What the policy answered each time it was asked, and why.", "cps",
            Query(f"{total(rate('policy_decisions_total'), 'decision', 'reason')} > 0", "{{decision}}: {{reason}}"),
            stacked=True,
        )),
        (6, 8, table(
            "What the policy believes a switch costs", "Learnt from the switches so far; pairs that had none are left out.",
            "s", {"Believed": ("s", Query(f"max by (from, to) ({cost} unless on (job, instance, from, to) {unseen})"))},
            sort="Believed",
        )),
        (5, 8, graph(
            "Starved requests", "A minute: they waited beyond the policy's own bound.", "cpm",
            Query(f"60 * {total(rate('policy_starved_requests_total', MODEL), 'model')}", "{{model}}"),
        )),
        (3, 4, stat(
            "Policy", "The policy in force.", "none", Query(series("policy_info"), "{{policy}}", instant=True), names=True,
        )),
        (3, 4, stat(
            "Scheduler behind", "For how long something has been due that it has not done: more than a moment, and it "
            "is stalled.", "s", Query(f"clamp_min(max(timestamp({tick}) - {tick}), 0)", instant=True),
            limits=thresholds(GREEN, (30, YELLOW), (60, RED)), decimals=1,
        )),
    ]  # fmt: skip


def daemon() -> list:
    memory = series("process_resident_memory_bytes")
    return [
        (8, 7, states(
            "Health of the model servers", "Whether each answered its last health check; one that is stopped is down.",
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
            "Restarts of the model servers", "A minute: processes that died or could not be woken.", "cpm",
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
                "0": {"text": "failed", "color": RED, "index": 0}, "1": {"text": "in force", "color": GREEN, "index": 1},
            }}],
        )),
        (3, 7, stat("Series", "That a scrape yields.", "short", Query(total(series("metrics_series")), instant=True))),
    ]  # fmt: skip


ROWS = {
    "At a glance": at_a_glance,
    "Timeline": timeline,
    "Switches": switches,
    "Requests and queue": requests,
    "Policy": policy,
    "Daemon": daemon,
}
