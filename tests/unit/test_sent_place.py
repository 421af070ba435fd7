"""A lease of a sent job leaves image, thumbnail and log on the farm, and nothing on the node."""

import errno
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from farm.files.content import ContentStore
from farm.files.hashing import hash_bytes
from farm.model.job import LayerKind
from farm.model.lease import Lease, TaskInHand
from farm.model.manifest import Manifest, ManifestEntry
from farm.model.render import ReelSettings, RenderSettings
from farm.model.states import Outcome
from tests.makers import a_layer
from workers.attempt import BadTask
from workers.cache.cache import NodeCache
from workers.job_files import SeenFiles
from workers.orders import Orders, Stopped
from workers.renderer import NodeUnfit, Rendered, RenderRequest
from workers.sent import MOST_LOG_BYTES, SentPlace

TASK = TaskInHand(index=4, attempt=2)
DONE = Rendered(outcome=Outcome.SUCCEEDED, started_at=0, elapsed_seconds=1, image_bytes=7)


def nobody(text: str) -> None:
    """Hears what is told."""


class Node:
    """A node that sees the farm's files, and a lease on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.content = ContentStore(folder / "files")
        self.cache = NodeCache(folder / "cache")
        self.orders = Orders()
        scene = ManifestEntry(path="shot/a.blend", digest=self.put(b"scene"), size_bytes=5)
        self.manifest = self.put(Manifest.of([scene]).write())

    def put(self, data: bytes) -> str:
        digest = hash_bytes(data)
        with self.content.receive("heron", digest, len(data)) as upload:
            upload.write(data)
            upload.finish()
        return digest

    def place(self, *, layer: dict[str, Any] | None = None, **fields: Any) -> SentPlace:
        settings = RenderSettings(
            **{
                "scene": "/shot/a.blend",
                "output": "/renders/a_####",
                "extension": ".png",
                "manifest": self.manifest,
                **fields,
            }
        )
        spec = a_layer(settings=settings, **(layer or {}))
        return SentPlace(
            Lease(id="l1", node="n1", epoch=1, job="7", layer="7.1", spec=spec),
            cache=self.cache,
            files=SeenFiles(self.content, "7"),
            results=self.folder / "results" / "l1",
            orders=self.orders,
        )

    def rendered(self, place: SentPlace, *, log: bytes = b"a log") -> RenderRequest:
        """What a renderer leaves of frame 5."""
        place.prepare(nobody)
        request = place.request(TASK)
        image, written = (
            Path(request.settings.attempt_path(5, job="7", attempt=2, lease="l1")),
            Path(request.settings.log_path(5, job="7", attempt=2)),
        )
        assert request.thumbnail is not None
        for path, data in ((image, b"picture"), (written, log), (request.thumbnail, b"small")):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return request


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path)


def test_a_renderer_gets_paths_of_its_own_node(node: Node) -> None:
    place = node.place()

    place.prepare(nobody)

    settings = place.request(TASK).settings
    assert Path(settings.scene).read_bytes() == b"scene"
    assert str(settings.image_path(5)) == f"{node.folder}/results/l1/renders/a_0005.png"
    assert not settings.is_sent


def test_image_thumbnail_and_log_go_to_the_farm_and_leave_the_node(node: Node) -> None:
    place = node.place()
    request = node.rendered(place)

    published = place.publish(request, DONE, nobody)
    place.end_attempt(request)

    assert published == replace(DONE, image_digest=hash_bytes(b"picture"))
    assert node.content.path_of(published.image_digest).read_bytes() == b"picture"
    assert node.content.thumbnail_path("7", "render", 5).read_bytes() == b"small"
    assert node.content.log_path("7", "render", 5, 2).read_bytes() == b"a log"
    assert [path for path in (node.folder / "results").rglob("*") if path.is_file()] == []


def test_a_very_long_log_keeps_its_begin_and_its_end(node: Node) -> None:
    place = node.place()
    request = node.rendered(place, log=b"command\n" + bytes(MOST_LOG_BYTES) + b"\nthe end")

    place.end_attempt(request)

    log = node.content.log_path("7", "render", 5, 2).read_bytes()
    assert len(log) == MOST_LOG_BYTES
    assert log.startswith(b"command\n")
    assert log.endswith(b"\nthe end")
    assert b"was left out" in log


def test_an_attempt_that_does_not_count_leaves_no_image_anywhere(node: Node) -> None:
    place = node.place()
    request = node.rendered(place)

    place.discard(request)

    assert not list((node.folder / "results").rglob("*.png"))
    assert not node.content.has(hash_bytes(b"picture"))


def test_what_is_told_has_the_projects_paths(node: Node) -> None:
    place = node.place()
    line = f"missing texture {node.cache.tree(node.manifest)}/tex/a.png"

    told = place.plain(replace(DONE, reason=line, log_tail=(line,)))

    assert (told.reason, told.log_tail) == (
        "missing texture /tex/a.png",
        ("missing texture /tex/a.png",),
    )


def test_a_lease_that_ends_leaves_nothing_and_lets_its_files_go(node: Node) -> None:
    place = node.place()
    node.rendered(place)

    place.close()
    node.cache.empty()

    assert list((node.folder / "results").iterdir()) == []
    assert not node.cache.tree(node.manifest).exists()


@pytest.mark.parametrize(
    "fields",
    [{"scene": "/shot/b.blend"}, {"scene": "/../a.blend"}, {"output": "/../../etc/a_####"}],
)
def test_paths_that_are_not_the_projects_are_the_jobs_own_fault(
    node: Node, fields: dict[str, Any]
) -> None:
    with pytest.raises(BadTask, match=r"not among the files|inside the project"):
        node.place(**fields).prepare(nobody)


def full_disk(times: int, node: Node, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let the disk be full so many times; what was let go each time."""
    bring, emptied = node.cache.bring, list[str]()

    def fail(*words: Any) -> Manifest:
        if len(emptied) < times or times > 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        return bring(*words)

    monkeypatch.setattr(node.cache, "bring", fail)
    monkeypatch.setattr(node.cache, "empty", lambda: emptied.append("all"))
    return emptied


def test_a_full_disk_is_cleared_once(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    emptied = full_disk(1, node, monkeypatch)

    node.place().prepare(nobody)

    assert emptied == ["all"]


def test_a_disk_that_stays_full_makes_the_node_unfit(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    full_disk(2, node, monkeypatch)

    with pytest.raises(NodeUnfit, match="No space left"):
        node.place().prepare(nobody)


def test_a_sheet_needs_no_scene_and_finds_the_thumbnails_there_are(node: Node) -> None:
    reel = ReelSettings(layer="render", frames="1-3", output="/renders/a_####", extension=".png")
    place = node.place(
        scene="/not/sent.blend", layer={"kind": LayerKind.SHEET, "reel": reel, "frames": "1"}
    )
    for frame in (1, 3):
        node.content.put(node.content.thumbnail_path("7", "render", frame), b"%d" % frame)

    place.prepare(nobody)

    found = place.thumbnails([1, 2, 3], nobody)
    assert {frame: path.read_bytes() for frame, path in found.items()} == {1: b"1", 3: b"3"}


def test_a_lease_that_is_killed_waits_for_nothing(node: Node) -> None:
    place = node.place(layer={"kind": LayerKind.RENDER})
    node.orders.kill()

    with pytest.raises(Stopped):
        node.orders.heed_kill()
    with pytest.raises(Stopped):
        node.orders.heed_leaving(60)
    assert place.request(TASK).lease == "l1"
