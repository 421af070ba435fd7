"""The store of our own: safe to kill, alone in its folder, gone with its owner."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from redis import Redis

from farm.model.errors import BadRequest, Conflict, StoreUnfit
from farm.up.binary import find_store_binary, is_fit
from farm.up.ping import answers
from farm.up.port import free_port
from farm.up.store import StoreProcess
from tests.waiting import wait_until

OWNER = """
import sys, time
from pathlib import Path
from farm.up.store import StoreProcess
store = StoreProcess.start(Path(sys.argv[1]))
print(store.child.pid, store.url, flush=True)
time.sleep(600)
"""

NO_ROOM = """
import resource, signal, sys
from pathlib import Path
from farm.model.errors import BadRequest
from farm.up.store import StoreProcess
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a full disk, as far as a write can tell
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
try:
    StoreProcess.start(Path(sys.argv[1]))
except BadRequest as error:
    print(error)
"""


def client(store: StoreProcess) -> Redis:
    return Redis.from_url(store.url)


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    with StoreProcess.start(tmp_path) as store:
        writer = client(store)
        for number in range(500):
            writer.set(f"k{number}", number)
        # As the farm asks before it gives out a job's id; while one sync is on its way to the disk
        # a write waits in the server's memory, though it is answered.
        assert writer.waitaof(1, 0, 5000)[0] == 1
        url = store.url

        store.kill()
        assert not answers(url)
        store.restart()

        assert client(store).dbsize() == 500
        assert store.url == url


def test_it_keeps_an_append_only_file_and_never_evicts(tmp_path: Path) -> None:
    with StoreProcess.start(tmp_path) as store:
        told = client(store).config_get("appendonly", "appendfsync", "maxmemory-policy", "bind")

    assert told == {
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory-policy": "noeviction",
        "bind": "127.0.0.1",
    }


def test_a_second_store_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    with StoreProcess.start(tmp_path) as store:
        with pytest.raises(Conflict, match="a store already runs in"):
            StoreProcess.start(tmp_path)

        assert answers(store.url)


def test_a_stopped_store_leaves_its_folder_to_the_next(tmp_path: Path) -> None:
    with StoreProcess.start(tmp_path) as store:
        client(store).set("k", 1)
    with StoreProcess.start(tmp_path) as store:
        assert client(store).get("k") == b"1"


def test_a_store_dies_with_its_owner_even_by_kill_9(tmp_path: Path) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    pid, url = owner.stdout.readline().split()
    assert answers(url)

    owner.kill()
    owner.communicate()

    wait_until(lambda: not is_running(int(pid)), timeout_seconds=5)
    with StoreProcess.start(tmp_path):  # and the folder is free again
        pass


def test_a_ctrl_c_meant_for_its_owner_does_not_reach_it(tmp_path: Path) -> None:
    with StoreProcess.start(tmp_path) as store:
        assert os.getpgid(store.child.pid) != os.getpgid(0)


def test_a_port_snatched_before_the_store_has_it_is_not_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with StoreProcess.start(tmp_path / "first") as first:
        taken = int(first.url.rpartition(":")[2].partition("/")[0])
        ports = iter([taken, taken, free_port()])
        monkeypatch.setattr("farm.up.store.free_port", lambda: next(ports))

        with StoreProcess.start(tmp_path / "second") as second:
            assert second.url != first.url


def test_a_folder_that_cannot_be_used_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(
        BadRequest, match=r"folder .*file/store cannot be used: .* choose another folder"
    ) as told:
        StoreProcess.start(tmp_path / "file" / "store")

    assert "\n" not in str(told.value)


def test_a_folder_that_takes_no_more_bytes_is_told_in_one_line(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", NO_ROOM, str(tmp_path)], capture_output=True, text=True, check=False
    )

    assert ran.stdout.startswith(f"folder {tmp_path} cannot be written: ")
    assert ran.stdout.count("\n") == 1


def test_a_wrong_password_is_no_answer(tmp_path: Path) -> None:
    with StoreProcess.start(tmp_path) as store:
        before, _, after = store.url.partition("@")

        assert not answers(f"{before}x@{after}")
        assert not answers(f"redis://{after}")


@pytest.mark.parametrize(
    ("version", "fit"), [((7, 0), False), ((7, 2), True), ((9, 1), True), (None, False)]
)
def test_older_than_7_2_is_unfit(version: tuple[int, int] | None, fit: bool) -> None:
    assert is_fit(version) is fit


def test_a_store_on_path_is_used_if_it_is_new_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundled = find_store_binary()
    for name, version in (("valkey-server", "7.0.15"), ("redis-server", "8.2.1")):
        fake = tmp_path / name
        fake.write_text(f"#!/bin/sh\necho 'Redis server v={version} sha=0:0'\n")
        fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)

    assert find_store_binary() == tmp_path / "redis-server"
    (tmp_path / "redis-server").unlink()
    assert find_store_binary() == bundled


def test_no_store_at_all_is_told_with_three_ways_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)

    with pytest.raises(StoreUnfit, match=r"install Valkey.*embedded.*FARM_REDIS_URL"):
        find_store_binary()


def test_its_end_by_signal_is_seen(tmp_path: Path) -> None:
    with StoreProcess.start(tmp_path) as store:
        os.kill(store.child.pid, signal.SIGKILL)

        wait_until(lambda: not store.is_alive(), timeout_seconds=5)
