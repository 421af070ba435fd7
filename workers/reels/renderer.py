"""Makes sheets and movies, as a renderer like any other.

What is made is looked at before it counts: a movie has exactly the frames it should."""

import contextlib
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from farm.blender import find_blender
from farm.model.job import LayerKind, LayerSpec
from farm.model.render import ReelSettings
from farm.model.states import Outcome
from workers.attempt import AttemptFiles, BadTask
from workers.images import BadImage, check_image
from workers.orders import Stopped
from workers.place import Place, all_of
from workers.reels.movie import Encoder, MovieAsk, MovieFailed
from workers.reels.mp4 import check_movie
from workers.reels.sheet import chosen, draw_sheet
from workers.reels.stills import NoStills, lay_stills
from workers.renderer import NodeUnfit, Rendered, RenderRequest, Tell


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    size_bytes: int
    peak_memory_bytes: int = 0


class ReelRenderer:
    """For one lease of a layer that is a sheet or a movie."""

    def __init__(self, layer: LayerSpec, place: Place, *, cores: tuple[int, ...] = ()) -> None:
        """`place` has the thumbnails, `cores` are the CPUs that Blender is kept to."""
        assert layer.reel is not None, f"layer {layer.name} has no reel"
        self._kind = layer.kind
        self._reel: ReelSettings = layer.reel
        self._place = place
        self._cores = cores
        self._stopped = threading.Event()
        self._lock = threading.Lock()  #: of the encoder, which `stop` meets
        self._encoder: Encoder | None = None

    def render(self, request: RenderRequest, on_progress: Tell) -> Rendered:
        started_at, begun = time.time(), time.monotonic()
        self._stopped.clear()
        files: AttemptFiles | None = None
        made, outcome, reason = _Made(size_bytes=0), Outcome.SUCCEEDED, ""
        try:
            files = AttemptFiles(request)
            made = self._make(request, files, on_progress)
        except MovieFailed as error:
            outcome, reason = error.outcome, error.reason
        except (BadTask, BadImage) as error:
            outcome, reason = Outcome.FAILED, str(error)
        except Stopped:
            self._stopped.set()
        if self._stopped.is_set():
            outcome, reason = Outcome.CANCELLED, "stopped while it was made"
        return Rendered(
            outcome=outcome,
            started_at=started_at,
            elapsed_seconds=time.monotonic() - begun,
            peak_memory_bytes=made.peak_memory_bytes,
            image_bytes=made.size_bytes,
            reason=reason,
            log_tail=_last_words(files, outcome, reason),
        )

    def stop(self) -> None:
        self._stopped.set()
        with self._lock:
            if self._encoder is not None:
                self._encoder.cut()

    def close(self) -> None:
        self.stop()

    def _make(self, request: RenderRequest, files: AttemptFiles, tell: Tell) -> _Made:
        frames = all_of(self._reel.frames)
        files.note(f"# {self._kind} of {len(frames)} frames of layer {self._reel.layer}")
        shown = frames if self._kind is LayerKind.MOVIE else chosen(frames)
        thumbnails = self._place.thumbnails(shown, tell)
        files.note(f"# {len(shown)} are shown, {len(thumbnails)} of them have a thumbnail")
        make = self._movie if self._kind is LayerKind.MOVIE else self._sheet
        try:
            return make(request, files, frames, thumbnails, tell)
        except OSError as error:
            files.probe()  # is it the node's disk?
            raise BadTask(f"the {self._kind} cannot be made: {error.strerror or error}") from error

    def _look(self, what: str, count: int, tell: Tell) -> Callable[[int], None]:
        def look(done: int) -> None:
            if self._stopped.is_set():
                raise Stopped
            tell(f"{what} {done} of {count}")

        return look

    def _sheet(
        self,
        request: RenderRequest,
        files: AttemptFiles,
        frames: list[int],
        thumbnails: Mapping[int, Path],
        tell: Tell,
    ) -> _Made:
        title = f"job {request.job}, {self._reel.layer}"
        look = self._look("tile", len(frames), tell)
        width, height = draw_sheet(frames, thumbnails, files.image, title=title, look=look)
        facts = check_image(
            files.image,
            width=width,
            height=height,
            since=files.begun_at,
            thumbnail=request.thumbnail,
        )
        return _Made(size_bytes=facts.size_bytes)

    def _movie(
        self,
        request: RenderRequest,
        files: AttemptFiles,
        frames: list[int],
        thumbnails: Mapping[int, Path],
        tell: Tell,
    ) -> _Made:
        with _folder() as stills:
            try:
                size = lay_stills(
                    frames, thumbnails, stills, self._look("still", len(frames), tell)
                )
            except NoStills as error:
                raise BadTask(
                    f"no frame of layer {self._reel.layer} has a thumbnail, so there is nothing "
                    "to show"
                ) from error
            ask = MovieAsk(stills=stills, size=size, frames_per_second=self._reel.frames_per_second)
            with self._an_encoder() as encoder:
                made = encoder.make(ask, files, request.settings, tell)
        if made.frames != len(frames):
            raise BadImage(f"Blender finds {made.frames} frames in the movie, not {len(frames)}")
        size_bytes = check_movie(files.image, frames=len(frames), size=size)
        return _Made(size_bytes=size_bytes, peak_memory_bytes=made.peak_memory_bytes)

    @contextlib.contextmanager
    def _an_encoder(self) -> Iterator[Encoder]:
        encoder = Encoder(find_blender(), self._cores)
        with self._lock:
            self._encoder = encoder
        try:
            if self._stopped.is_set():
                raise Stopped
            yield encoder
        finally:
            with self._lock:
                self._encoder = None
            encoder.close()


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """One of the node's own, for a while."""
    try:
        folder = Path(tempfile.mkdtemp(prefix="stills-"))
    except OSError as error:
        raise NodeUnfit(f"no folder for stills: {error.strerror or error}") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _last_words(files: AttemptFiles | None, outcome: Outcome, reason: str) -> tuple[str, ...]:
    """Of an attempt that failed: its log's end. Its image goes."""
    if files is None or outcome is Outcome.SUCCEEDED:
        return ()
    files.drop_image()
    with contextlib.suppress(BadTask):
        files.note(f"# {outcome}: {reason}")
    return files.tail()
