"""Rubbish that refers to itself is collected between two passes, never in one.

A large farm is tens of thousands of things in memory, and a collection that begins by itself looks
at all of them: a tenth of a second, just when somebody waits for a slot.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collected_after() -> Iterator[None]:
    """No collection in here; afterwards one of what was made meanwhile, which is little."""
    gc.disable()
    try:
        yield
    finally:
        gc.collect(0)
        gc.enable()
