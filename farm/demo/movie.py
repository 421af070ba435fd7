"""Frames to an mp4 by ffmpeg, where there is one; what came out is counted, not believed."""

import re
import shutil
import subprocess
from pathlib import Path

from farm.model.errors import FarmError

_FRAMES_PER_SECOND = 24
_TIMEOUT_SECONDS = 300


def has_ffmpeg() -> bool:
    return shutil.which("ffmpeg") is not None


def make_movie(folder: Path, *, name: str, first_frame: int, target: Path) -> int:
    """Join `folder`/`name`_0001.png … into `target`; return how many frames it holds.

    Raises FarmError when ffmpeg fails.
    """
    _ffmpeg(
        *("-y", "-framerate", str(_FRAMES_PER_SECOND), "-start_number", str(first_frame)),
        *("-i", f"{name.replace('%', '%%')}_%04d.png"),
        # Players want even sizes and this pixel format.
        *("-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2", "-pix_fmt", "yuv420p", "-movflags", "+faststart"),
        str(target.absolute()),
        cwd=folder,
    )
    told = _ffmpeg("-i", str(target.absolute()), "-progress", "-", "-f", "null", "-", cwd=folder)
    counts = re.findall(r"^frame=\s*(\d+)", told, re.MULTILINE)
    return int(counts[-1]) if counts else 0


def _ffmpeg(*arguments: str, cwd: Path) -> str:
    try:
        ran = subprocess.run(
            ["ffmpeg", "-nostdin", "-v", "error", *arguments],
            cwd=cwd,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise FarmError(f"ffmpeg could not make the film: {error}") from error
    if ran.returncode != 0:
        why = ran.stderr.strip().splitlines() or ["it said nothing"]
        raise FarmError(f"ffmpeg could not make the film: {why[-1]}")
    return ran.stdout
