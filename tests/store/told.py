"""A story of time that goes by, with the verbs that its tests need."""

import random
from typing import Any

import pytest

from farm.model.lease import Grant, Lease, TaskInHand
from farm.model.node import NodeHealth
from farm.model.resources import Resources
from farm.store import Store, keys
from farm.store.leases import GIVE_UP
from tests.makers import LEADER, a_job, a_node, result, some_resources
from tests.store.story import Story


class Told:
    """A story with the verbs that tests need."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.story = Story(store)
        self.hands: dict[str, tuple[Lease, tuple[TaskInHand, ...]]] = {}

    def node(self, name: str = "n1", **fields: Any) -> int:
        epoch = self.store.nodes.register(a_node(name, **fields))
        self.story.look()
        return epoch

    def submit(self, frames: str = "1-4", **layer: Any) -> str:
        job = self.store.jobs.submit(a_job(frames, layer=layer), key=str(random.random()))
        self.story.look()
        return f"{job}.1"

    def grant(self, layer: str, node: str = "n1", booked: Resources | None = None) -> str:
        resources = booked or some_resources()
        epoch = self.store.nodes.get(node).epoch
        one = Grant(node=node, epoch=epoch, layer=layer, resources=resources)
        _, lease, answer = self.store.leases.grant([one], leader=LEADER)[0]
        assert answer == "granted", answer
        self.story.look()
        return lease

    def start(self, lease: str, node: str = "n1", want: int = 1) -> None:
        epoch = self.store.nodes.get(node).epoch
        self.hands[lease] = self.store.leases.start(lease, node=node, epoch=epoch, want=want)
        self.story.look()

    def begin(self, layer: str, node: str = "n1", booked: Resources | None = None) -> str:
        lease = self.grant(layer, node, booked)
        self.start(lease, node)
        return lease

    def settle(self, lease: str, want: int = GIVE_UP) -> None:
        started, tasks = self.hands[lease]
        told = self.store.leases.settle(started, [result(one) for one in tasks], want=want)
        self.hands[lease] = (started, told.tasks)
        self.story.look()

    def beat(self, name: str = "n1", **health: Any) -> None:
        epoch = self.store.nodes.get(name).epoch
        self.store.nodes.heartbeat(name, epoch, NodeHealth(**health), {})
        self.story.look()


def start_is_over(store: Store) -> None:
    """The leases that were granted are not started in time, and taken back."""
    client = store.connection.client
    for lease in client.zrange(keys.UNSTARTED, 0, -1):
        client.zadd(keys.UNSTARTED, {lease: 0})
    store.leader.reap(LEADER)


@pytest.fixture
def told(store: Store) -> Told:
    return Told(store)


def check(told: Told, **seconds: float) -> None:
    """The model agrees; so many core-seconds went to each state, and none to those not named.

    Beside what was let pass some ms went by, which may have gone anywhere.
    """
    sums, more_ms = told.story.agree()
    parts = sum(node.core_parts for node in told.store.accounts.read().nodes)
    for state, amount in sums.items():
        assert abs(amount - 4000 * seconds.get(state, 0)) <= parts * more_ms, (state, amount)


def shut(told: Told, how: str, why: str) -> None:
    """Close the node for a reason, or with none open it again."""
    nodes = told.store.nodes
    if how == "unfit":
        told.beat(unfit=why)
    elif how == "hours":
        nodes.sleep("n1", why)
    elif how == "drain":
        nodes.drain("n1", why) if why else nodes.undrain("n1")
    elif how == "lock":
        nodes.lock("n1", why) if why else nodes.unlock("n1")
    told.story.look()
