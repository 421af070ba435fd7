"""What lies in a node's cache is what was sent, and what nobody holds makes room."""

import os
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.files.content import ContentStore
from farm.files.hashing import hash_bytes
from farm.model.errors import BadManifest, FilesNotSent
from farm.model.manifest import Manifest, ManifestEntry
from farm.wire import FileWire
from farm.wire.files import OnBytes
from tests.makers import a_digest
from tests.waiting import wait_until
from workers.cache.blobs import Blob, Blobs
from workers.cache.cache import NodeCache
from workers.cache.eviction import Going, choose
from workers.cache.trees import Tree, Trees, is_placed, placed_from
from workers.job_files import JobFiles, SeenFiles, WiredFiles
from workers.orders import Orders, Stopped


def an_entry(path: str, data: bytes = b"a picture") -> ManifestEntry:
    return ManifestEntry(path=path, digest=hash_bytes(data), size_bytes=len(data))


def kept(blobs: Blobs, data: bytes) -> Path:
    """A file in the cache, as after it has come."""
    path = blobs.path_of(hash_bytes(data))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    assert blobs.has(path.name)
    return path


def test_a_file_that_was_touched_is_hashed_again_and_kept_when_it_is_whole(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    path = kept(blobs, b"a picture")
    os.utime(path)

    assert blobs.has(path.name, 9)
    assert path.stat().st_mtime == 946_684_800


@pytest.mark.parametrize("tampered", [b"b picture", b"short"])
def test_a_file_that_was_written_to_is_not_believed_any_more(
    tmp_path: Path, tampered: bytes
) -> None:
    blobs = Blobs(tmp_path)
    path = kept(blobs, b"a picture")
    path.chmod(0o644)
    path.write_bytes(tampered)

    assert not blobs.has(path.name, 9)
    assert not path.exists()


def test_a_link_in_the_place_of_a_file_is_not_believed(tmp_path: Path) -> None:
    blobs, outside = Blobs(tmp_path / "blobs"), tmp_path / "outside"
    outside.write_bytes(b"a picture")
    path = blobs.path_of(hash_bytes(b"a picture"))
    path.parent.mkdir(parents=True)
    path.symlink_to(outside)

    assert not blobs.has(path.name, 9)
    assert outside.exists()


def a_tree(folder: Path) -> tuple[Trees, Blobs, Manifest, Path]:
    """A tree that is laid."""
    trees, blobs = Trees(folder / "trees"), Blobs(folder / "blobs")
    kept(blobs, b"a picture")
    manifest = Manifest.of([an_entry("a.png"), an_entry("镜头/二/b.png")])
    trees.lay(a_digest(1), manifest.entries, placed_from(blobs.path_of))
    trees.mark(a_digest(1))
    return trees, blobs, manifest, trees.path_of(a_digest(1))


def test_a_tree_has_the_files_of_its_manifest(tmp_path: Path) -> None:
    trees, _, manifest, root = a_tree(tmp_path)

    assert (root / "镜头" / "二" / "b.png").read_bytes() == b"a picture"
    assert trees.wrong(a_digest(1), manifest, is_right=is_placed) == []


def test_what_is_wrong_in_a_tree_is_laid_anew_and_no_link_leads_out(tmp_path: Path) -> None:
    trees, blobs, manifest, root = a_tree(tmp_path)
    outside = tmp_path / "outside"
    outside.mkdir()
    (root / "a.png").unlink()
    (root / "a.png").symlink_to(outside / "a.png")
    (root / "镜头" / "二" / "b.png").unlink()
    (root / "镜头" / "二").rmdir()
    (root / "镜头" / "二").symlink_to(outside)

    wrong = trees.wrong(a_digest(1), manifest, is_right=is_placed)
    trees.lay(a_digest(1), wrong, placed_from(blobs.path_of))

    assert wrong == list(manifest.entries)
    assert list(outside.iterdir()) == []
    assert trees.wrong(a_digest(1), manifest, is_right=is_placed) == []


class Farm:
    """A content store that a node sees, a job's files in it, and the node's cache."""

    def __init__(self, folder: Path) -> None:
        self.content = ContentStore(folder / "files")
        self.files: JobFiles = SeenFiles(self.content, "1")
        self.cache = NodeCache(folder / "cache")
        self.told: list[str] = []

    def put(self, data: bytes) -> str:
        digest = hash_bytes(data)
        with self.content.receive("heron", digest, len(data)) as upload:
            if not upload.is_there:
                upload.write(data)
            upload.finish()
        return digest

    def send(self, **files: bytes) -> str:
        for data in files.values():
            self.put(data)
        manifest = Manifest.of(an_entry(name, data) for name, data in files.items())
        return self.put(manifest.write())

    def bring(self, manifest: str, orders: Orders | None = None) -> Path:
        self.cache.bring(manifest, self.files, orders or Orders(), self.told.append)
        return self.cache.tree(manifest)


@pytest.fixture
def farm(tmp_path: Path) -> Farm:
    return Farm(tmp_path)


def test_files_that_a_node_sees_are_read_where_they_are(farm: Farm) -> None:
    root = farm.bring(farm.send(scene=b"a scene"))

    assert (root / "scene").readlink() == farm.content.path_of(hash_bytes(b"a scene"))
    assert (root / "scene").read_bytes() == b"a scene"


class FarFiles(WiredFiles):
    """The same files, where the node sees no folder: each comes by the wire."""

    def __init__(self, content: ContentStore) -> None:
        self._content = content

    def wire_of(self) -> FileWire:
        return FolderWire(self._content)


class FolderWire(FileWire):
    """A wire that is a copy."""

    def __init__(self, content: ContentStore) -> None:
        self._content = content

    def fetch(
        self, digest: str, target: Path, *, size_bytes: int, on_bytes: OnBytes | None = None
    ) -> None:
        target.write_bytes(self._content.path_of(digest).read_bytes())
        if on_bytes:
            on_bytes(size_bytes)


def test_a_cache_counts_what_it_had_and_what_it_had_to_fetch(farm: Farm) -> None:
    farm.files = FarFiles(farm.content)
    first = farm.send(scene=b"a scene", sky=b"a sky", sea=b"a sea")
    second = farm.send(scene=b"another scene", sky=b"a sky", sea=b"a sea")
    told = []
    for manifest in (first, second, second):
        farm.cache.hold(manifest)
        farm.bring(manifest)
        facts = farm.cache.facts()
        told.append((facts.hits, facts.misses))

    assert told == [(0, 3), (2, 4), (5, 4)]
    assert farm.cache.facts().size_bytes > 0


def test_a_file_that_the_farm_has_lost_is_named(farm: Farm) -> None:
    manifest = farm.send(scene=b"a scene", sky=b"a sky")
    farm.content.path_of(hash_bytes(b"a sky")).unlink()

    with pytest.raises(FilesNotSent, match="does not have 'sky' any more: submit"):
        farm.bring(manifest)


def test_a_list_of_files_that_is_none_is_refused(farm: Farm) -> None:
    with pytest.raises(BadManifest):
        farm.bring(farm.put(b"no list"))
    with pytest.raises(FilesNotSent, match="list of files"):
        farm.bring(a_digest(7))


def test_a_scene_that_is_open_is_told_as_the_farm_calls_it(farm: Farm) -> None:
    manifest = farm.send(scene=b"a scene")
    scene = str(farm.cache.tree(manifest) / "shots" / "a.blend")

    assert farm.cache.scene_id(scene) == f"{manifest}:/shots/a.blend"
    assert farm.cache.scene_id("/show/a.blend") == "/show/a.blend"


def test_a_slot_that_waits_for_anothers_fetch_hears_at_once_that_it_is_to_leave(
    farm: Farm,
) -> None:
    manifest, orders = farm.send(scene=b"a scene"), Orders()
    left = threading.Event()

    def wait() -> None:
        with pytest.raises(Stopped):
            farm.bring(manifest, orders)
        left.set()

    with farm.cache._turn(manifest, Orders(), farm.told.append):
        thread = threading.Thread(target=wait)
        thread.start()
        wait_until(lambda: farm.told, timeout_seconds=5)
        orders.leave()
        assert left.wait(5)
    thread.join()


def test_emptying_leaves_what_is_held(farm: Farm) -> None:
    held, other = farm.send(scene=b"held"), farm.send(scene=b"other")
    farm.cache.hold(held)
    farm.bring(held)
    farm.cache.hold(other)
    farm.bring(other)
    farm.cache.release(other)

    farm.cache.empty()

    assert farm.cache.tree(held).exists()
    assert not farm.cache.tree(other).exists()


def some_blobs(*sizes: int) -> list[Blob]:
    """Files 0, 1, 2 …, the first unused for longest."""
    return [
        Blob(digest=a_digest(number), size_bytes=size, used_at=float(number))
        for number, size in enumerate(sizes)
    ]


def test_trees_go_before_files_and_the_oldest_first() -> None:
    trees = [Tree(manifest="new", used_at=9.0), Tree(manifest="old", used_at=1.0)]
    needs = {"old": {a_digest(0), a_digest(1)}, "new": {a_digest(1), a_digest(2)}}

    going = choose(trees, some_blobs(5, 5, 5), needs=needs, pinned=set(), room_bytes=5, before=0.0)

    assert going == Going(trees=("old",), blobs=(a_digest(0),))


def test_what_nobody_has_used_for_long_goes_though_there_is_room() -> None:
    trees = [Tree(manifest="new", used_at=9.0), Tree(manifest="old", used_at=1.0)]
    needs = {"old": {a_digest(0)}, "new": {a_digest(2)}}

    going = choose(trees, some_blobs(5, 5, 5), needs=needs, pinned=set(), room_bytes=0, before=1.5)

    assert going == Going(trees=("old",), blobs=(a_digest(0), a_digest(1)))


_NUMBERS = st.integers(0, 5)


@given(
    needs=st.lists(st.sets(_NUMBERS), max_size=4),
    sizes=st.lists(st.integers(0, 9), min_size=6, max_size=6),
    pinned=st.sets(st.integers(0, 3)),
    room=st.integers(0, 60),
)
def test_nothing_that_is_held_goes_and_no_more_than_is_needed(
    needs: Sequence[set[int]], sizes: list[int], pinned: set[int], room: int
) -> None:
    trees = [Tree(manifest=f"t{n}", used_at=float(n)) for n in range(len(needs))]
    held = {f"t{n}" for n in pinned}
    files = {f"t{n}": {a_digest(one) for one in needed} for n, needed in enumerate(needs)}

    going = choose(trees, some_blobs(*sizes), needs=files, pinned=held, room_bytes=room, before=0.0)

    kept = {f"t{n}" for n in range(len(needs))} - set(going.trees)
    assert not held & set(going.trees)
    assert not set(going.blobs) & set().union(*(files[one] for one in kept))
    freed = sum(sizes[int(digest, 16)] for digest in going.blobs)
    last = sizes[int(going.blobs[-1], 16)] if going.blobs else 0
    assert freed - last < room or not going.blobs
    if kept - held:
        assert freed >= room
