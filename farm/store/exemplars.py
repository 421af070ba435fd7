"""Which jobs the farm's histograms counted last: one of each bucket of a pool's histogram.

There are as many as pools have buckets, however much work there is: lua/_exemplars.lua writes over
the one before.
"""

from collections import defaultdict
from collections.abc import Mapping
from functools import lru_cache

from farm.model.frames import Frames
from farm.model.names import job_of_layer
from farm.model.usage import Exemplar, Exemplars
from farm.store.connection import Connection
from farm.store.counters import HISTOGRAMS, bucket_at


class ExemplarStore:
    """Reads them; the steps that count write them."""

    def __init__(self, connection: Connection) -> None:
        """Use `connection`."""
        self._connection = connection

    def read(self) -> Mapping[tuple[str, str], Exemplars]:
        """All of them by pool and histogram, one of counters.HISTOGRAMS. Raises StoreUnavailable.

        What is of a layer that the store does not have is left out.
        """
        kept, known = self._connection.call("farm_exemplars")
        layers = {
            layer: (name, frames)
            for layer, name, frames in zip(known[::3], known[1::3], known[2::3], strict=True)
            if frames
        }
        found: defaultdict[tuple[str, str], dict[int, Exemplar]] = defaultdict(dict)
        for bucket, line in zip(kept[::2], kept[1::2], strict=True):
            place, _, pool = bucket.partition(" ")
            layer, task, value, at_ms, node = line.split(" ")
            if layer not in layers:
                continue
            histogram, number = bucket_at(place)
            name, frames = layers[layer]
            found[pool, histogram][number] = Exemplar(
                job=job_of_layer(layer),
                layer=name,
                frame=None if task == "-" else _frames(frames)[int(task)],
                node=node,
                value=float(value) / HISTOGRAMS[histogram].scale,
                at=float(at_ms) / 1000,
            )
        return found


@lru_cache(maxsize=256)  # most are the same from one scrape to the next, and of many jobs
def _frames(spec: str) -> Frames:
    return Frames(spec)
