"""A node's cache fetches from a real service: each file once, and again when it is not whole."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from farm.files.content import ContentStore
from farm.files.hashing import hash_bytes
from farm.model.errors import FilesNotSent, NodeUnfit
from farm.model.manifest import Manifest, ManifestEntry
from farm.store import Store
from farm.wire import Wire
from tests.makers import a_job, a_layer
from workers import many
from workers.cache.cache import NodeCache
from workers.job_files import WiredFiles
from workers.orders import Orders, Stopped

PICTURES = {f"tex/{number}.png": bytes([number]) * 5000 for number in range(20)}


class Node:
    """A cache, and a job whose files it can fetch."""

    def __init__(self, folder: Path, store: Store, content: ContentStore, url: str) -> None:
        self.store, self.content, self.url = store, content, url
        self.folder = folder / "cache"
        self.cache = NodeCache(self.folder)
        self.manifest = self.send(PICTURES)
        self.wire = Wire(url)
        self.files = WiredFiles(self.wire, self.job_of(self.manifest))
        self.told: list[str] = []

    def job_of(self, manifest: str) -> str:
        settings = a_layer().settings
        sent = type(settings)(
            scene="/a.blend", output="/out_####", extension=".png", manifest=manifest
        )
        return self.store.jobs.submit(a_job(layer={"settings": sent}), key=manifest)

    def put(self, data: bytes) -> str:
        digest = hash_bytes(data)
        with self.content.receive("heron", digest, len(data)) as upload:
            if not upload.is_there:
                upload.write(data)
            upload.finish()
        return digest

    def send(self, files: dict[str, bytes]) -> str:
        entries = [
            ManifestEntry(path=path, digest=self.put(data), size_bytes=len(data))
            for path, data in files.items()
        ]
        return self.put(Manifest.of(entries).write())

    def bring(self, orders: Orders | None = None) -> Path:
        self.cache.bring(self.manifest, self.files, orders or Orders(), self.told.append)
        return self.cache.tree(self.manifest)

    def blob(self, data: bytes) -> Path:
        digest = hash_bytes(data)
        return self.folder / "blobs" / digest[:2] / digest


@pytest.fixture
def node(tmp_path: Path, store: Store, content: ContentStore, url: str) -> Iterator[Node]:
    made = Node(tmp_path, store, content, url)
    made.cache.hold(made.manifest)
    yield made
    made.wire.close()


def test_a_fetched_tree_has_what_was_sent(node: Node) -> None:
    root = node.bring()

    assert {path: (root / path).read_bytes() for path in PICTURES} == PICTURES
    assert any(line.startswith("fetching 0 of 20 files, 0 B of") for line in node.told)


def test_slots_that_want_the_same_files_fetch_them_once(node: Node) -> None:
    threads = [threading.Thread(target=node.bring) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    fetches = [line for line in node.told if line.startswith("fetching 0 of")]
    assert len(fetches) == 1


def test_files_that_are_there_are_not_fetched_again(node: Node) -> None:
    node.bring()
    other = node.send({"other.png": PICTURES["tex/3.png"], "new.png": b"new"})
    node.cache.hold(other)
    node.told.clear()

    node.cache.bring(other, node.files, Orders(), node.told.append)

    assert any("of 1 files, 0 B of 3 B" in line for line in node.told)
    assert (node.cache.tree(other) / "other.png").read_bytes() == PICTURES["tex/3.png"]


def test_a_file_that_a_scene_has_written_to_is_fetched_anew(node: Node) -> None:
    root = node.bring()
    damaged = root / "tex/3.png"
    damaged.chmod(0o644)
    damaged.write_bytes(b"scribbled over")

    node.bring()

    assert damaged.read_bytes() == PICTURES["tex/3.png"]
    assert node.blob(PICTURES["tex/3.png"]).read_bytes() == PICTURES["tex/3.png"]


def test_a_lease_that_is_to_leave_fetches_no_more(node: Node) -> None:
    orders = Orders()
    orders.leave()

    with pytest.raises(Stopped):
        node.bring(orders)


def test_a_file_that_the_service_has_lost_is_named(node: Node) -> None:
    node.content.path_of(hash_bytes(PICTURES["tex/7.png"])).unlink()

    with pytest.raises(FilesNotSent, match=r"does not have 'tex/7\.png' any more: submit"):
        node.bring()


def test_a_service_that_stays_away_makes_the_node_unfit(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = Wire("http://127.0.0.1:9")

    def tell(line: str) -> None:
        """Patience ends once it has said that it waits, however long the first try took."""
        node.told.append(line)
        if "waiting to fetch" in line:
            monkeypatch.setattr(many, "PATIENCE_SECONDS", 0.0)

    with pytest.raises(NodeUnfit, match=r"cannot fetch the job's list of files.*cannot be reached"):
        node.cache.bring(node.manifest, WiredFiles(nobody, "1"), Orders(), tell)
    assert any("waiting to fetch" in line for line in node.told)


def test_a_job_larger_than_the_cache_may_be_makes_the_node_unfit(
    node: Node, tmp_path: Path
) -> None:
    node.cache = NodeCache(tmp_path / "small", limit_bytes=50_000)
    node.cache.hold(node.manifest)

    with pytest.raises(NodeUnfit, match="larger --cache-limit"):
        node.bring()


def test_a_full_cache_lets_go_of_what_nobody_holds(node: Node, tmp_path: Path) -> None:
    node.cache, node.folder = NodeCache(tmp_path / "s", limit_bytes=300_000), tmp_path / "s"
    first = node.send({f"{number}": os.urandom(50_000) for number in range(4)})
    node.cache.hold(first)
    node.cache.bring(first, node.files, Orders(), node.told.append)
    node.cache.release(first)
    node.cache.hold(node.manifest)
    second = node.send({f"{number}": os.urandom(50_000) for number in range(4)})
    node.cache.hold(second)

    node.cache.bring(second, node.files, Orders(), node.told.append)

    assert not node.cache.tree(first).exists()
    used = sum(one.stat().st_size for one in (tmp_path / "s" / "blobs").glob("*/*"))
    assert used <= 300_000
