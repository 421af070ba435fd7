"""Which images of a job to bring, and when: those that are finished, once or until the job is over.

A frame that is rendered again gets another digest and is brought again.
"""

import time
from collections.abc import Callable, Iterator, Sequence

from farm.client.client import Client
from farm.client.inbound import FinishedImage, Inbound, PulledFrame
from farm.client.patience import Patience
from farm.client.progress import Progress
from farm.model.errors import FarmError, NotFound
from farm.model.frames import Frames
from farm.model.job import TaskCounts
from farm.model.render import fill_frame
from farm.model.states import TaskState
from farm.wire import Answer

LOOK_SECONDS = 0.5  #: between two looks at a job's progress
_PAGE = 10_000
_TRIES = 5  #: to bring an image that is just being made anew
_FRAMES_A_SECOND = 2_000  #: of a longer job, all its frames are listed more rarely


class Wanted:
    """Chooses images among a job's frames, and knows their paths."""

    def __init__(
        self, layers: Sequence[Answer], *, frames: str | None = None, layer: str | None = None
    ) -> None:
        """Raises NotFound for a layer that is not there, BadFrames."""
        names = [one["name"] for one in layers]
        if layer is not None and layer not in names:
            raise NotFound(f"the job has no layer {layer!r}; it has: {', '.join(names)}")
        self._frames = None if frames is None else _numbers(frames)
        self._layers = {
            key: one
            for one in layers
            if layer in {None, one["name"]} and (frames is None or layer or "#" in one["output"])
            for key in (one["id"], one["name"])
        }

    def image(self, frame: Answer) -> FinishedImage | None:
        """The image of `frame`, if it is one of those to bring."""
        layer = self._layers.get(frame["layer"])
        if layer is None or (layer["manifest"] and not frame["image_digest"]):
            return None
        if self._frames is not None and frame["frame"] not in self._frames:
            return None
        return FinishedImage(
            layer=layer["name"],
            frame=frame["frame"],
            path=fill_frame(layer["output"], frame["frame"]).removeprefix("/"),
            digest=frame["image_digest"],
            size_bytes=frame["image_bytes"] or 0,
        )


def _numbers(frames: str) -> frozenset[int]:
    asked = Frames(frames)
    return frozenset(asked[index] for index in range(len(asked)))


class Pulling:
    """Brings the images of one job."""

    def __init__(
        self, client: Client, job: str, *, inbound: Inbound, wanted: Wanted, patience: Patience
    ) -> None:
        self._client = client
        self._job = job
        self._inbound = inbound
        self._wanted = wanted
        self._patience = patience
        self._brought: dict[tuple[str, int], str] = {}  # digest by layer and frame

    def once(self) -> Iterator[PulledFrame]:
        """Bring what is finished. Raises NotFound for an image that is not to be had."""
        gone: FarmError | None = None
        for _ in range(_TRIES):
            yield from self._bring_new()
            gone = self._inbound.gone
            if gone is None:
                return
            time.sleep(LOOK_SECONDS)
        if gone is not None:
            raise gone

    def follow(
        self, watched: Iterator[Progress], on_progress: Callable[[Progress], None] | None
    ) -> Iterator[PulledFrame]:
        """Bring what is finished whenever more is, until the job is over and all is there."""
        seen: TaskCounts | None = None
        look_at = 0.0
        for progress in watched:
            if on_progress is not None:
                on_progress(progress)
            if progress.is_over:
                break
            if progress.counts != seen and time.monotonic() >= look_at:
                yield from self._bring_new()
                seen = None if self._inbound.gone else progress.counts
                look_at = time.monotonic() + progress.counts.total / _FRAMES_A_SECOND
        yield from self.once()

    def _bring_new(self) -> Iterator[PulledFrame]:
        new = [
            one
            for one in self._patience.ask(lambda: list(self._finished()))
            if self._brought.get((one.layer, one.frame)) != one.digest
        ]
        for pulled in self._inbound.bring(new):
            self._brought[pulled.layer, pulled.frame] = pulled.digest
            yield pulled

    def _finished(self) -> Iterator[FinishedImage]:
        """What can be brought at this moment."""
        first = 0
        while True:
            page = self._client.frames(
                self._job, states=[TaskState.SUCCEEDED], first=first, limit=_PAGE
            )
            yield from filter(None, map(self._wanted.image, page))
            if len(page) < _PAGE:
                return
            first += _PAGE
