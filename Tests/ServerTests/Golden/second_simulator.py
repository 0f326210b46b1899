#!/usr/bin/env python3
"""A simulator of its own, after SPEC.md and the rule of cost_aware, to check the one that serves against.

It shares no code with that one, but was written by somebody who knew it: a misreading of SPEC.md could be in both.

second_simulator.py TRACE...    prints rows like those of expected.csv: fifo and breakeven at three settings of the costs

The rows of expected.csv have at most three models, one request at a time where there are three, and no time-outs.
many_models.csv is what this printed for the traces many_models_*.json, which scripts/policy-load drew.
"""

import heapq
import json
import math
import sys
from collections import deque
from pathlib import Path

COMPLETION, SWITCH_DONE, ARRIVAL, TIMEOUT, TIMER = range(5)
SETTINGS = {"2": lambda _: 2, "20": lambda _: 20, "asym": lambda model: 40 if model % 2 else 2}
DRAIN_CAP = 60_000_000


class Model:
    def __init__(self):
        self.queue = deque()
        self.service, self.count, self.last_arrival, self.last_left = None, 0.0, None, -math.inf

    def service_time(self):
        return 1.0 if self.service is None else self.service

    def decayed_count(self, now):
        return 0 if self.last_arrival is None else self.count * math.exp(-(now - self.last_arrival) / 120e6)


class Request:
    def __init__(self, model, work):
        self.model, self.work, self.arrival, self.admitted, self.is_waiting = model, work, 0, 0, False


