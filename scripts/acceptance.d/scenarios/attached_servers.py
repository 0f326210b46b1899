"""Servers that somebody else runs: they can't be ended, only told to sleep."""

import json
import threading

import client
from checks import Checks, scenario
from configs import config, eviction
from daemon import Daemon
from hosts import GPU, Tenant
from waiting import eventually, holds_throughout

FIFO = {"type": "fifo", "min_active_secs": 0}


def attached(*tenants: Tenant) -> dict:
    return config(
        {tenant.name: {"backend": "attached", "url": tenant.url, **eviction("offload")} for tenant in tenants}, policy=FIFO
    )


@scenario
def an_attached_server_that_seems_dead_is_put_to_sleep_before_another_is_woken(check: Checks):
    gpu = GPU()
    with Tenant("alpha", gpu) as alpha, Tenant("bravo", gpu) as bravo, Daemon("seems-dead", attached(alpha, bravo)) as daemon:
        check.equal("a server that is well answers", client.chat(daemon.listen, "alpha").content, "I am alpha")
        alpha.is_ill = True
        answer = client.chat(daemon.listen, "alpha")
        check.equal("one that drops a request and says it is ill fails it", answer.error_code, "upstream_unavailable")
        check.equal("another is served after that", client.chat(daemon.listen, "bravo").content, "I am bravo")
        check.equal("no two have held the GPU", gpu.conflicts, [])
        check.equal("since the one was told to sleep before the other was woken", gpu.turns[-2:], ["alpha sleeps", "bravo wakes"])
        alpha.is_ill = False
        eventually(lambda: client.chat(daemon.listen, "alpha").content == "I am alpha", "alpha, well again")
        daemon.process.terminate()
        check.equal("the daemon ends well", daemon.wait(), 0)
        check.equal("and leaves the GPU free", gpu.holders, set())


@scenario
def who_leaves_while_an_attached_server_is_looked_at_has_it_live_on(check: Checks):
    gpu = GPU()
    with Tenant("alpha", gpu) as alpha, Daemon("leaves", attached(alpha)) as daemon:
        client.chat(daemon.listen, "alpha")
        alpha.drops = True
        looks = alpha.calls.count("GET /health")
        alpha.may_answer["/health"] = threading.Event()
        leaver = client.Sent(daemon.listen, "alpha")
        eventually(lambda: alpha.calls.count("GET /health") > looks, "the look after a request that was dropped")
        leaver.leave()
        alpha.drops = False
        kept = holds_throughout(lambda: gpu.turns == ["alpha wakes"], 1)
        check("a look whose client has left puts nobody to sleep", kept, gpu.turns)
        check.equal("and others are served meanwhile", client.chat(daemon.listen, "alpha").content, "I am alpha")
        alpha.may_answer["/health"].set()
        check.equal("the server is the same as before", gpu.turns, ["alpha wakes"])


@scenario
def an_attached_server_that_does_not_sleep_keeps_the_gpu(check: Checks):
    gpu = GPU()
    with Tenant("alpha", gpu) as alpha, Tenant("bravo", gpu) as bravo, Daemon("keeps", attached(alpha, bravo)) as daemon:
        client.chat(daemon.listen, "alpha")
        alpha.is_ill = alpha.resists = True
        client.chat(daemon.listen, "alpha")
        eventually(lambda: daemon.model_state("alpha") == "failed", "word of alpha's failure")
        answer = client.chat(daemon.listen, "bravo")
        check.equal("another can't be had then", (answer.status, answer.error_code), (503, "switch_failed"))
        check("and the client is told when to come back", int(answer.headers.get("retry-after", 0)) > 0, answer.headers)
        check.contains("and why", answer.text, "alpha could not be ended and may hold the GPU", "it hangs")
        check.equal("it was not woken", gpu.holders, {"alpha"})

        path = daemon.directory / "config.json"
        path.write_text(json.dumps(attached(bravo)))
        check.equal("a configuration without the first is taken", daemon.control("reload").status, 200)
        kept = holds_throughout(lambda: daemon.status()["models"].get("alpha", {}).get("state") == "failed", 1)
        check("which stays in sight while it may hold the GPU", kept, daemon.status())
        alpha.resists = False
        answer = eventually(lambda: (it := client.chat(daemon.listen, "bravo")).status == 200 and it, "bravo", within=60)
        check.equal("once it does as it is told the other is served", answer.content, "I am bravo")
        check.becomes("and it alone is left", lambda: list(daemon.status()["models"]), ["bravo"])
        check.equal("no two have held the GPU", gpu.conflicts, [])
