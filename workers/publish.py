"""Give an attempt's image its final name: the one step after which others may see it.

The promise: what lies under the final name is always whole, and always of the attempt that counts.
The order that keeps it, from beginning to end:

1. The image is written under the attempt's own name, and checked. Nobody else writes that name.
2. The store confirms that the attempt still counts. A newer attempt, if there will be one, has
   not begun yet at this moment, and this one's image is already there.
3. Images of all other attempts of this frame, up to this number, are removed, and only then
4. this one is renamed to the final name. A rename is all or nothing.
5. The attempt is settled in the store.

A worker may stall for any time between any two steps, even between 2 and 4, where a newer attempt
can overtake it. The newer one's step 3 has then removed the stalled one's image, so that the late
rename finds nothing to rename; or the late rename came before that step, and the newer image
replaces it. Either way the newest attempt wins, without a lock.
"""

import contextlib
import os
from pathlib import Path

from farm.model.errors import LeaseLost
from workers.renderer import RenderRequest


def publish(request: RenderRequest) -> None:
    """Rename the attempt's checked image to the final name.

    The store must just have confirmed that the attempt counts. Not to be repeated once it has
    returned: an image that is gone means that a newer attempt has removed it, and raises LeaseLost.
    (If only settling failed, settle again.) Raises OSError when the disk does not play along; it
    may be repeated then.
    """
    image = _attempt(request)
    final = Path(request.settings.image_path(request.frame))
    try:
        descriptor = os.open(image, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise _lost(request) from error
    try:
        os.fsync(descriptor)
        for other in _others(request, image):
            other.unlink(missing_ok=True)
        _rename(request, descriptor, image, final)
    finally:
        os.close(descriptor)
    _sync_folder(final.parent)


def discard(request: RenderRequest) -> None:
    """Remove the attempt's image, if there is one: it does not count. May be repeated."""
    _attempt(request).unlink(missing_ok=True)


def _attempt(request: RenderRequest) -> Path:
    return Path(
        request.settings.attempt_path(
            request.frame, job=request.job, attempt=request.attempt, lease=request.lease
        )
    )


def _others(request: RenderRequest, image: Path) -> list[Path]:
    """Images of older attempts at the frame, and of this number by another lease.

    The store has just said that this one counts, so none of them can any more.
    """
    stem = request.settings.attempt_stem(request.frame, job=request.job)
    return [
        other
        for other in image.parent.iterdir()
        if other.name.startswith(stem)
        and other != image
        and _number(other.name[len(stem) :]) <= request.attempt
    ]


def _number(rest: str) -> int:
    """The attempt that a file's name tells, after its stem: "3.1f0c.png" is of attempt 3."""
    digits = rest.partition(".")[0]
    return int(digits) if digits.isdecimal() else 0


def _rename(request: RenderRequest, descriptor: int, image: Path, final: Path) -> None:
    try:
        image.replace(final)
    except FileNotFoundError as error:
        # A network file system may do the rename, lose its answer, try again and find nothing.
        with contextlib.suppress(OSError):
            if os.path.samestat(os.fstat(descriptor), final.stat()):
                return
        raise _lost(request) from error


def _lost(request: RenderRequest) -> LeaseLost:
    return LeaseLost(
        f"frame {request.frame} of {request.job}: the image of attempt {request.attempt} is gone, "
        "a newer attempt has taken over"
    )


def _sync_folder(folder: Path) -> None:
    """So that the name survives a power cut, where the file system can promise that."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
