"""`farm up`: a whole farm comes up, says where it is, and goes down without a trace."""

import json
import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from urllib3 import request
from urllib3.exceptions import HTTPError

from farm.client import Client
from farm.model.errors import FarmError
from farm.up.binary import find_store_binary
from farm.up.lock import FolderLock
from farm.up.port import HOST, free_port
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]

UP_SECONDS = 60


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "farm.cli.main", "up", "--name", "here", *arguments]


def on(state: Path) -> tuple[str, ...]:
    return ("--state", str(state), "--port", str(free_port()))


def environment(home: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return {**kept, "HOME": str(home)}


class Up:
    """A `farm up` that has said it is up."""

    def __init__(self, process: "subprocess.Popen[str]", port: int) -> None:
        self.process = process
        self.client = Client(f"http://{HOST}:{port}")
        self.parts = psutil.Process(process.pid).children(recursive=True)

    def part(self, words: str) -> psutil.Process:
        return next(part for part in self.parts if words in " ".join(part.cmdline()))

    def nothing_runs(self) -> bool:
        return not any(runs(part) for part in self.parts)


def runs(process: psutil.Process) -> bool:
    """A process that nobody has waited for yet has ended all the same."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@contextmanager
def farm_up(state: Path, *words: str) -> Iterator[Up]:
    port = free_port()
    process = subprocess.Popen(
        command("--state", str(state), "--port", str(port), "--slots", "2", *words),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment(state.parent),
    )
    assert process.stdout is not None
    try:
        said = []
        for line in process.stdout:
            said.append(line)
            if line == "Ctrl-C takes all down.\n":
                break
        assert said, "it said nothing"
        assert said[-1].startswith("Ctrl-C"), "".join(said)
        assert f"http://{HOST}:{port}" in "".join(said)
        up = Up(process, port)
        yield up
        up.client.close()
    finally:
        process.kill()
        process.communicate()


def refused(
    *arguments: str, home: Path, prepare: Callable[[], None] | None = None, redis_url: str = ""
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command(*arguments),
        capture_output=True,
        text=True,
        timeout=UP_SECONDS,
        env=environment(home) | ({"FARM_REDIS_URL": redis_url} if redis_url else {}),
        preexec_fn=prepare,
        check=False,
    )


def last_line(ran: "subprocess.CompletedProcess[str]") -> str:
    assert ran.stdout == ""
    assert "Traceback" not in ran.stderr
    return ran.stderr.splitlines()[-1]


def test_a_farm_comes_up_and_ctrl_c_takes_all_of_it_down(tmp_path: Path) -> None:
    with farm_up(tmp_path / "state") as up:
        told = up.client.health()
        assert told["scheduler"]
        assert told["nodes"] == 1
        assert len(up.parts) >= 4

        up.process.send_signal(signal.SIGINT)
        said, _ = up.process.communicate(timeout=UP_SECONDS)

        assert up.process.returncode == 0
        assert "nothing of it runs any more" in said
        assert up.nothing_runs()


def test_prometheus_finds_the_farm_at_one_port_and_there_its_node(tmp_path: Path) -> None:
    port = free_port()
    with farm_up(tmp_path / "state", "--metrics-port", str(port)) as up:
        farm = text_of(f"{HOST}:{port}/metrics")
        (found,) = json.loads(text_of(f"{HOST}:{port}/sd"))
        (target,) = found["targets"]
        node = text_of(f"{target}/metrics")

        up.process.send_signal(signal.SIGINT)
        up.process.communicate(timeout=UP_SECONDS)

        assert up.nothing_runs()
    assert 'farm_node_cores{node="here"} 2.0' in farm
    assert found["labels"] == {"node": "here", "pool": ""}
    assert "farm_host_used_cores" in node
    for gone in (f"{HOST}:{port}", target):
        with pytest.raises(HTTPError):
            text_of(f"{gone}/metrics")


def text_of(address: str) -> str:
    answer = request("GET", f"http://{address}", timeout=10.0, retries=False)
    assert answer.status == 200
    return answer.data.decode()


def test_kill_9_takes_all_parts_with_it_and_the_next_farm_up_goes_on(tmp_path: Path) -> None:
    with farm_up(tmp_path / "state") as up:
        up.process.kill()
        up.process.wait()

        wait_until(up.nothing_runs, timeout_seconds=10)
    with farm_up(tmp_path / "state") as again:
        assert again.client.health()["nodes"] == 1


@pytest.mark.parametrize("words", ["farm.scheduler", "farm.service", "workers", "the store"])
def test_a_part_that_is_killed_comes_back(tmp_path: Path, words: str) -> None:
    with farm_up(tmp_path / "state") as up:
        up.part(find_store_binary().name if words == "the store" else words).kill()

        def told_of_it() -> bool:
            assert up.process.stdout is not None
            return "starting it again" in up.process.stdout.readline()

        wait_until(told_of_it, timeout_seconds=UP_SECONDS)
        wait_until(lambda: is_whole(up.client), timeout_seconds=UP_SECONDS)


def is_whole(client: Client) -> bool:
    try:
        told = client.health()
    except FarmError:
        return False
    return bool(told["scheduler"]) and told["nodes"] == 1


@pytest.mark.parametrize("option", ["--port", "--metrics-port"])
def test_a_port_in_use_is_one_plain_line(tmp_path: Path, option: str) -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]

        ran = refused(*on(tmp_path / "state"), option, str(port), home=tmp_path)

    assert ran.returncode == 1
    assert last_line(ran).startswith(f"farm: port {port} of {HOST} is in use: ")
    assert last_line(ran).endswith(f"choose another with {option}")
    assert not (tmp_path / "state").exists()


def test_a_second_farm_on_the_same_folder_is_refused_in_one_plain_line(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path / "state", what="farm")

    ran = refused(*on(tmp_path / "state"), home=tmp_path)

    lock.release()
    assert ran.returncode == 1
    assert last_line(ran).startswith(f"farm: a farm already runs in {tmp_path / 'state'} (process ")


def test_a_state_folder_that_cannot_be_made_is_one_plain_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    ran = refused(*on(tmp_path / "file" / "state"), home=tmp_path)

    assert ran.returncode == 2
    assert "cannot be used: Not a directory" in last_line(ran)


def test_a_full_disk_is_one_plain_line(tmp_path: Path) -> None:
    def full() -> None:  # as far as a write can tell
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

    ran = refused(*on(tmp_path / "state"), home=tmp_path, prepare=full)

    assert ran.returncode == 2
    assert "cannot be written: " in last_line(ran)


def test_a_store_that_does_not_answer_is_one_plain_line(tmp_path: Path) -> None:
    nobody = f"redis://{HOST}:{free_port()}/0"

    ran = refused(*on(tmp_path / "state"), home=tmp_path, redis_url=nobody)

    assert ran.returncode == 4
    assert last_line(ran).startswith("farm: the store named in FARM_REDIS_URL does not answer")
