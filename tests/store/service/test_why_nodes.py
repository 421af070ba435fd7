"""A job whose nodes are all closed is told why each of them takes no work."""

from datetime import UTC, datetime

from farm.client import Client
from farm.model.node import IN_USE, NodeHealth
from farm.policy.access import ALL, Role
from farm.scheduler.hours import Hours
from farm.scheduler.judge import Judge
from farm.store import Store
from tests.makers import LEADER, a_job, a_node
from tests.store.faulty import nodes, quarantine
from tests.store.service.access import a_token, asked
from tests.store.service.asking import submit

NOON = datetime(2026, 7, 25, 12, 0, tzinfo=UTC)


def test_locks_quarantines_hours_and_people_are_told(store: Store, client: Client) -> None:
    unfit = NodeHealth(unfit=IN_USE)
    store.leader.lead(LEADER)
    quarantine(store, Judge(store, LEADER), "bad")
    store.nodes.lock("good", "measuring")
    nodes(store, "night")
    store.nodes.heartbeat("desk", store.nodes.register(a_node("desk")), unfit, {})
    store.nodes.schedule("night", "Mon-Sun 22:00-06:00 UTC")
    Hours(store).keep_at(NOON)

    told = client.why(submit(store, "1-3", key="waits"))["sentence"]

    assert "bad is quarantined: 3 jobs failed here in a row" in told
    assert f"; desk is unfit: {IN_USE}; good is locked: measuring; " in told
    assert "night is draining: outside its hours" in told


def test_why_a_job_waits_tells_nothing_of_what_nodes_did_for_others(url: str, store: Store) -> None:
    job = store.jobs.submit(a_job(), key="heron-job")
    health = NodeHealth(unfit="folder /show/x is full")
    store.leader.lead(LEADER)
    quarantine(store, Judge(store, LEADER), "bad")
    store.nodes.lock("good", "measuring")
    store.nodes.heartbeat("n1", store.nodes.register(a_node()), health, {})
    path = f"/jobs/{job}/why"
    whole = str(asked(url, "GET", path, a_token(store, Role.OPERATOR, ALL))[1])
    part = str(asked(url, "GET", path, a_token(store, Role.ARTIST))[1])
    node = asked(url, "GET", "/nodes/bad", a_token(store, Role.ARTIST))[1]

    assert "n1 is unfit: folder /show/x is full" in whole
    assert "bad is quarantined: 3 jobs failed here" in whole
    assert "n1 is unfit: it cannot render at present" in part
    assert "/show/x" not in part
    assert "failed here" not in part
    assert node["closed"] == "quarantined"
