"""The small parts of a worker: its folder, its cores, its outbox on disk."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.model.errors import Conflict
from farm.model.lease import Lease, TaskInHand
from farm.model.states import Outcome
from tests.makers import a_layer, result
from workers.cores import Cores
from workers.folder import StateFolder
from workers.options import parser
from workers.outbox import Outbox, Told, read_told

HOLDER = "import sys; from pathlib import Path; from workers.folder import StateFolder; \
folder = StateFolder(Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"


def test_a_folder_is_one_workers_alone_until_it_ends(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(Conflict, match="another worker uses the folder"):
            StateFolder(tmp_path)
        (tmp_path / "tmp" / "left-behind").touch()
        holder.kill()

    StateFolder(tmp_path).close()
    assert list((tmp_path / "tmp").iterdir()) == []


@given(st.lists(st.integers(1, 4), max_size=12))
def test_no_core_is_lent_twice(wishes: list[int]) -> None:
    cores = Cores(2)
    lent = [cores.take(count) for count in wishes]
    taken = [core for one in lent for core in one]
    assert len(set(taken)) == len(taken) <= 2
    for one in lent:
        cores.give_back(one)
    assert cores.take(1) or Cores(2).take(1) == ()


def test_a_node_that_offers_more_cores_than_it_has_pins_nothing() -> None:
    assert Cores(10_000).take(1) == ()


def test_what_the_store_did_not_take_is_on_disk_as_it_was(tmp_path: Path) -> None:
    lease = Lease(id="l", node="n1", epoch=3, job="7", layer="7.1", spec=a_layer("1-9"))
    broken = result(TaskInHand(index=2, attempt=1), Outcome.FAILED, log_tail=("a", "b"))
    told = Told(lease=lease, results=(broken,), request="r1")

    path = Outbox(tmp_path).keep(told)

    assert read_told(path) == told


def test_the_cache_takes_sizes_as_people_write_them(capsys: pytest.CaptureFixture[str]) -> None:
    told = parser().parse_args(["--cache-limit", "1.5G", "--cache-days", "7"])

    assert (told.cache_limit, told.cache_days) == (1_610_612_736, 7.0)
    for words in (["--cache-limit", "much"], ["--cache-days", "-1"], ["--cache-days", "nan"]):
        with pytest.raises(SystemExit):
            parser().parse_args(words)
    assert "'much' is no size: write 200G or 512M" in capsys.readouterr().err


def test_the_help_names_what_the_environment_may_tell(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(["--help"])

    told = capsys.readouterr().out
    for name in ("FARM_REDIS_URL", "FARM_URL", "FARM_TOKEN", "FARM_CA", "FARM_FILES"):
        assert name in told
