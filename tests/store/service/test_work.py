"""Jobs, frames and nodes through the service, as its client meets them."""

from pathlib import Path
from typing import Any

import pytest

from farm.client import Client
from farm.model.errors import BadRequest, Conflict, NotFound
from farm.model.resources import GIB
from farm.store import Store
from tests.makers import a_node, begin, result
from tests.serving import fail


def test_a_submitted_job_is_what_the_scene_says(
    client: Client, scenes: Path, request_of: dict[str, Any]
) -> None:
    del request_of["output"]
    submitted = client.submit(request_of)
    job = client.job(submitted["id"])

    assert submitted["tasks"] == 4
    assert submitted["output"] == f"{scenes}/shot_frames/shot_####.png"
    assert (scenes / "shot_frames").is_dir()
    assert (job["name"], job["production"], job["state"]) == ("shot", "main", "active")
    assert job["layers"][0]["frames"] == "1-4"
    assert [found["id"] for found in client.jobs()] == [submitted["id"]]


def test_the_same_key_makes_one_job_however_often_it_is_sent(
    client: Client, request_of: dict[str, Any]
) -> None:
    first = client.submit(request_of, key="once")

    assert client.submit(request_of, key="once")["id"] == first["id"]
    assert client.submit(request_of)["id"] != first["id"]
    assert len(client.jobs()) == 2


def test_all_faults_are_told_at_once_and_nothing_is_made(
    client: Client, scenes: Path, tmp_path: Path
) -> None:
    asked = {
        "scene": str(scenes / "blind.blend"),
        "output": f"{tmp_path}/out/x",
        "frames": "10-1",
        "memory_bytes": -1,
        "production": "a b",
    }
    with pytest.raises(BadRequest) as caught:
        client.submit(asked)

    for fault in ("no camera", "'10-1'", "-1 bytes", "'a b'"):
        assert fault in str(caught.value)
    assert client.jobs() == []
    assert not (tmp_path / "out").exists()


def test_an_output_folder_that_cannot_be_written_refuses_the_job_and_leaves_nothing(
    client: Client, request_of: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    for output in (f"{tmp_path}/file/x_####", f"{tmp_path}/file/deep/er/x_####", "/proc/no/x_####"):
        with pytest.raises(BadRequest, match=r"cannot be written to: .*; give another"):
            client.submit({**request_of, "output": output})

    assert client.jobs() == []
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_job_too_big_for_any_node_is_taken_and_its_waiting_explained(
    client: Client, store: Store, request_of: dict[str, Any]
) -> None:
    def warnings(**asked: Any) -> list[str]:
        found: list[str] = client.submit(request_of | asked)["warnings"]
        return found

    assert warnings() == ["no node has registered yet: the job waits until one joins"]
    store.nodes.register(a_node("small", cores=2, memory_gib=64))
    store.nodes.register(a_node("large", cores=8, memory_gib=4, pool="big"))
    assert warnings() == []
    assert warnings(cores=64, memory_bytes=65 * GIB) == [
        "no node has 64 cores (the largest has 8): the job waits until one joins",
        "no node has 65 GiB of memory (the largest has 64 GiB): the job waits until one joins",
    ]
    assert (
        "no single node has 8 cores and 8 GiB of memory"
        in warnings(cores=8, memory_bytes=8 * GIB)[0]
    )
    assert "is in pool 'gpu'" in warnings(pool="gpu")[0]


def test_a_job_is_steered_and_says_how_it_stands(
    client: Client, store: Store, request_of: dict[str, Any]
) -> None:
    job = client.submit(request_of)["id"]

    assert client.pause(job)["state"] == "paused"
    assert client.resume(job)["state"] == "active"
    assert client.set_priority(job, 80)["priority"] == 80
    assert client.cancel(job)["tasks"] == 4
    with pytest.raises(Conflict, match="it is cancelled"):
        client.pause(job)
    after = client.retry(job, frames="2-3")
    told = {name: after[name] for name in ("id", "state", "priority", "tasks")}
    assert told == {"id": job, "state": "active", "priority": 80, "tasks": 2}
    assert [frame["frame"] for frame in client.frames(job, states=["ready"])] == [2, 3]
    with pytest.raises(BadRequest, match="priority 101"):
        client.set_priority(job, 101)


def test_failures_are_grouped_by_reason(
    client: Client, store: Store, request_of: dict[str, Any]
) -> None:
    job = client.submit(request_of)["id"]
    for reason in ("no light", "texture wood.png is missing", "no light"):
        fail(store, job, reason=reason)
    found = client.job(job)

    assert [(group["reason"], group["count"]) for group in found["failures"]] == [
        ("no light", 2),
        ("texture wood.png is missing", 1),
    ]
    assert found["failures"][0]["nodes"] == ["n1"]
    assert client.progress(job)["counts"]["failed"] == 3


def test_a_log_is_read_from_its_end_and_outlived_by_what_the_store_kept(
    client: Client, store: Store, request_of: dict[str, Any], tmp_path: Path
) -> None:
    job = client.submit(request_of)["id"]
    with pytest.raises(NotFound, match="frame 1 of job 1 has no log: no attempt has begun"):
        client.log(job, 1)
    fail(store, job, reason="no light", tail=("kept",))

    assert client.log(job, 1)["lines"] == ["kept"]
    assert not client.log(job, 1)["whole"]
    path = tmp_path / "out" / "logs" / "1.shot_0001.attempt-1.log"
    path.parent.mkdir()
    path.write_text("one\ntwo\nthree\n")
    assert client.log(job, 1) | {"path": ""} == {
        "job": job,
        "frame": 1,
        "attempt": 1,
        "path": "",
        "lines": ["one", "two", "three"],
        "whole": True,
    }
    assert client.log(job, 1, lines=1)["lines"] == ["three"]
    path.write_text("x" * 5_000_000 + "\nlast\n")
    assert client.log(job, 1)["lines"] == ["last"]
    with pytest.raises(NotFound, match="its attempts are 1 to 1"):
        client.log(job, 1, attempt=2)


def test_audit_finds_a_succeeded_frame_without_its_image(
    client: Client, store: Store, request_of: dict[str, Any], tmp_path: Path
) -> None:
    job = client.submit(request_of)["id"]
    epoch = store.nodes.register(a_node())
    lease, tasks = begin(store, want=2, epoch=epoch, layer=f"{job}.1")
    store.leases.settle(lease, [result(task) for task in tasks], want=0)
    (tmp_path / "out" / "shot_0001.png").write_bytes(b"an image")
    (tmp_path / "out" / "shot_0002.png").touch()
    audit = client.audit()

    assert (audit["images_checked"], audit["images_due"]) == (2, 2)
    assert [breach["where"] for breach in audit["breaches"]] == ["job 1, frame 2"]
    assert audit["breaches"][0]["expected"] == f"{tmp_path}/out/shot_0002.png"


def test_a_node_is_drained_and_undrained(client: Client, store: Store) -> None:
    store.nodes.register(a_node(blenders=("4.5.15",)))

    assert client.drain("n1", reason="new memory")["held"] == "new memory"
    assert client.node("n1")["state"] == "draining"
    assert client.undrain("n1")["state"] == "online"
    assert client.farm()["blenders"] == ["4.5.15"]
    assert [node["name"] for node in client.nodes()] == ["n1"]
