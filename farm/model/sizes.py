"""Amounts of memory, spans of time and energy, as people write and read them."""

import re

from farm.model.errors import BadRequest
from farm.model.resources import GIB, MIB

_UNITS = {"": 1, "K": 1024, "M": MIB, "G": GIB, "T": 1024 * GIB}
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([KMGT]?)(?:I?B)?\Z", re.IGNORECASE)
_MOST = 1024 * 1024 * GIB
_SPAN_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}
_SPAN = re.compile(r"([0-9]{1,9})\s*([smhdw])\Z", re.IGNORECASE)


def parse_size(text: str) -> int:
    """The bytes that `text` means: 8G, 512M, 1.5GiB, 1073741824. K is 1024.

    Raises BadRequest.
    """
    match = _SIZE.match(text.strip())
    if match is None:
        why = "it cannot be negative" if text.strip().startswith("-") else "it cannot be read"
        raise BadRequest(f"memory {text!r}: {why}; write 8G or 512M")
    size = int(float(match[1]) * _UNITS[match[2].upper()])
    if size > _MOST:
        raise BadRequest(f"memory {text!r} is more than any machine has; write 8G or 512M")
    return size


def parse_span(text: str) -> int:
    """The seconds that `text` means: 90d, 12h, 30m, 45s, 2w. Raises BadRequest."""
    match = _SPAN.match(text.strip())
    if match is None:
        raise BadRequest(f"time {text!r} cannot be read: write 90d, 12h or 30m")
    return int(match[1]) * _SPAN_SECONDS[match[2].lower()]


def format_size(size_bytes: float) -> str:
    """`size_bytes` in the largest unit that leaves at least 1: "8 GiB", "1.5 GiB", "312 B"."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size_bytes < 1024:
            return f"{_short(size_bytes)} {unit}"
        size_bytes /= 1024
    return f"{_short(size_bytes)} TiB"


def format_span(seconds: float) -> str:
    """`seconds` in two units at most: "0.4 s", "42 s", "3 min 05 s", "2 h 07 min", "4 d 03 h"."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    if whole < 86_400:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 86_400} d {whole % 86_400 // 3600:02d} h"


def format_energy(joules: float) -> str:
    """`joules` as the electricity meter tells them: "0.4 Wh", "12 Wh", "1.2 kWh", "3.4 MWh"."""
    hours = joules / 3600
    for unit in ("Wh", "kWh", "MWh"):
        if hours < 999.5:
            return f"{_short(hours)} {unit}"
        hours /= 1000
    return f"{_short(hours)} GWh"


def _short(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0") if number < 100 else f"{number:.0f}"
