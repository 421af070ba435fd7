"""The thumbnails of a whole layer, brought to a folder of this node for a sheet or a movie."""

from collections.abc import Iterable
from pathlib import Path

from farm.model.errors import FarmError, NodeUnfit, ServiceUnavailable
from workers.job_files import RETRY_SECONDS, JobFiles
from workers.many import Patience, do_all
from workers.orders import Orders
from workers.renderer import Tell


def gather(
    files: JobFiles,
    layer: str,
    frames: Iterable[int],
    *,
    folder: Path,
    orders: Orders,
    tell: Tell,
) -> dict[int, Path]:
    """The thumbnails that there are, by frame, in `folder`.

    Raises Stopped when the lease is killed meanwhile, NodeUnfit.
    """
    folder.mkdir(parents=True, exist_ok=True)
    wanted, patience = list(frames), Patience()
    found: dict[int, Path | None] = {}

    def fetch(frame: int) -> None:
        data = files.get_thumbnail(layer, frame)
        path = folder / f"{frame}.jpg"
        if data is not None:
            path.write_bytes(data)
        found[frame] = path if data is not None else None

    def look() -> None:
        tell(f"fetching thumbnails, {len(found)} of {len(wanted)}")
        orders.heed_kill()

    while len(found) < len(wanted):
        try:
            do_all(fetch, [frame for frame in wanted if frame not in found], look)
        except ServiceUnavailable as error:
            patience.bear(error, "thumbnails", got=len(found))
            orders.heed_kill(RETRY_SECONDS)
        except (FarmError, OSError) as error:
            raise NodeUnfit(f"cannot fetch thumbnails: {error}") from error
    return {frame: path for frame, path in found.items() if path is not None}
