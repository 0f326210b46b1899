"""Clients that come and go by themselves, so that there is something to see."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import client
from daemon import Daemon

CLIENTS = 48


class Traffic:
    """Poisson arrivals for each model, until the `with` block is left; half of the answers are streamed.

    rates: requests a second, by model; a rate may be a function of the seconds since the start.
    """

    def __init__(self, daemon: Daemon, rates: dict[str, float | Callable[[float], float]], tokens=(4, 24), seed=1):
        self.daemon = daemon
        self.rates = rates
        self.tokens = tokens
        self.seed = seed
        self.ended = threading.Event()
        self.outcomes: Counter = Counter()

    def __enter__(self) -> "Traffic":
        self.began = time.monotonic()
        self.clients = ThreadPoolExecutor(CLIENTS)
        self.sources = [threading.Thread(target=self.arrive, args=(model,)) for model in self.rates]
        for source in self.sources:
            source.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        for source in self.sources:
            source.join()
        self.clients.shutdown(cancel_futures=True)

    def arrive(self, model: str):
        chance = random.Random(f"{self.seed} {model}")
        while not self.ended.is_set():
            rate = self.rates[model]
            now = rate(time.monotonic() - self.began) if callable(rate) else rate
            if now <= 0:
                self.ended.wait(0.2)
                continue
            if not self.ended.wait(chance.expovariate(now)):
                tokens = chance.randint(*self.tokens)
                self.clients.submit(self.ask, model, tokens, chance.random() < 0.5)

    def ask(self, model: str, tokens: int, is_streamed: bool):
        try:
            if is_streamed:
                outcome = client.Stream(self.daemon.listen, model, max_tokens=tokens).read_to_end().status
            else:
                outcome = client.chat(self.daemon.listen, model, max_tokens=tokens).status
        except OSError as error:
            outcome = type(error).__name__
        self.outcomes[outcome] += 1
