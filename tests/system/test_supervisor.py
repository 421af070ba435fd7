"""The supervisor mends what dies and leaves nothing behind; shown on Python's own web server."""

import http.client
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from farm.model.errors import ServiceUnavailable
from farm.up.part import Backoff, PartSpec
from farm.up.ping import answers
from farm.up.port import HOST, free_port
from farm.up.store import StoreProcess
from farm.up.supervisor import Supervisor
from tests.waiting import wait_until

pytestmark = pytest.mark.system


class Stage:
    """A supervisor with a store and one web server, and what it said."""

    def __init__(self, folder: Path) -> None:
        self.said: list[str] = []
        self.port = free_port()
        self.store = StoreProcess.start(folder / "store")
        self.supervisor = Supervisor(logs=folder, store=self.store, say=self.said.append)

    def start(self) -> None:
        arguments = (str(self.port), "--bind", HOST)
        self.supervisor.start([PartSpec(name="web", module="http.server", arguments=arguments)])
        self.supervisor.wait_until(lambda: "" if self.is_served() else "web", timeout_seconds=20)

    def is_served(self) -> bool:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=1)
        try:
            connection.request("GET", "/")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def tend_until(self, condition: Callable[[], bool]) -> None:
        def tended() -> bool:
            self.supervisor.tend(0.05)
            return condition()

        wait_until(tended, timeout_seconds=20)

    @property
    def child(self) -> "subprocess.Popen[bytes]":
        child = self.supervisor._parts[0].child
        assert child is not None
        return child


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path)
    yield stage
    stage.supervisor.stop()


def test_a_part_that_dies_is_started_again_and_its_end_is_told(stage: Stage) -> None:
    stage.start()

    stage.child.kill()
    stage.child.wait()
    stage.tend_until(stage.is_served)

    assert stage.said[0].startswith("the web was killed by signal 9; starting it again in 0.2 s")
    assert "GET / HTTP/1.1" in stage.said[0]  # its last words


def test_a_store_that_dies_comes_back_with_its_data_at_the_same_address(stage: Stage) -> None:
    stage.start()

    stage.store.kill()
    stage.tend_until(lambda: answers(stage.store.url))

    assert "starting it again on the same data" in stage.said[0]


def test_a_part_that_cannot_start_is_told_with_its_last_line(stage: Stage) -> None:
    stage.supervisor.start([PartSpec(name="scheduler", module="no_such_module_of_ours")])

    with pytest.raises(ServiceUnavailable, match=r"scheduler did not start: .*No module named"):
        stage.supervisor.wait_until(lambda: "scheduler", timeout_seconds=20)


def test_a_part_that_never_gets_ready_is_given_up(stage: Stage) -> None:
    stage.start()

    with pytest.raises(ServiceUnavailable, match="there is still no node"):
        stage.supervisor.wait_until(lambda: "node", timeout_seconds=0.1)


def test_stopping_leaves_no_process_and_a_free_port(stage: Stage) -> None:
    stage.start()
    children = [stage.child, stage.store.child]

    stage.supervisor.stop()

    assert all(child.returncode is not None for child in children)
    assert not stage.is_served()
    assert not answers(stage.store.url)


def test_ctrl_c_while_stopping_kills_what_does_not_end(stage: Stage, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    (tmp_path / "stubborn.py").write_text(
        "import pathlib, signal\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"pathlib.Path({str(ready)!r}).touch()\n"
        "while True: signal.pause()\n"
    )
    stage.supervisor.start(
        [
            PartSpec(
                name="stubborn",
                module="stubborn",
                environment={"PYTHONPATH": str(tmp_path)},
                grace_seconds=3600,
            )
        ]
    )
    wait_until(ready.exists, timeout_seconds=20)
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()

    stage.supervisor.stop()

    assert stage.child.returncode == -signal.SIGKILL
    assert stage.said == ["stopping at once"]


def test_what_a_killed_part_leaves_behind_is_ended_too(stage: Stage, tmp_path: Path) -> None:
    told = tmp_path / "pid"
    (tmp_path / "parent.py").write_text(
        "import os, pathlib, subprocess\n"
        "child = subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
        f"pathlib.Path({str(told)!r} + '.new').write_text(str(child.pid))\n"
        f"os.rename({str(told)!r} + '.new', {str(told)!r})\n"
        "child.wait()\n"
    )
    spec = PartSpec(name="parent", module="parent", environment={"PYTHONPATH": str(tmp_path)})
    stage.supervisor.start([spec])
    wait_until(told.exists, timeout_seconds=20)

    stage.child.kill()
    stage.supervisor.stop()

    assert not psutil.pid_exists(int(told.read_text()))


def test_quick_deaths_are_met_with_growing_patience_and_a_steady_run_forgives_them() -> None:
    backoff = Backoff()
    waits = []
    now = 0.0
    for lived in (1.0, 1.0, 1.0, 100.0):
        backoff.started(now)
        now += lived
        waits.append(backoff.died(now))

    assert waits == [0.2, 0.5, 1.0, 0.2]
