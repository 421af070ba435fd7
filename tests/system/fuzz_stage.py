"""A farm of two productions where every secret of the one has a word in it that can be searched."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from farm.files.content import ContentStore
from farm.model.manifest import Manifest, ManifestEntry
from farm.model.node import NodeHealth
from farm.model.render import RenderSettings
from farm.policy.access import ALL, Role
from farm.policy.filters import Filter
from farm.store import Store
from farm.store.webhooks import Webhook
from tests.makers import a_job, a_node, begin, result
from tests.sending import send
from tests.serving import serving

OF_HERON = "canary-of-heron"  #: in all that only heron, and who works for all, may see
FILTER = "heron-only"
OUTSIDE = "canary-from-outside"  #: in a file that nobody may see
HOOK = "b" * 12


@dataclass(kw_only=True)
class Stage:
    """What there is to find."""

    store: Store
    url: str
    folder: Path
    tokens: dict[str, str]  #: by caller, their texts
    heron: str = ""  #: the job of heron; its project was sent
    lynx: str = ""  #: the job of lynx; it lies in place
    scene: str = ""  #: the digest of heron's scene
    manifest: str = ""
    note: str = ""  #: the id of heron's token

    @property
    def known(self) -> dict[str, list[str]]:
        """What is there for each kind of path parameter."""
        return {
            "job": [self.heron, self.lynx],
            "frame": ["1", "2"],
            "production": ["heron", "lynx"],
            "digest": [self.scene, self.manifest],
            "node": ["n1"],
            "token": [self.note],
            "hook": [HOOK],
            "limit": ["houdini"],
            "name": [FILTER],
        }

    def mend(self) -> None:
        """Make again what a caller who may do so has removed."""
        hook = Webhook(
            id=HOOK,
            production="heron",
            url=f"http://127.0.0.1:9/{OF_HERON}",
            events=("job_failed",),
            secret=OF_HERON,
            note=OF_HERON,
            anywhere=False,
        )
        self.store.webhooks.add(hook)
        self.store.limits.set("houdini", 4)
        self.store.filters.set(
            Filter(name=FILTER, production="heron", owner=OF_HERON, set_group=OF_HERON)
        )
        held = self.store.tokens.create(Role.ARTIST, "heron", note=OF_HERON, request="heron")
        self.note = held[0].id


@contextmanager
def a_stage(store: Store, folder: Path) -> Iterator[Stage]:
    """A service that asks, in front of a farm with jobs of heron and of lynx."""
    (folder / "shared").mkdir()
    (folder / "outside").write_text(OUTSIDE)
    (folder / "shared" / "link").symlink_to(folder)
    content = ContentStore(folder / "files")
    tokens = {
        "operator": store.tokens.create(Role.OPERATOR, ALL)[1],
        "artist": store.tokens.create(Role.ARTIST, "lynx")[1],
        "node": store.tokens.create(Role.NODE, ALL)[1],
        "nobody": "",
    }
    shared = [str(folder / "shared")]
    with serving(store, content=content, asks=True, shared=shared) as url:
        stage = Stage(store=store, url=url, folder=folder, tokens=tokens)
        _add_heron(stage, content)
        _add_lynx(stage)
        stage.mend()
        yield stage


def _add_heron(stage: Stage, content: ContentStore) -> None:
    data = f"a scene {OF_HERON}".encode()
    stage.scene = send(content, data)
    entry = ManifestEntry(path=f"{OF_HERON}.blend", digest=stage.scene, size_bytes=len(data))
    stage.manifest = send(content, Manifest.of([entry]).write())
    settings = RenderSettings(
        scene=f"/{OF_HERON}.blend",
        output=f"/out/{OF_HERON}_####",
        extension=".png",
        manifest=stage.manifest,
    )
    spec = a_job(name=OF_HERON, owner=OF_HERON, layer={"settings": settings})
    stage.heron = stage.store.jobs.submit(spec, key="heron")
    _render(stage, stage.heron, image_digest=stage.scene)


def _add_lynx(stage: Stage) -> None:
    """Its finished frame has links that lead out in the place of all its results."""
    output = stage.folder / "shared" / "out" / "shot_####"
    settings = RenderSettings(scene="/show/shot.blend", output=str(output), extension=".png")
    spec = a_job(production="lynx", layer={"settings": settings})
    stage.lynx = stage.store.jobs.submit(spec, key="lynx")
    log = settings.log_path(1, job=stage.lynx, attempt=1)
    for place in (settings.image_path(1), settings.thumbnail_path(1), log):
        Path(place).parent.mkdir(parents=True, exist_ok=True)
        Path(place).symlink_to(stage.folder / "outside")
    _render(stage, stage.lynx)


def _render(stage: Stage, job: str, **fields: Any) -> None:
    """Let a node finish the first frame of `job`."""
    epoch = stage.store.nodes.register(a_node())
    lease, tasks = begin(stage.store, epoch=epoch, layer=f"{job}.1")
    stage.store.leases.settle(lease, [result(tasks[0], **fields)], want=0)
    health = NodeHealth(warm_scenes=(f"/{OF_HERON}.blend",), unfit=f"{OF_HERON} is full")
    stage.store.nodes.heartbeat("n1", epoch, health, {})
