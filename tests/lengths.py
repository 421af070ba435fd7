"""How long a test goes on that has no end of its own: short in `make test`, long in `make soak`."""

import os

IS_SOAK = os.environ.get("SOAK") == "1"


def how_many(name: str, *, short: int, long: int) -> int:
    """As many as the variable `name` says, or else as the kind of the run asks for."""
    return int(os.environ.get(name) or (long if IS_SOAK else short))
