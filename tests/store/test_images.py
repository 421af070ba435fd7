"""The digests of a sent job's images, and which of several layers a frame means."""

from dataclasses import replace

import pytest

from farm.model.errors import BadManifest
from farm.model.job import JobSpec
from farm.model.states import JobState, Outcome, TaskState
from farm.store import Store, keys
from tests.makers import (
    a_chain,
    a_digest,
    a_job,
    a_job_with_a_sheet,
    a_layer,
    a_node,
    begin,
    result,
)


def a_sent_job(frames: str = "1-3") -> JobSpec:
    layer = a_layer(frames)
    return a_job(layers=(replace(layer, settings=replace(layer.settings, manifest=a_digest(1))),))


def test_an_image_is_recorded_in_the_step_that_settles_its_task(store: Store) -> None:
    store.jobs.submit(a_sent_job(), key="k")
    store.nodes.register(a_node())
    lease, (task,) = begin(store)
    store.leases.settle(lease, [result(task, image_digest=a_digest(7))], want=0)

    assert store.tasks.get("1", 1).image_digest == a_digest(7)
    assert [one.image_digest for one in store.tasks.list("1")] == [a_digest(7), "", ""]
    assert list(store.jobs.image_digests("1")) == [("render", [a_digest(7)])]


def test_every_bit_of_a_digest_comes_back(store: Store) -> None:
    store.jobs.submit(a_sent_job("1-2"), key="k")
    store.nodes.register(a_node())
    digests = [bytes(range(32)).hex(), bytes(range(224, 256)).hex()]
    lease, tasks = begin(store)
    for digest in digests:
        told = [result(tasks[0], image_digest=digest)]
        tasks = store.leases.settle(lease, told, want=1).tasks

    assert [one.image_digest for one in store.tasks.list("1")] == digests


def test_a_late_attempt_leaves_no_image(store: Store) -> None:
    store.jobs.submit(a_sent_job(), key="k")
    store.nodes.register(a_node())
    lease, (task,) = begin(store)
    store.nodes.register(a_node())

    settled = store.leases.settle(lease, [result(task, image_digest=a_digest(7))], want=1)

    assert settled.counted == (False,)
    assert list(store.jobs.image_digests("1")) == []


def test_an_attempt_that_failed_leaves_no_image(store: Store) -> None:
    store.jobs.submit(a_sent_job(), key="k")
    store.nodes.register(a_node())
    lease, (task,) = begin(store)

    failed = result(task, Outcome.FAILED, image_digest=a_digest(7))
    store.leases.settle(lease, [failed], want=0)

    assert list(store.jobs.image_digests("1")) == []


def test_a_retried_task_shows_no_image_but_its_old_one_is_still_known(store: Store) -> None:
    store.jobs.submit(a_sent_job("1"), key="k")
    store.nodes.register(a_node())
    lease, (task,) = begin(store)
    store.leases.settle(lease, [result(task, image_digest=a_digest(7))], want=0)
    store.jobs.retry("1", states={TaskState.SUCCEEDED})

    assert store.tasks.get("1", 1).image_digest == ""
    assert list(store.jobs.image_digests("1")) == [("render", [a_digest(7)])]
    lease, (task,) = begin(store)
    store.leases.settle(lease, [result(task, image_digest=a_digest(8))], want=0)
    assert store.tasks.get("1", 1).image_digest == a_digest(8)


def test_a_digest_that_is_none_is_refused_and_changes_nothing(store: Store) -> None:
    store.jobs.submit(a_sent_job(), key="k")
    store.nodes.register(a_node())
    lease, (task,) = begin(store)

    with pytest.raises(BadManifest, match="digest 'ab'"):
        store.leases.settle(lease, [result(task, image_digest="ab")], want=0)
    assert store.tasks.get("1", 1).state is TaskState.RUNNING


def test_a_job_in_place_keeps_no_images_in_the_store(store: Store) -> None:
    store.jobs.submit(a_job("1"), key="k")
    store.nodes.register(a_node())
    lease, (task,) = begin(store)
    store.leases.settle(lease, [result(task)], want=0)

    assert store.tasks.get("1", 1).image_digest == ""
    assert not store.connection.client.exists(keys.layer("1.1", "images"))


def test_the_audit_finds_a_sent_frame_that_succeeded_without_its_image(store: Store) -> None:
    store.jobs.submit(a_sent_job(), key="k")
    store.nodes.register(a_node())
    lease, (first,) = begin(store)
    told = [result(first, image_digest=a_digest(7))]
    (second,) = store.leases.settle(lease, told, want=1).tasks
    store.leases.settle(lease, [result(second)], want=0)

    (breach,) = store.audit()
    assert breach.rule == "a succeeded task of a sent job has the digest of its image"
    assert (breach.where, breach.expected, breach.found) == ("layer 1.1", "0", "1")
    store.connection.client.flushall()


def test_every_job_is_walked_once_with_its_layers(store: Store) -> None:
    for number in range(600):
        store.jobs.submit(a_chain("1", "1"), key=str(number))

    found = list(store.jobs.all())

    assert sorted(int(job.id) for job in found) == list(range(1, 601))
    assert {tuple(layer.spec.name for layer in job.layers) for job in found} == {("a", "b")}
    assert {job.state for job in found} == {JobState.ACTIVE}


def test_a_frame_that_several_layers_have_is_the_one_that_is_rendered(store: Store) -> None:
    store.jobs.submit(a_job_with_a_sheet("1-3"), key="k")

    assert store.tasks.get("1", 1).layer == "1.1"
    assert store.tasks.get("1", 1, layer="sheet").layer == "1.2"
    assert store.tasks.get("1", 1, layer="1.2").layer == "1.2"


def test_of_several_layers_that_render_a_frame_the_first_is_meant(store: Store) -> None:
    store.jobs.submit(a_chain("5-6", "1-9"), key="k")

    assert store.tasks.get("1", 5).layer == "1.1"
    assert store.tasks.get("1", 9).layer == "1.2"
