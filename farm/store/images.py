"""The images of sent jobs in the store: one digest per task, in the layout of lua/_images.lua."""

from collections.abc import Iterator

from farm.store import keys
from farm.store.connection import Connection

IMAGE_BYTES = 32
_NONE = bytes(IMAGE_BYTES)
_AT_ONCE = 32_768  #: digests per read: 1 MiB


def read_images(connection: Connection, layer_id: str, first: int, count: int) -> list[str]:
    """What is recorded for `count` tasks of a layer from `first` on: a digest, or "" for none.

    Shorter where nothing was recorded for the rest of the layer.
    """
    start = first * IMAGE_BYTES
    with connection.guard():
        raw: bytes = connection.client.execute_command(
            "GETRANGE",
            keys.layer(layer_id, "images"),
            start,
            start + count * IMAGE_BYTES - 1,
            NEVER_DECODE=True,
        )
    found = (raw[at : at + IMAGE_BYTES] for at in range(0, len(raw), IMAGE_BYTES))
    return ["" if one == _NONE else one.hex() for one in found]


def all_images(connection: Connection, layer_id: str) -> Iterator[list[str]]:
    """Every digest recorded for a layer, of succeeded tasks and of others, many at a time."""
    first = 0
    while found := read_images(connection, layer_id, first, _AT_ONCE):
        first += len(found)
        yield [digest for digest in found if digest]
