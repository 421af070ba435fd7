"""What a Blender is asked for one attempt, as `workers.blender.inside` reads it."""

from typing import Any

from workers.attempt import AttemptFiles
from workers.renderer import RenderRequest


def asked(request: RenderRequest, files: AttemptFiles, *, threads: int) -> dict[str, Any]:
    """One message to it; 0 threads: as many as it chooses."""
    settings = request.settings
    return {
        "scene": settings.scene,
        "frame": request.frame,
        "image": str(files.image),
        "thumbnail": str(request.thumbnail or ""),
        "fixed": request.fixed,
        "extension": settings.extension,
        "log": str(files.log),
        "threads": threads,
        "autoexec": settings.autoexec,
        "allow_missing": settings.allow_missing,
        "engine": settings.engine,
        "camera": settings.camera,
        "resolution_percentage": settings.resolution_percentage,
    }
