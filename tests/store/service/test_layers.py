"""Jobs of several layers and jobs that wait for others, by HTTP and from Python."""

from typing import Any

import pytest

from farm.cli import errors as status
from farm.cli.errors import run_command
from farm.cli.main import cli
from farm.client import Client
from farm.model.errors import BadRequest
from farm.model.states import TaskState
from farm.store import Store
from tests.makers import a_node, finish


def layered(request_of: dict[str, Any], *layers: dict[str, Any]) -> dict[str, Any]:
    """Each layer with an output of its own."""
    stem = request_of["output"].rpartition("/")[0]
    own = [{"output": f"{stem}/{one['name']}_####", **one} for one in layers]
    return request_of | {"layers": own}


def test_a_job_of_several_layers_waits_as_it_was_asked_to(
    client: Client, store: Store, request_of: dict[str, Any]
) -> None:
    comp = {"layer": "sim", "match": "frame"}
    own = {"layer": "sim", "match": "frame", "offset": -1}
    asked = layered(
        request_of,
        {"name": "sim", "frames": "1-3", "after": [own], "pool": "big"},
        {"name": "comp", "frames": "1-3", "after": [comp]},
        {"name": "still", "frames": "1", "after": [{"layer": "comp", "release": "end"}]},
    )
    store.nodes.register(a_node())

    answer = client.submit(asked)
    layers = store.jobs.get(answer["id"]).layers
    assert [(one.spec.name, one.spec.pool, one.counts.blocked) for one in layers] == [
        ("sim", "big", 2),
        ("comp", "", 3),
        ("still", "", 1),
    ]
    assert answer["tasks"] == 7
    for layer in layers:
        finish(store, layer.id)

    assert client.job(answer["id"])["state"] == "succeeded"


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        (
            [{"name": "a", "after": [{"layer": "b"}]}, {"name": "b", "after": [{"layer": "a"}]}],
            "layers wait for each other: ",
        ),
        ([{"name": "a", "after": [{"layer": "x"}]}], "the job has no such layer; it has: a"),
        ([{"name": "a", "cores": 0}, {"name": "b", "gpus": -1}], "layer a: cores 0: ask for"),
        ([{"name": "a", "after": [{"job": "99"}]}], "no job 99"),
        (
            [{"name": "a", "output": "/x_####"}, {"name": "b", "output": "/x_####"}],
            "layers a and b write the same images",
        ),
    ],
)
def test_layers_that_cannot_be_are_told(
    client: Client, store: Store, request_of: dict[str, Any], layers: list[Any], said: str
) -> None:
    with pytest.raises(BadRequest) as caught:
        client.submit(layered(request_of, *layers))

    assert said in str(caught.value)
    assert store.jobs.list() == []


def test_a_job_waits_for_another_until_it_is_there(
    *,
    client: Client,
    store: Store,
    url: str,
    request_of: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
) -> None:
    first = client.submit(request_of | {"frames": "1"})["id"]
    words = ["submit", request_of["scene"], "--output", request_of["output"], "--url", url]
    words += ["--frames", "1-2", "--after-job", first, "--deadline", "2h", "--in-place"]

    assert run_command(cli, words) == status.OK
    second = capsys.readouterr().out.strip()
    assert store.jobs.get(second).counts.blocked == 2
    assert store.jobs.get(second).deadline_at > 0
    assert run_command(cli, ["jobs", "skip", first, "--frames", "1", "--url", url]) == status.OK
    assert capsys.readouterr().out == f"Job {first}: 1 frame skipped; it is succeeded\n"

    assert {task.state for task in store.tasks.list(second)} == {TaskState.READY}


def test_a_job_is_moved_and_timed_by_commands(
    client: Client, url: str, request_of: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    job = client.submit(request_of)["id"]

    def say(*words: str) -> str:
        assert run_command(cli, ["jobs", *words, "--url", url]) == status.OK
        return capsys.readouterr().out.strip()

    told = say("move", job, "--pool", "night", "--group", "sq010/sh020")
    assert told == (
        f"Job {job}: pool night, group sq010/sh020; frames in work finish where they are"
    )
    assert client.job(job)["layers"][0]["pool"] == "night"
    assert say("start-at", job, "2099-01-01T06:00").startswith(f"Job {job} begins 2099-01-01 06:00")
    assert say("start-at", job, "now").startswith(f"Job {job} begins at once")
    assert say("deadline", job, "2099-01-01T06:00") == f"Job {job} is wanted by 2099-01-01 06:00"
    assert say("retry", job) == (
        f"Job {job}: 0 frames again. None has failed or was cancelled; --state succeeded renders "
        "good ones again"
    )
