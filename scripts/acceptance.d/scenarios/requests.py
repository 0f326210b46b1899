"""Every request is counted once, and has its line in the log."""

import json
import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import client
from checks import Checks, scenario
from configs import config, stub
from daemon import Daemon
from waiting import eventually

FIFO = {"type": "fifo", "min_active_secs": 0}
CLIENTS = 24
REQUESTS = 600


class Tally:
    """What the clients of a storm saw, each request once."""

    def __init__(self):
        self.lock = threading.Lock()
        self.outcomes = Counter()
        self.codes = Counter()
        self.tokens = Counter()

    def count(self, model: str, outcome: str):
        with self.lock:
            self.outcomes[model, outcome] += 1

    def count_code(self, code: str):
        with self.lock:
            self.codes[code] += 1

    def count_tokens(self, model: str, usage: dict):
        with self.lock:
            self.tokens[model, "prompt"] += usage["prompt_tokens"]
            self.tokens[model, "completion"] += usage["completion_tokens"]


def counted(daemon: Daemon, name: str, *labels: str) -> Counter:
    found = Counter()
    for series, value in daemon.scrape().series(name):
        key = tuple(series[label] for label in labels)
        found[key if len(key) > 1 else key[0]] += int(value)
    return +found


def send_plain(daemon: Daemon, tally: Tally, model: str, served_by: str):
    answer = client.chat(daemon.listen, model, max_tokens=random.randint(1, 6))
    if answer.status == 200:
        tally.count(served_by, "success")
        tally.count_tokens(served_by, answer.json["usage"])
    else:
        tally.count(served_by, "rejected")
        tally.count_code(answer.error_code)


def send_stream(daemon: Daemon, tally: Tally, model: str):
    body = {**client.chat_body(model, stream=True, max_tokens=4), "stream_options": {"include_usage": True}}
    answer = client.post(daemon.listen, "/v1/chat/completions", body)
    tally.count(model, "success")
    events = [line.removeprefix("data: ") for line in answer.text.splitlines() if line.startswith("data: {")]
    tally.count_tokens(model, json.loads(events[-1])["usage"])


def send_faulty(daemon: Daemon, tally: Tally, model: str):
    answer = client.post(daemon.listen, "/v1/chat/completions", {"model": model, "max_tokens": -1})
    assert answer.status == 400, answer
    tally.count(model, "client_error")


def send_cut(daemon: Daemon, tally: Tally):
    stream = client.Stream(daemon.listen, "cutter", max_tokens=30).read_to_end()
    assert stream.was_cut, stream.events
    tally.count("cutter", "upstream_error")
    tally.count_code("upstream_disconnected")


def send_and_leave(daemon: Daemon, tally: Tally, model: str):
    """Leaves in the middle of a stream that is far from its end."""
    stream = client.Stream(daemon.listen, model, max_tokens=30_000)
    stream.next_event()
    stream.leave()
    tally.count(model, "cancelled")


def send_unknown(daemon: Daemon, tally: Tally):
    answer = client.chat(daemon.listen, random.choice(["nobody", "gpt-99", 'x"}\n', "\x1b[31m"]))
    assert answer.status == 404, answer
    tally.count_code("model_not_found")


@scenario
def after_a_storm_every_counter_agrees_with_the_clients(check: Checks):
    fast = ["--token-ms", "1", "--sleep-secs", "0.01", "--wake-secs", "0.01"]
    models = {
        "alpha": stub(*fast, keep="offload"),
        "bravo": stub(*fast, keep="offload"),
        "cutter": stub(*fast, "--fail", "mid-stream:2", keep="offload"),
        "broken": {"backend": "command", "command": ["/nonexistent/server"], "port": 9},
        "standby": {"backend": "command", "command": ["/nonexistent/server"], "port": 10, "fallback": "alpha"},
    }
    with Daemon("storm", config(models, policy=FIFO)) as daemon:
        tally = Tally()
        kinds = [
            lambda: send_plain(daemon, tally, "alpha", "alpha"),
            lambda: send_plain(daemon, tally, "bravo", "bravo"),
            lambda: send_plain(daemon, tally, "broken", "broken"),
            lambda: send_plain(daemon, tally, "standby", "alpha"),
            lambda: send_stream(daemon, tally, "alpha"),
            lambda: send_stream(daemon, tally, "bravo"),
            lambda: send_faulty(daemon, tally, "alpha"),
            lambda: send_cut(daemon, tally),
            lambda: send_and_leave(daemon, tally, "bravo"),
            lambda: send_unknown(daemon, tally),
        ]
        chosen = [kinds[number % len(kinds)] for number in range(REQUESTS)]
        random.Random(4).shuffle(chosen)
        with ThreadPoolExecutor(CLIENTS) as crowd:
            for sent in [crowd.submit(send) for send in chosen]:
                sent.result()
        daemon.status_at_rest()

        # What is counted of a request is counted once its last byte is out.
        outcomes = lambda: counted(daemon, "switcher_requests_total", "model", "outcome")  # noqa: E731
        check.becomes("the outcomes of each model agree with the clients' own count", outcomes, tally.outcomes)
        answered = lambda: counted(daemon, "switcher_http_responses_total", "listener", "route")  # noqa: E731
        chats = lambda: answered()["client", "/v1/chat/completions"]  # noqa: E731
        check.becomes("each was answered once", chats, REQUESTS)
        total = sum(tally.outcomes.values())
        check.equal("none is missing", total, REQUESTS - REQUESTS // len(kinds))
        check.equal("so do the tokens", counted(daemon, "switcher_tokens_total", "model", "type"), tally.tokens)
        reasons = counted(daemon, "switcher_requests_rejected_total", "reason")
        check.equal("and the errors of the daemon's own", reasons, tally.codes)
        left = counted(daemon, "switcher_client_disconnects_total", "stage")
        check.equal("and the departures", sum(left.values()), tally.outcomes["bravo", "cancelled"])
        errors = counted(daemon, "switcher_upstream_errors_total", "model", "kind")
        check.equal("and the answers that broke off", errors["cutter", "mid_stream"], REQUESTS // len(kinds))
        durations = counted(daemon, "switcher_request_duration_seconds_count", "model")
        check.equal("each was timed once", sum(durations.values()), total)
        text = client.get(daemon.admin, "/metrics").text
        check("no name of an unknown model is in the metrics", "nobody" not in text and "gpt-99" not in text)
        count = daemon.scrape().sum("switcher_proxy_overhead_seconds_count")
        check("the proxy's own share was measured", count >= total / 2, count)

        def lines() -> list[dict]:
            return [record for record in daemon.records() if record.get("path") == "/v1/chat/completions"]

        eventually(lambda: len(lines()) == REQUESTS, "a line for each request")
        logged = Counter((line["model"], line["outcome"]) for line in lines() if "model" in line)
        check.equal("and so do the lines of the log", logged, tally.outcomes)
        messages = daemon.scrape().sum("switcher_log_messages_total")
        check("every line is counted", messages >= len(daemon.records()) - 2, f"{messages} {len(daemon.records())}")
