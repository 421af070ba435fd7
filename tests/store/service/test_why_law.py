"""The reasons of all that waits add up to what waits, whatever goes on: on a real store."""

import contextlib
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from farm.client import Client
from farm.model.errors import LeaseLost
from farm.model.states import Outcome
from farm.policy.plan import plan
from farm.store import Store
from tests.makers import LEADER, a_chain, a_job, a_node, result

_SLOW = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
jobs = st.fixed_dictionaries(
    {
        "frames": st.sampled_from(["1", "1-3", "1-40"]),
        "chain": st.booleans(),
        "production": st.sampled_from(["heron", "kite"]),
        "priority": st.integers(min_value=0, max_value=100),
        "most_tasks": st.sampled_from([0, 0, 1, 2]),
        "start_at": st.sampled_from([0.0, 0.0, 4e9]),
        "limits": st.sampled_from([(), ("houdini",)]),
    }
)
deeds = st.lists(
    st.sampled_from(["grant", "start", "settle", "fail", "pause", "resume", "cancel", "drain"]),
    max_size=12,
)


class Played:
    """A farm on which things are done by chance."""

    def __init__(self, store: Store) -> None:
        store.connection.client.flushall()
        self.store = store
        self.epochs = {
            name: store.nodes.register(a_node(name, cores=cores))
            for name, cores in (("n1", 2), ("n2", 4))
        }
        store.limits.set("houdini", 1)
        self.granted: list[tuple[str, str]] = []
        self.started: list[Any] = []

    def submit(self, number: int, job: dict[str, Any]) -> None:
        frames, chain, limits = job.pop("frames"), job.pop("chain"), job.pop("limits")
        make = a_chain(frames, "1-2", layer={"limits": limits}, **job) if chain else None
        self.store.jobs.submit(
            make or a_job(frames, layer={"limits": limits}, **job), key=str(number)
        )

    def do(self, deed: str) -> None:
        store = self.store
        store.leader.lead(LEADER)
        if deed == "grant":
            grants = plan(store.leader.snapshot()).grants[:2]
            for one, lease, answer in store.leases.grant(grants, leader=LEADER):
                self.granted += [(lease, one.node)] if answer == "granted" else []
        elif deed == "start" and self.granted:
            lease, node = self.granted.pop()
            with contextlib.suppress(LeaseLost):  # taken back, as its node was drained
                self.started.append(store.leases.start(lease, node=node, epoch=self.epochs[node]))
        elif deed in {"settle", "fail"} and self.started:
            lease_, tasks = self.started.pop()
            outcome = Outcome.SUCCEEDED if deed == "settle" else Outcome.FAILED
            store.leases.settle(lease_, [result(task, outcome) for task in tasks], want=0)
        elif deed == "drain":
            store.nodes.drain("n1", "by chance")
        elif deed == "pause":
            store.jobs.pause("1", by="anna")
        elif deed == "resume":
            store.jobs.resume("1")


@pytest.mark.timeout(120)
@_SLOW
@given(some=st.lists(jobs, min_size=1, max_size=5), done=deeds)
def test_the_reasons_of_all_that_waits_add_up(
    store: Store, client: Client, some: list[dict[str, Any]], done: list[str]
) -> None:
    farm = Played(store)
    for number, job in enumerate(some):
        farm.submit(number, dict(job))
    for deed in done:
        if deed not in {"pause", "resume"} or store.jobs.get("1").ended_at is None:
            farm.do(deed)

    found, whole = list(store.jobs.all()), client.what_waits()
    waits = sum(job.counts.blocked + job.counts.ready for job in found)
    assert whole["waiting"] == waits == sum(row["count"] for row in whole["reasons"])
    for one in found:
        told = client.why(one.id)
        assert told["waiting"] == one.counts.blocked + one.counts.ready
        assert told["waiting"] == sum(row["count"] for row in told["reasons"])
    assert store.audit() == []