class Simulator:
    """Times are whole microseconds; what the policy weighs is in seconds."""

    def __init__(self, trace, policy, cost):
        self.policy, self.cost = policy, cost
        self.slots, self.slowdown = trace["slots"], trace["batch_slowdown"]
        self.patience, self.min_active = trace["request_timeout_s"] * 10**6, trace["min_active_s"] * 10**6
        self.models = [Model() for _ in range(trace["models"])]
        self.heap, self.pushed = [], 0
        self.phase, self.active, self.target = "idle", None, None
        self.since = self.decided = self.paid = 0
        self.running, self.virtual, self.updated, self.version, self.foreseen = [], 0.0, 0, 0, -1
        self.believed = {}
        self.waits = []
        self.done = self.timeouts = self.switches = self.switching = self.busy = self.busy_since = self.makespan = 0
        for at, model, work in trace["requests"]:
            self.push(round(at * 1e6), ARRIVAL, Request(model, work))

    def push(self, at, kind, subject=None):
        self.pushed += 1
        heapq.heappush(self.heap, (at, kind, self.pushed, subject))

    def run(self):
        while self.heap:
            now = self.heap[0][0]
            while self.heap and self.heap[0][0] == now:
                _, kind, _, subject = heapq.heappop(self.heap)
                [self.complete, self.land, self.arrive, self.time_out, lambda *_: None][kind](now, subject)
            self.settle(now)
            self.foresee(now)
        return self

    # What happens

    def complete(self, now, version):
        if version != self.version:
            return
        self.advance(now)
        ended = sorted((entry for entry in self.running if entry[0] <= self.virtual + 1e-9), key=lambda entry: entry[0])
        self.running = [entry for entry in self.running if entry[0] > self.virtual + 1e-9]
        self.version += 1
        for _, request in ended:
            model, took = self.models[request.model], (now - request.admitted) / 1e6
            model.service = took if model.service is None else model.service + 0.1 * (took - model.service)
            self.done, self.makespan = self.done + 1, now
        if not self.running:
            self.busy += now - self.busy_since

    def land(self, now, took):
        pair, seconds = (self.active, self.target), min(took / 1e6, 300)
        known = self.believed.get(pair)
        self.believed[pair] = seconds if known is None else known + 0.3 * (seconds - known)
        self.phase, self.active, self.since, self.paid = "active", self.target, now, took

    def arrive(self, now, request):
        model = self.models[request.model]
        model.count, model.last_arrival = model.decayed_count(now) + 1, now
        request.arrival, request.is_waiting = now, True
        model.queue.append(request)
        self.push(now + self.patience, TIMEOUT, request)

    def time_out(self, now, request):
        if request.is_waiting:
            self.models[request.model].queue.remove(request)
            request.is_waiting = False
            self.timeouts += 1
            self.waits.append((request.model, self.patience / 1e6))

    # What follows

    def settle(self, now):
        while True:
            self.admit(now)
            if self.phase == "draining" and not self.running:
                took = round(self.cost(self.target) * 1e6)
                self.models[self.active].last_left, self.phase = now, "switching"
                self.push(now + took, SWITCH_DONE, took)
                self.switches, self.switching = self.switches + 1, self.switching + took
            candidates = [m for m, model in enumerate(self.models) if m != self.active and model.queue]
            if self.phase not in ("idle", "active") or not candidates:
                return
            target, again = self.decide(now, candidates)
            if target is None:
                return self.push(int(max(again, now)) + 1, TIMER)
            if self.phase == "idle":
                self.phase, self.active, self.since = "active", target, now
            else:
                self.phase, self.target, self.decided = "draining", target, now

    def admit(self, now):
        if self.phase not in ("active", "draining"):
            return
        queue = self.models[self.active].queue
        while queue and len(self.running) < self.slots:
            if self.phase == "draining":
                is_closed = self.policy == "breakeven" and now >= self.decided + DRAIN_CAP
                if is_closed or queue[0].arrival > self.decided:
                    return
            request = queue.popleft()
            request.is_waiting, request.admitted = False, now
            self.waits.append((request.model, (now - request.arrival) / 1e6))
            if not self.running:
                self.busy_since = now
            self.advance(now)
            self.running.append((self.virtual + request.work, request))
            self.version += 1

    def speed(self):
        return 1 / (1 + self.slowdown * max(len(self.running) - 1, 0))

    def advance(self, now):
        self.virtual += (now - self.updated) / 1e6 * self.speed()
        self.updated = now

    def foresee(self, now):
        if self.running and self.foreseen != self.version:
            self.foreseen = self.version
            self.advance(now)
            remaining = (min(end for end, _ in self.running) - self.virtual) / self.speed() * 1e6
            self.push(now + math.ceil(max(remaining, 0) - 1e-6), COMPLETION, self.version)

    # What the policy says: whom to switch to, or when to ask again

    def decide(self, now, candidates):
        head = lambda m: self.models[m].queue[0].arrival
        oldest = min(candidates, key=lambda m: (head(m), m))
        if self.phase == "idle":
            return oldest, None
        if now < self.since + self.min_active:
            return None, self.since + self.min_active
        return (oldest, None) if self.policy == "fifo" else self.break_even(now, candidates, oldest, head)

    def break_even(self, now, candidates, best, head):
        a, active = self.active, self.models[self.active]
        cost = lambda i, j: self.believed.get((i, j), 10.0)
        round_trip = lambda j: cost(a, j) + cost(j, a)
        backlog = lambda j: math.ceil(len(self.models[j].queue) / self.slots) * self.models[j].service_time()
        limit = lambda j: min(max(60, 6 * round_trip(j)), 0.5 * self.patience / 1e6)
        overdue = lambda j: (now - max(head(j), self.models[j].last_left)) / 1e6 - limit(j)
        is_idle, has_paid_off = not active.queue and not self.running, now - self.since >= self.paid
        drain = active.service_time() if self.running else 0

        stalest = max(candidates, key=lambda j: (overdue(j), -j))
        is_stale, again = overdue(stalest) >= 0, now - overdue(stalest) * 1e6
        if is_stale:
            best, again = stalest, self.since + self.paid
            if is_idle or has_paid_off:
                return best, None
        if active.queue:
            lead = lambda j: (head(a) - head(j)) / 1e6 - 8 * round_trip(j)
            rival = stalest if is_stale else max(candidates, key=lambda j: (lead(j), -j))
            return (rival, None) if lead(rival) >= 0 and has_paid_off else (None, again)

        waiting = [request for j in candidates for request in self.models[j].queue]
        saved = sum((now - request.arrival) / 1e6 + drain + cost(a, best) for request in waiting)
        tour = [best] + [j for j in candidates if j != best]
        hops = sum(cost(i, j) for i, j in zip([a] + tour, tour + [a]))
        away = drain + hops + sum(backlog(j) for j in tour)
        rate = 0
        if active.last_arrival is not None:
            rate = active.decayed_count(now) / (120 * (1 - math.exp(-(now / 1e6 + 5) / 120)))
            rate = min(rate, 1 / max((now - active.last_arrival) / 1e6, 0.001))
        caused = (4 if self.running else 0.5) * 0.5 * rate * away**2
        if saved >= caused and (is_idle or has_paid_off):
            return best, None
        return None, min(again, now + 1e6 * min(max((caused - saved) / len(waiting), 0.05), 1))

    # The figures

    def figures(self):
        waits = sorted(wait for _, wait in self.waits)
        rank = lambda percent: waits[max(math.ceil(percent / 100 * len(waits)), 1) - 1]
        by_model = [[wait for m, wait in self.waits if m == model] for model in range(len(self.models))]
        means = [0.1 + sum(some) / len(some) for some in by_model if some]
        return {
            "requests": len(waits),
            "done": self.done,
            "timeouts": self.timeouts,
            "switches": self.switches,
            "mean_wait": sum(waits) / len(waits),
            "p50": rank(50),
            "p95": rank(95),
            "p99": rank(99),
            "max_wait": waits[-1],
            "busy_frac": self.busy / self.makespan,
            "serve_over_serve_plus_switch": self.busy / (self.busy + self.switching),
            "jain": sum(means) ** 2 / (len(means) * sum(mean**2 for mean in means)),
            "makespan": self.makespan / 1e6,
            "switch_time": self.switching / 1e6,
        }


def main(paths):
    has_header = False
    for path in map(Path, paths):
        trace = json.loads(path.read_text())
        for setting, cost in SETTINGS.items():
            for policy in ["fifo", "breakeven"]:
                figures = Simulator(trace, policy, cost).run().figures()
                if not has_header:
                    print(",".join(["workload", "setting", "policy", *figures]))
                    has_header = True
                cells = [f"{value:.5f}" if isinstance(value, float) else str(value) for value in figures.values()]
                print(",".join([path.stem, setting, policy, *cells]))


if __name__ == "__main__":
    main(sys.argv[1:])
