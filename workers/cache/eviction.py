"""What leaves the node's cache when room is needed, or when nobody has wanted it for long. Pure.

Trees go first, for they cost next to nothing to make again; then files that no tree needs, the one
unused for longest first. What a lease uses now stays, whatever room is wanted.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from workers.cache.blobs import Blob
from workers.cache.trees import Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Going:
    """What is to be removed, in this order."""

    trees: tuple[str, ...] = ()  #: digests of their manifests
    blobs: tuple[str, ...] = ()  #: digests


def choose(
    trees: Sequence[Tree],
    blobs: Sequence[Blob],
    *,
    needs: Mapping[str, Set[str]],
    pinned: Set[str],
    room_bytes: int,
    before: float,
) -> Going:
    """What goes so that `room_bytes` more are free, and all that is unused since `before`.

    `needs` tells the files of each tree, by manifest; `pinned` are the manifests in use.
    """
    kept = {tree.manifest: tree for tree in trees}
    gone: list[str] = []
    for tree in sorted(trees, key=lambda tree: tree.used_at):
        free = _not_needed(blobs, [*kept, *pinned], needs)
        enough = sum(blob.size_bytes for blob in free) >= room_bytes
        if enough and tree.used_at >= before:
            break
        if tree.manifest not in pinned:
            del kept[tree.manifest]
            gone.append(tree.manifest)
    free = _not_needed(blobs, [*kept, *pinned], needs)
    return Going(trees=tuple(gone), blobs=_oldest(free, room_bytes, before))


def _not_needed(
    blobs: Sequence[Blob], manifests: Sequence[str], needs: Mapping[str, Set[str]]
) -> list[Blob]:
    needed = set(manifests).union(*(needs.get(one, set()) for one in manifests))
    return [blob for blob in blobs if blob.digest not in needed]


def _oldest(free: Sequence[Blob], room_bytes: int, before: float) -> tuple[str, ...]:
    going, freed = list[str](), 0
    for blob in sorted(free, key=lambda blob: blob.used_at):
        if freed >= room_bytes and blob.used_at >= before:
            break
        going.append(blob.digest)
        freed += blob.size_bytes
    return tuple(going)
