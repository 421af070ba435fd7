"""A render centre for studios' tests: it has a sent job, whose frames the test finishes."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from farm.client import Farm, Fate, PulledFrame
from farm.files.content import ContentStore
from farm.model.render import RenderSettings
from farm.store import Store
from tests.makers import a_digest, a_job, a_node, begin, result

SIZE = 700_000  #: of an image, in bytes


@dataclass(kw_only=True)
class Centre:
    """A farm that has a sent job, whose frames the test finishes."""

    store: Store
    files: ContentStore
    url: str
    job: str = "1"
    images: dict[int, bytes] = field(default_factory=dict)
    epoch: int = 0

    def submit(self, frames: str = "1-4", output: str = "/renders/shot_####") -> str:
        settings = RenderSettings(
            scene="/shot.blend", output=output, extension=".png", manifest=a_digest(1)
        )
        self.job = self.store.jobs.submit(
            a_job(frames, layer={"settings": settings}, production="main"), key=os.urandom(8).hex()
        )
        return self.job

    def finish(self, count: int = 1) -> None:
        """Finish the next `count` frames, each with an image of its own."""
        for _ in range(count):
            self.epoch = self.store.nodes.register(a_node())
            lease, (task,) = begin(self.store, epoch=self.epoch, layer=f"{self.job}.1")
            data = os.urandom(SIZE)
            source = self.files.root / "made.png"
            source.parent.mkdir(parents=True, exist_ok=True)
            source.write_bytes(data)
            self.images[task.index + 1] = data
            ended = result(task, image_digest=self.files.add_file(source), image_bytes=len(data))
            self.store.leases.settle(lease, [ended], want=0)


def pull(centre: Centre, to: Path, *, url: str = "", **options: Any) -> list[PulledFrame]:
    with Farm(url or centre.url) as farm:
        return sorted(farm.job(centre.job).pull(to, **options), key=lambda one: one.frame)


def fates(found: list[PulledFrame]) -> dict[int, Fate]:
    return {one.frame: one.fate for one in found}
