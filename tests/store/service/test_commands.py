"""Commands and processes against a real service: their output and how they end."""

import json
import os
import signal
import subprocess
import sys
from typing import Any

import pytest
import urllib3

from farm.cli import errors as status
from farm.cli.errors import run_command
from farm.cli.main import cli
from farm.client import Client
from farm.model.errors import FarmError
from farm.model.node import IN_USE, NodeHealth
from farm.store import Store
from tests.makers import LEADER, a_node, begin, finish, result
from tests.serving import fail
from tests.waiting import wait_until


def test_waiting_for_a_job_ends_with_a_telling_status(
    client: Client,
    store: Store,
    url: str,
    request_of: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FARM_URL", url)
    good, bad, ended, open_ = (client.submit(request_of | {"frames": "1"})["id"] for _ in range(4))
    epoch = store.nodes.register(a_node())
    lease, tasks = begin(store, epoch=epoch, layer=f"{good}.1")
    store.leases.settle(lease, [result(tasks[0])], want=0)
    fail(store, bad, reason="no light")
    client.cancel(ended)

    def wait(job: str, *more: str) -> int:
        return run_command(cli, ["jobs", "wait", job, *more])

    assert wait(good) == status.OK
    assert wait(bad) == status.JOB_FAILED
    assert wait(ended) == status.JOB_CANCELLED
    assert wait(open_, "--timeout", "0") == status.TIMEOUT
    assert wait("99") == status.NOT_FOUND


def test_a_submit_prints_the_number_for_scripts_and_the_rest_for_people(
    url: str, request_of: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["submit", request_of["scene"], "--output", request_of["output"], "--url", url]
    assert run_command(cli, [*words, "--frames", "1-3"]) == status.OK
    plain = capsys.readouterr()
    assert run_command(cli, [*words, "--json", "--memory", "2G"]) == status.OK
    as_json = json.loads(capsys.readouterr().out)

    assert plain.out == "1\n"
    assert "Submitted shot (3 frames) for main as job 1" in plain.err
    assert "farm: note: no node has registered yet" in plain.err
    assert as_json["id"] == "2"
    assert as_json["output"] == request_of["output"] + ".png"


def test_one_layer_of_a_job_is_made_again(
    client: Client,
    store: Store,
    url: str,
    request_of: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
) -> None:
    client.submit(request_of | {"frames": "1-2", "preview": True})
    store.nodes.register(a_node())
    for layer in ("1.1", "1.2", "1.3"):
        finish(store, layer)

    def retry(layer: str) -> int:
        return run_command(
            cli, ["jobs", "retry", "1", "--layer", layer, "--state", "succeeded", "--url", url]
        )

    assert retry("movie") == status.OK
    assert "Job 1: 1 frame again." in capsys.readouterr().out
    assert retry("none") == status.NOT_FOUND
    ready = {one["name"]: one["counts"]["ready"] for one in client.job("1")["layers"]}
    assert ready == {"render": 0, "sheet": 0, "movie": 1}


def test_a_node_that_takes_no_work_is_told_with_its_reason(
    client: Client,
    store: Store,
    url: str,
    request_of: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
) -> None:
    job = client.submit(request_of)["id"]
    store.leader.lead(LEADER)
    full = NodeHealth(unfit="the disk of /scratch is full: 12 MiB left")
    for name, health in (("n1", full), ("n2", NodeHealth())):
        store.nodes.heartbeat(name, store.nodes.register(a_node(name)), health, {})

    def told(*words: str) -> str:
        run_command(cli, [*words, "--url", url])
        return capsys.readouterr().out

    assert f"node n1\tbad\ttakes no work: {full.unfit}\t" in told("doctor")
    assert full.unfit in told("nodes", "ls")
    store.nodes.heartbeat("n1", store.nodes.get("n1").epoch, NodeHealth(unfit=IN_USE), {})
    assert f"node n1\tok\twaits: {IN_USE}\t" in told("doctor")
    store.nodes.heartbeat("n1", store.nodes.get("n1").epoch, full, {})
    assert "takes no work" not in told("jobs", "show", job)
    store.nodes.drain("n2", "by hand")
    waits = (
        "why\tJob 1: 4 frames wait. The nodes that could hold it take no work: "
        f"n1 is unfit: {full.unfit}; n2 is draining: by hand."
    )
    assert waits in told("jobs", "show", job).splitlines()


def test_the_process_says_where_it_listens_and_stops_when_asked(store_url: str) -> None:
    command = [sys.executable, "-m", "farm.service", "--port", "0"]
    with subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "FARM_REDIS_URL": store_url},
    ) as process:
        assert process.stderr is not None
        first = process.stderr.readline()
        port = first.rsplit(":", 1)[1].strip()
        wait_until(lambda: _answers(port), timeout_seconds=20)
        second = subprocess.run(
            [*command[:-1], port], capture_output=True, text=True, timeout=20, check=False
        )
        watch = urllib3.request(
            "GET", f"http://127.0.0.1:{port}/events", preload_content=False, timeout=20
        )
        assert watch.read(11) == b": listening"
        process.send_signal(signal.SIGTERM)
        rest = process.communicate(timeout=15)[1]
        watch.close()

    assert "farm.service: listening on http://127.0.0.1:" in first
    assert process.returncode == 0
    assert "Traceback" not in rest
    assert second.returncode == 1
    assert second.stderr == (
        f"farm service: port {port} on 127.0.0.1 is in use: "
        "stop what listens there, or give another --port\n"
    )


def _answers(port: str) -> bool:
    try:
        return bool(Client(f"http://127.0.0.1:{port}").health()["status"] == "ok")
    except FarmError:
        return False
