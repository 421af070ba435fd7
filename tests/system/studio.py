"""What the tests with a real Blender work in: scenes, a pool, a folder, words for checks."""

import threading
from pathlib import Path
from typing import Any

import psutil
from PIL import Image, ImageChops

from farm.blender import module
from farm.model.render import RenderSettings
from farm.model.states import Outcome
from tests.waiting import wait_until
from workers.blender.session import BlenderSession
from workers.renderer import Rendered, RenderRequest
from workers.sessions import BlenderPool

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
