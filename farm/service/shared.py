"""Storage that studio, service and nodes share: which paths of it a request may name.

A path counts where it really leads, with all links followed, so that no link leads out.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from farm.model.errors import NotAllowed
from farm.service.access import Caller

EVERYWHERE = ("/",)


def check_shared(path: str, shared: Sequence[str], *, what: str) -> Path:
    """Where `path` really leads. Raises NotAllowed unless that is in one of the folders `shared`.

    `what` is what the path names: "scene", "output". Whether there is anything is not told.
    """
    try:
        real = Path(os.path.realpath(path)) if path.startswith("/") else None
    except ValueError:  # a NUL in it
        real = None
    if real is not None and any(real.is_relative_to(os.path.realpath(one)) for one in shared):
        return real
    raise NotAllowed(
        f"{what} {path!r:.300} is in no folder that this farm shares with its studios: "
        "send the project instead, or start the service with --shared FOLDER"
    )


async def _shared(request: Request, caller: Caller) -> Sequence[str]:
    named: Sequence[str] = request.app.state.shared
    if named:
        return named
    return EVERYWHERE if caller.is_anybody else ()


#: The folders that in-place jobs may lie in: those named, else all while the farm asks nobody.
Shared = Annotated[Sequence[str], Depends(_shared)]
