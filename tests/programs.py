"""What tests do on a machine without Prometheus' programs: `make prometheus` brings them."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tools.prometheus import Missing


@contextmanager
def or_skip() -> Iterator[None]:
    """Skip the test, with the line that says what to install, when one is missing."""
    try:
        yield
    except Missing as missing:
        pytest.skip(str(missing))
