"""Traces a scene by asking Blender itself, in a process of its own that runs none of its Python."""

import json
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from farm.assets.tracing.model import Kind, Mention, Spread
from farm.assets.tracing.paths import resolve
from farm.blender import BlenderCommand
from farm.model.errors import BadScene, NodeUnfit

MOST_SECONDS = 900.0  #: the largest scenes open in minutes
_INSIDE = Path(__file__).with_name("map_inside.py")


def ask_blender(
    scene: str, blender: BlenderCommand, *, most_seconds: float = MOST_SECONDS
) -> list[Mention]:
    """All that Blender says `scene` and its libraries name.

    Raises BadScene when Blender cannot open it, and NodeUnfit when Blender itself fails.
    """
    return next(ask_blender_about([scene], blender, most_seconds=most_seconds))


def ask_blender_about(
    scenes: Sequence[str], blender: BlenderCommand, *, most_seconds: float = MOST_SECONDS
) -> Iterator[list[Mention]]:
    """The same for many scenes, by one Blender."""
    with tempfile.TemporaryDirectory(prefix="farm-trace-") as folder:
        answer = Path(folder) / "answer.json"
        said = _run(blender.argv(_INSIDE, str(answer), *scenes), folder, most_seconds)
        try:
            told = json.loads(answer.read_text("ascii"))
        except (OSError, ValueError) as error:
            which = " ".join(scenes)
            raise NodeUnfit(f"{blender} ended without an answer about {which}: {said}") from error
    for scene, one in zip(scenes, told, strict=True):
        if "failed" in one:
            raise BadScene(f"scene {scene} cannot be opened by {blender}: {one['failed']}")
        yield [_mention(each) for each in one["mentions"]]


def _run(command: list[str], folder: str, most_seconds: float) -> str:
    """Run `command` to its end, it and all it starts; the last line that it printed."""
    environment = {**os.environ, "BLENDER_USER_RESOURCES": folder, "PYTHONDONTWRITEBYTECODE": "1"}
    with tempfile.TemporaryFile() as output, _held_back() as let_through:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=environment,
            start_new_session=True,
        )
        try:
            let_through()
            process.wait(most_seconds)
        except subprocess.TimeoutExpired as error:
            raise BadScene(
                f"scene {command[-1]} was not read by Blender within {most_seconds:.0f} seconds: "
                "take --tracer bat"
            ) from error
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        output.seek(0)
        lines = output.read()[-4096:].decode("utf-8", "replace").split("\n")
    said = [line.strip() for line in lines if line.strip()]
    return said[-1] if said else f"exit code {process.returncode}"


@contextmanager
def _held_back() -> Iterator[Callable[[], None]]:
    """Hold a Ctrl-C back until the function is called: a process that is being started is nobody's
    to end yet. Only the main thread hears of one, unless it is not to be heard at all.
    """
    before = signal.getsignal(signal.SIGINT)
    deaf = before in {None, signal.SIG_IGN}
    if deaf or threading.current_thread() is not threading.main_thread():
        yield lambda: None
        return
    pressed: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _frame: pressed.append(number))

    def let_through() -> None:
        signal.signal(signal.SIGINT, before)
        if pressed:
            raise KeyboardInterrupt

    try:
        yield let_through
    finally:
        signal.signal(signal.SIGINT, before)


def _mention(told: dict[str, Any]) -> Mention:
    return Mention(
        kind=Kind(told["kind"]),
        written=told["written"],
        path=resolve(told["written"], os.path.dirname(told["blend"])),
        blend=told["blend"],
        block=told["block"],
        spread=Spread(told.get("spread", "file")),
        tiles=tuple(told.get("tiles", ())),
        parts=tuple(told.get("parts", ())),
        absent=told.get("absent", ""),
    )
