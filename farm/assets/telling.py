"""Names of files in what people read."""

import os


def printable(path: object) -> str:
    """`path` as it can be told in one line: marked where it is no UTF-8 or no text."""
    plain = os.fsencode(str(path)).decode("utf-8", "replace")
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in plain)
