"""A render ends, whatever happens to it, and leaves nothing running."""

import os
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import psutil
import pytest

from farm.blender import BlenderCommand, module
from farm.model.states import Outcome
from tests.system.blender_fixtures import all_of_it, scenes, studio
from tests.system.studio import MIB, Studio, a_request, are_gone, assert_succeeded, log_of
from tests.waiting import wait_until
from workers.renderer import NodeUnfit
from workers.sessions import BlenderPool

__all__ = ["all_of_it", "scenes", "studio"]  # fixtures
pytestmark = [pytest.mark.system, pytest.mark.timeout(60)]


def test_a_crash_fails_the_task_and_the_next_one_renders(studio: Studio) -> None:
    settings = studio.settings("long")
    session = studio.session(settings)
    rendering = studio.begin(session, settings)
    os.kill(session.pid, signal.SIGSEGV)

    rendered = rendering.end()

    assert rendered.outcome is Outcome.FAILED
    assert "crashed (SIGSEGV)" in rendered.reason
    studio.pool.give_back(session)
    assert_succeeded(studio.render())


def test_a_renderer_that_falls_silent_is_killed_with_its_group(studio: Studio) -> None:
    settings = studio.settings("long", no_progress_seconds=1.5)
    session = studio.session(settings)
    # Else a slow machine falls silent by itself, while Blender comes up.
    assert_succeeded(session.render(a_request(studio.settings()), studio.progress.append))
    rendering = studio.begin(session, settings)
    process = psutil.Process(session.pid)
    process.suspend()

    rendered = rendering.end()

    assert rendered.outcome is Outcome.TIMED_OUT
    assert "no progress for 1.5 s (last heard: " in rendered.reason
    assert "stopped" in rendered.reason
    assert are_gone(process)
    studio.pool.give_back(session)


def test_a_task_that_takes_too_long_in_all_is_ended(studio: Studio) -> None:
    rendered = studio.render("long", task_seconds=2.0)

    assert rendered.outcome is Outcome.TIMED_OUT
    assert "not done within 2 s" in rendered.reason


def test_stop_ends_a_render_within_a_second(studio: Studio) -> None:
    settings = studio.settings("long")
    session = studio.session(settings)
    rendering = studio.begin(session, settings)
    process = psutil.Process(session.pid)

    session.stop()

    assert rendering.end(timeout_seconds=1).outcome is Outcome.CANCELLED
    assert are_gone(process)
    studio.pool.give_back(session)
    assert_succeeded(studio.render())


def test_closing_the_pool_ends_a_render_in_hand(studio: Studio) -> None:
    pool = BlenderPool(module())
    settings = studio.settings("long")
    session = pool.borrow(settings, threads=1)
    rendering = studio.begin(session, settings)
    process = psutil.Process(session.pid)

    pool.close()

    assert rendering.end(timeout_seconds=2).outcome is Outcome.CANCELLED
    wait_until(lambda: are_gone(process), timeout_seconds=2)
    with pytest.raises(NodeUnfit, match="closed"):
        pool.borrow(settings)


def test_a_worker_that_is_killed_takes_its_renderer_along(studio: Studio, tmp_path: Path) -> None:
    settings = studio.settings("long")
    code = (
        "import sys\n"
        "from farm.model.render import RenderSettings\n"
        "from workers.renderer import RenderRequest\n"
        "from farm.blender import module\n"
        "from workers.sessions import BlenderPool\n"
        f"settings = RenderSettings(**{asdict(settings)!r})\n"
        "session = BlenderPool(module()).borrow(settings, threads=1)\n"
        "request = RenderRequest(job='1', frame=1, attempt=1, settings=settings)\n"
        "session.render(request, lambda line: print(session.pid, line, flush=True))\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True
    ) as worker:
        assert worker.stdout
        line = next(iter(worker.stdout))
        renderer = psutil.Process(int(line.split()[0]))
        worker.kill()

    wait_until(lambda: are_gone(renderer), timeout_seconds=5)


def test_memory_stays_flat_over_many_frames(studio: Studio) -> None:
    settings = studio.settings()
    session = studio.session(settings)
    sizes = []
    for frame in range(1, 31):
        assert_succeeded(session.render(a_request(settings, frame), studio.progress.append))
        sizes.append(psutil.Process(session.pid).memory_info().rss)
    studio.pool.give_back(session)

    assert sizes[-1] - sizes[4] < 16 * MIB


def test_a_session_is_renewed_after_its_share_of_tasks(studio: Studio) -> None:
    pool = BlenderPool(module(), tasks_per_child=2)
    settings = studio.settings()
    session = pool.borrow(settings, threads=1)
    pids = []
    for frame in (1, 2, 3):
        assert_succeeded(session.render(a_request(settings, frame), studio.progress.append))
        pids.append(session.pid)
    pool.close()

    assert pids[0] == pids[1] != pids[2]


def test_a_lease_gets_the_session_that_has_its_scene_open(studio: Studio) -> None:
    plain, dark = studio.settings("plain"), studio.settings("dark")
    first, second = studio.session(plain), studio.session(dark)
    for session, settings in ((first, plain), (second, dark)):
        assert_succeeded(session.render(a_request(settings), studio.progress.append))
        studio.pool.give_back(session)

    again = studio.session(dark)

    assert again is second
    assert {plain.scene, dark.scene} <= set(studio.pool.warm_scenes())
    studio.pool.give_back(again)


def test_idle_sessions_give_their_memory_back(studio: Studio) -> None:
    assert_succeeded(studio.render())

    studio.pool.cool(0)

    assert studio.pool.warm_scenes() == ()


def test_a_renderer_keeps_to_its_cores(studio: Studio) -> None:
    core = min(os.sched_getaffinity(0))
    settings = studio.settings()
    session = studio.pool.borrow(settings, cores=(core,))
    assert_succeeded(session.render(a_request(settings), studio.progress.append))

    threads = [int(path.name) for path in Path(f"/proc/{session.pid}/task").iterdir()]

    assert {tuple(os.sched_getaffinity(one)) for one in threads} == {(core,)}
    assert '"threads": 1' in log_of(settings)
    studio.pool.give_back(session)


def test_an_output_that_cannot_be_written_fails_the_task_and_not_the_node(studio: Studio) -> None:
    (studio.folder / "taken").touch()

    rendered = studio.render(output=f"{studio.folder}/taken/s_####")

    assert rendered.outcome is Outcome.FAILED
    assert "Not a directory; mend it, or give another output" in rendered.reason


def test_a_scene_folder_that_is_not_there_fails_the_task_and_not_the_node(studio: Studio) -> None:
    rendered = studio.render(scene=f"{studio.folder}/nowhere/s", output=f"{studio.folder}/s_####")

    assert rendered.outcome is Outcome.FAILED
    assert "is its storage mounted" in rendered.reason


def test_a_blender_that_does_not_start_is_the_nodes_fault(studio: Studio) -> None:
    pool = BlenderPool(BlenderCommand(program="/bin/false", version="0", is_module=False))

    with pytest.raises(NodeUnfit, match="does not start"):
        pool.borrow(studio.settings()).render(a_request(studio.settings()), studio.progress.append)

    pool.close()
