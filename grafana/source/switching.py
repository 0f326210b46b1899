"""The rows on switches, and on the policy that decides them."""

from colors import BLUE, GREEN, INDIGO, ORANGE, PHASES, RED, SWITCHED, WAKES, YELLOW
from panels import bar_gauge, graph, heat_map, stat, table, thresholds
from queries import MODEL, SPAN, TO, Query, increase, mean, quantile, rate, series, total


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
            "Who asked for the switches", "request: the policy; tick: its clock; force, pin: an operator; recovery: a "
            "model died.",
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
            "What the policy believes a switch costs", "Learnt from the switches so far; pairs without are left out.",
            "s",
            {"Believed": ("s", Query(f"max by (from, to) ({cost} unless on (job, instance, from, to) {unseen})"))},
            sort="Believed",
        )),
        (5, 8, graph(
            "Starved requests", "A minute: they waited beyond the policy's own bound.", "cpm",
            Query(f"60 * {total(rate('policy_starved_requests_total', MODEL), 'model')}", "{{model}}"),
        )),
        (3, 4, stat(
            "Policy", "The policy in force.", "none", Query(series("policy_info"), "{{policy}}", instant=True),
            names=True,
        )),
        (3, 4, stat(
            "Scheduler behind", "For how long something has been due that it has not done: more than a moment, and it "
            "is stalled.", "s", Query(f"clamp_min(max(timestamp({tick}) - {tick}), 0)", instant=True),
            limits=thresholds(GREEN, (30, YELLOW), (60, RED)), decimals=1,
        )),
    ]  # fmt: skip
