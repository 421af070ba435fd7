"""A renderer is found and killed whole, and what is told of it is what it does."""

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from farm.model.render import RenderSettings
from farm.model.states import Outcome
from tests.system.blender_fixtures import all_of_it, scenes, studio
from tests.system.farm_under_test import Farm, told
from tests.system.shots import submit
from tests.system.studio import Studio, a_request, are_gone, log_of
from tests.waiting import wait_until
from workers.blender import watch as watching
from workers.blender.tree import OOM_SCORE_ADJUST, Tree
from workers.blender.watch import Watch

__all__ = ["all_of_it", "scenes", "studio"]  # fixtures
pytestmark = [pytest.mark.system, pytest.mark.timeout(60)]

KILL_SECONDS = 1.0

#: Starts a program that makes itself a session and loses its parent, and tells its number.
_RUNAWAY = """
import os, subprocess, sys, time
child = os.fork()
if child == 0:
    os.setsid()
    if os.fork():
        os._exit(0)
    print(os.getpid(), flush=True)
    time.sleep(600)
os.waitpid(child, 0)
time.sleep(600)
"""


def test_a_program_that_has_left_the_tree_is_killed_too() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _RUNAWAY],
        env={"TMPDIR": "/tmp/karst-a-mark-of-its-own"},
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as parent:
        assert parent.stdout
        runaway = psutil.Process(int(parent.stdout.readline()))
        wait_until(lambda: runaway.ppid() != parent.pid, timeout_seconds=5)

        Tree(parent.pid, mark="TMPDIR=/tmp/karst-a-mark-of-its-own").kill()
        began = time.monotonic()
        wait_until(lambda: are_gone(runaway), timeout_seconds=5)
        assert time.monotonic() - began < KILL_SECONDS


def test_a_hung_renderer_leaves_evidence_in_its_log(studio: Studio) -> None:
    settings = studio.settings("long", no_progress_seconds=1.5)
    session = studio.session(settings)
    rendering = studio.begin(session, settings)
    pid = session.pid
    psutil.Process(pid).suspend()

    rendered = rendering.end()

    assert rendered.outcome is Outcome.TIMED_OUT
    assert f"# process {pid}" in log_of(settings)
    assert any("s of CPU used" in line for line in rendered.log_tail)
    studio.pool.give_back(session)


def test_a_renderer_dies_before_its_worker_when_memory_runs_out(studio: Studio) -> None:
    settings = studio.settings()
    session = studio.session(settings)
    session.render(a_request(settings), studio.progress.append)

    score = Path(f"/proc/{session.pid}/oom_score_adj").read_text("ascii")

    assert int(score) == OOM_SCORE_ADJUST
    studio.pool.give_back(session)


def test_a_success_that_comes_too_soon_is_none(studio: Studio) -> None:
    rendered = studio.render(least_seconds=50.0)

    assert rendered.outcome is Outcome.FAILED
    assert "no frame takes less than 50 s" in rendered.reason
    assert not list(studio.folder.rglob("*.png"))


def test_a_cancelled_jobs_renderers_are_gone_within_a_second(shots: Path, tmp_path: Path) -> None:
    with Farm(tmp_path) as farm:
        farm.add_scheduler("s1")
        farm.add_worker("n1")
        shot = submit(farm, shots, "long", 4)
        shot.middle_of_a_frame("n1")
        blenders = farm.blenders("n1")

        began = time.monotonic()
        farm.store.jobs.cancel(shot.job)
        farm.wait(lambda: not any(blender.is_running() for blender in blenders), seconds=5)
        took = time.monotonic() - began

    told("cancelled: its renderer gone", took)
    assert blenders
    assert took < KILL_SECONDS


def a_watch(**fields: float) -> Watch:
    settings = RenderSettings(
        scene="/s.blend", output="/o_####", extension=".png", no_progress_seconds=10.0
    )
    usual = {"booked_bytes": 1, "started_at": 0.0, "begun": 100.0, "heard": 100.0}
    return Watch(settings=settings, **{**usual, **fields})  # type: ignore[arg-type]


class Played(Tree):
    """A tree with figures of the test's own."""

    cpu, memory = 0.0, 0

    def cpu_seconds(self) -> float:
        return self.cpu

    def memory_bytes(self) -> int:
        return self.memory


def test_a_quiet_renderer_that_works_is_not_hung_and_one_that_does_not_is() -> None:
    tree, watch = Played(0, mark="-"), a_watch()
    for second in range(101, 131):
        tree.cpu += 0.5
        watch.look(tree, second)
        assert not watch.overdue(second)
    for second in range(131, 140):
        tree.cpu += 0.001  # it only wakes up now and then
        watch.look(tree, second)
        assert not watch.overdue(second)

    watch.look(tree, 141)
    assert watch.overdue(141) == "no progress for 10 s"


def test_what_has_more_than_booked_is_ended_only_where_memory_is_short(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tree, watch = Played(0, mark="-"), a_watch(booked_bytes=2**30)
    tree.memory = 2 * 2**30
    assert watch.too_large(tree) == ""

    monkeypatch.setattr(watching, "SHORT_RATIO", 2.0)  # whatever is left is little now
    assert watch.too_large(tree).startswith("out of memory: it had 2 GiB, 1 GiB were booked")
    tree.memory = 2**30
    assert watch.too_large(tree) == ""


def test_a_kill_by_the_kernel_is_told_as_what_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = a_watch(booked_bytes=2**30)
    watch.kernel_kills = watching.kernel_kills()
    assert watch.was_killed_for_memory() == ""

    monkeypatch.setattr(watching, "kernel_kills", lambda: watch.kernel_kills + 1)
    assert watch.was_killed_for_memory().startswith("out of memory: the kernel killed Blender")
