"""What a layer's next slot books, learnt from what its tasks were seen to need. Pure.

People ask for memory by guess: too much leaves cores idle beside it, too little ends in the
kernel's out-of-memory killer. Once a few tasks have succeeded, their peak is the better guess.
Running out of memory teaches at once: the next try gets half as much again as what did not do.
"""

from dataclasses import replace

from farm.model.resources import MIB, Resources

TAUGHT_BY = 3  #: succeeded tasks, before which their peak tells little
MARGIN = 1.25  #: above the peak seen: frames differ
AGAIN = 1.5  #: times what was not enough
LEAST_BYTES = 256 * MIB


def booked_for(
    asked: Resources,
    *,
    peak_memory_bytes: int,
    finished: int,
    out_of_memory: int = 0,
    learn: bool = True,
    most_bytes: int = 0,
) -> Resources:
    """What to book for the next slot of a layer that asked for `asked`.

    `peak_memory_bytes` is the most that one of its `finished` succeeded tasks had in use.
    `out_of_memory` is in bytes, too: the most that an attempt booked, or used, when it ran out of
    memory; 0 when none did. It is a size and no count, so that a whole wave of attempts that fail
    together asks for more once, not once for each. `most_bytes` is the memory of the largest node
    that may serve the layer, 0 when unknown: what is learnt never asks for more, but what people
    ask for themselves is left as it is. Without `learn` they get what they asked for, always.
    """
    if not learn:
        return asked
    wanted = asked.memory_bytes
    if finished >= TAUGHT_BY and peak_memory_bytes > 0:
        wanted = max(LEAST_BYTES, _whole(peak_memory_bytes * MARGIN))
    if out_of_memory > peak_memory_bytes:
        wanted = max(wanted, _whole(out_of_memory * AGAIN))
    if most_bytes and wanted > asked.memory_bytes:
        wanted = max(asked.memory_bytes, min(wanted, most_bytes))
    return replace(asked, memory_bytes=wanted)


def _whole(size: float) -> int:
    """Up to whole MiB, so that a byte more does not make a booking of another size."""
    return -int(-size // MIB) * MIB
