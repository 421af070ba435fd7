"""A warm Blender renders what a fresh one would; and a render ends, whatever happens to it."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from PIL import Image, ImageChops

from farm.model.render import RenderSettings
from farm.model.states import Outcome
from tests.system.scenes import (
    HEIGHT,
    LAST_FRAME,
    WIDTH,
    build_plain_with,
    build_scenes,
    render_directly,
)
from tests.waiting import wait_until
from workers.blender.find import BlenderCommand, executable, module
from workers.blender.session import BlenderSession
from workers.renderer import NodeUnfit, Rendered, RenderRequest
from workers.sessions import BlenderPool

pytestmark = [pytest.mark.system, pytest.mark.timeout(60)]

MIB = 1024 * 1024


class Studio:
    """A pool of Blenders, the test scenes, and a folder for what they render."""

    def __init__(self, scenes: Path, folder: Path) -> None:
        self.pool = BlenderPool(module())
        self.scenes = scenes
        self.folder = folder
        self.progress: list[str] = []

    def settings(self, scene: str = "plain", **fields: Any) -> RenderSettings:
        output = {"output": f"{self.folder}/{scene}_####", "extension": ".png"}
        return RenderSettings(**{"scene": str(self.scenes / f"{scene}.blend"), **output, **fields})

    def session(self, settings: RenderSettings) -> BlenderSession:
        return self.pool.borrow(settings, threads=1)

    def render(self, scene: str = "plain", frame: int = 1, **fields: Any) -> Rendered:
        """Render in a session that is given back at once."""
        settings = self.settings(scene, **fields)
        session = self.session(settings)
        try:
            return session.render(a_request(settings, frame), self.progress.append)
        finally:
            self.pool.give_back(session)

    def begin(self, session: BlenderSession, settings: RenderSettings) -> "Rendering":
        return Rendering(session, a_request(settings))


class Rendering:
    """A render that goes on in a thread, far enough to have told of progress."""

    def __init__(self, session: BlenderSession, request: RenderRequest) -> None:
        self.progress: list[str] = []
        self._ended: list[Rendered] = []
        self._thread = threading.Thread(
            target=lambda: self._ended.append(session.render(request, self.progress.append))
        )
        self._thread.start()
        wait_until(self.has_begun, timeout_seconds=30)

    def has_begun(self) -> bool:
        return bool(self.progress)

    def end(self, *, timeout_seconds: float = 20) -> Rendered:
        self._thread.join(timeout_seconds)
        assert not self._thread.is_alive()
        return self._ended[0]


def a_request(settings: RenderSettings, frame: int = 1, attempt: int = 1) -> RenderRequest:
    return RenderRequest(job="1", frame=frame, attempt=attempt, settings=settings)


def image_of(settings: RenderSettings, frame: int = 1) -> Path:
    return Path(settings.attempt_path(frame, job="1", attempt=1))


def log_of(settings: RenderSettings, frame: int = 1) -> str:
    return Path(settings.log_path(frame, job="1", attempt=1)).read_text("utf-8")


def are_gone(*processes: psutil.Process) -> bool:
    return not any(one.is_running() and one.status() != "zombie" for one in processes)


def assert_succeeded(rendered: Rendered) -> None:
    assert rendered.outcome is Outcome.SUCCEEDED, rendered


def assert_same_pixels(one: Path, other: Path) -> None:
    with Image.open(one) as first, Image.open(other) as second:
        assert ImageChops.difference(first.convert("RGB"), second.convert("RGB")).getbbox() is None


@pytest.fixture(scope="session")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scenes")
    build_scenes(folder)
    return folder


@pytest.fixture(scope="module")
def pool_of_all(scenes: Path) -> Iterator[Studio]:
    """One pool for all tests: most of them can do with a warm Blender."""
    studio = Studio(scenes, scenes)
    yield studio
    studio.pool.close()
    assert not [one for one in psutil.Process().children() if "inside.py" in str(one.cmdline())]


@pytest.fixture
def studio(pool_of_all: Studio, tmp_path: Path) -> Studio:
    studio = pool_of_all
    studio.folder, studio.progress = tmp_path, []
    return studio


def test_a_warm_frame_has_the_pixels_of_a_fresh_blender(studio: Studio, tmp_path: Path) -> None:
    for frame in (LAST_FRAME, 1, 5):
        assert_succeeded(studio.render(frame=frame))

    for frame in (5, LAST_FRAME):
        render_directly(studio.scenes / "plain.blend", frame, tmp_path / "direct.png")
        assert_same_pixels(tmp_path / "direct.png", image_of(studio.settings(), frame))


def test_the_image_lies_under_the_attempts_name_and_no_other(studio: Studio) -> None:
    rendered = studio.render()

    assert_succeeded(rendered)
    files = {path.name for path in studio.folder.rglob("*") if path.is_file()}
    assert files == {"1.plain_0001.attempt-1.png", "1.plain_0001.attempt-1.log"}
    assert rendered.image_bytes == image_of(studio.settings()).stat().st_size
    assert rendered.peak_memory_bytes > 50 * MIB


def test_the_log_begins_with_the_exact_command(studio: Studio) -> None:
    studio.render()

    first, *others = log_of(studio.settings()).splitlines()
    assert first.startswith(sys.executable)
    assert "inside.py" in first
    assert any("Saved:" in line for line in others)


def test_what_one_task_asked_for_does_not_stay_for_the_next(studio: Studio) -> None:
    assert_succeeded(studio.render(frame=1))
    before = image_of(studio.settings()).read_bytes()
    assert_succeeded(studio.render(frame=2, camera="Above", resolution_percentage=50))
    assert_succeeded(studio.render(frame=1))

    assert image_of(studio.settings()).read_bytes() == before
    with Image.open(image_of(studio.settings(), 2)) as image:
        assert image.size == (WIDTH // 2, HEIGHT // 2)


def test_a_scene_that_is_written_anew_is_read_again(studio: Studio, tmp_path: Path) -> None:
    scene = tmp_path / "scene.blend"
    scene.write_bytes((studio.scenes / "plain.blend").read_bytes())
    assert_succeeded(studio.render(scene=str(scene.with_suffix("")), output=f"{tmp_path}/a_#"))
    scene.write_bytes((studio.scenes / "no-camera.blend").read_bytes())

    again = studio.render(scene=str(scene.with_suffix("")), output=f"{tmp_path}/a_#")

    assert "no camera" in again.reason


def test_a_cropped_image_has_the_size_of_its_crop(studio: Studio) -> None:
    assert_succeeded(studio.render("cropped"))


def test_an_exr_is_rendered_and_checked(studio: Studio) -> None:
    assert_succeeded(studio.render("exr", extension=".exr"))


def test_another_format_than_the_scenes_is_written_as_asked(studio: Studio) -> None:
    assert_succeeded(studio.render("exr", extension=".jpg"))


def test_an_image_with_nothing_on_it_succeeds_with_a_warning(studio: Studio) -> None:
    rendered = studio.render("dark")

    assert_succeeded(rendered)
    assert "the image is all black" in rendered.warnings


@pytest.mark.parametrize(
    ("scene", "reason"),
    [
        ("no-camera", "the scene has no camera"),
        ("no-texture", "missing texture .*texture.png"),
        ("no-library", "missing library .*lender.blend"),
        ("truncated", "plain|truncated|Missing DNA|not a blend|end of file|Failed to read"),
        ("unsafe-driver", "a driver was not evaluated: __import__"),
        ("no-output", "no image was written|compositor|composite"),
        ("not-there", "scene .*not-there.blend is not there"),
    ],
)
def test_a_scene_that_cannot_render_fails_with_the_reason(
    studio: Studio, scene: str, reason: str
) -> None:
    for _ in range(2):  # a warm Blender must find it again
        rendered = studio.render(scene)

        assert rendered.outcome is Outcome.FAILED
        assert re.search(reason, rendered.reason), rendered.reason
        assert rendered.log_tail
        assert not image_of(studio.settings(scene)).exists()


def test_a_camera_that_is_not_there_fails_with_those_that_are(studio: Studio) -> None:
    assert "it has: Above, Camera" in studio.render(camera="Below").reason


def test_the_scenes_own_python_runs_only_where_it_may(studio: Studio) -> None:
    assert_succeeded(studio.render("own-python"))

    trusted = studio.render("own-python", autoexec=True)

    assert trusted.reason == "a Python script failed: ValueError: out of paint"


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
        "from workers.blender.find import module\n"
        "from workers.sessions import BlenderPool\n"
        f"settings = RenderSettings(**{settings.as_dict()!r})\n"
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


def test_an_output_that_cannot_be_written_is_the_nodes_fault(studio: Studio) -> None:
    (studio.folder / "taken").touch()

    with pytest.raises(NodeUnfit, match=r"cannot use .*Not a directory"):
        studio.render(output=f"{studio.folder}/taken/s_####")


def test_a_scene_folder_that_is_not_mounted_is_the_nodes_fault(studio: Studio) -> None:
    with pytest.raises(NodeUnfit, match="is its storage mounted"):
        studio.render(scene=f"{studio.folder}/nowhere/s", output=f"{studio.folder}/s_####")


def test_a_blender_that_does_not_start_is_the_nodes_fault(studio: Studio) -> None:
    pool = BlenderPool(BlenderCommand(program="/bin/false", version="0", is_module=False))

    with pytest.raises(NodeUnfit, match="does not start"):
        pool.borrow(studio.settings()).render(a_request(studio.settings()), studio.progress.append)

    pool.close()


@pytest.mark.skipif("FARM_TEST_BLENDER" not in os.environ, reason="names a Blender executable")
def test_a_blender_executable_renders_like_the_module(studio: Studio, tmp_path: Path) -> None:
    program = os.environ["FARM_TEST_BLENDER"]
    build_plain_with(program, tmp_path)
    pool = BlenderPool(executable(program))
    settings = studio.settings(scene=str(tmp_path / "plain"), output=f"{tmp_path}/s_####")
    session = pool.borrow(settings, threads=1)
    for frame in (1, 2):
        assert_succeeded(session.render(a_request(settings, frame), studio.progress.append))
    pool.close()
