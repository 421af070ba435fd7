"""Blender's output in plain words: how far a render is, and why it failed. Pure.

Nothing newer than Python 3.10: Blender's own Python runs it."""

import re

#: What Blender prints about failures that it reports in no other way, and what to call them.
SIGNS = (
    (
        r"expression failed: (.+)|skipping driver (.+), auto",
        "a driver was not evaluated: {} (send a scene that needs its own Python with autoexec)",
    ),
    (r"(System is out of GPU memory.*|Out of memory in .*)", "the GPU's memory is full: {}"),
    (r"((?:Malloc|Calloc) returns null.*|std::bad_alloc.*)", "out of memory: {}"),
    (r"Format (.+) not known", "image format {} is not known to this Blender"),
)
_MISSING = (r"linked data-blocks are missing", "data of a linked library is missing: {}")


def failure_in(printed: str, *, allow_missing: bool) -> str | None:
    """The failure that the output of a render tells of, if any."""
    signs = SIGNS if allow_missing else (*SIGNS, _MISSING)
    lines = printed.splitlines()
    for number, line in enumerate(lines):
        if line.startswith("Traceback (most recent call last)"):
            ends = (one for one in lines[number + 1 :] if one and not one.startswith(" "))
            end = next(ends, "see the log")
            if end.startswith("MemoryError"):
                return f"out of memory: {end}"
            return f"a Python script failed: {end}"
        for pattern, reason in signs:
            found = re.search(pattern, line)
            if found:
                return reason.format(next((g for g in found.groups() if g), line.strip()))
    return None


def failure_of(error: Exception) -> str:
    """An error of Blender's as one line, with what mends the best-known case."""
    lines = [line.removeprefix("Error: ").strip() for line in str(error).splitlines()]
    reason = "; ".join(line for line in lines if line) or type(error).__name__
    if "Cannot render, no camera" in reason:
        return "the scene has no camera: give it an active one, or name one of its cameras"
    return reason


def progress_in(stats: object) -> str:
    """Blender's line of statistics, as "sample 129 of 512, 1:29 left, 52 MiB"."""
    line = str(stats or "")
    sample = re.search(r"Sample (\d+)/(\d+)", line)
    left = re.search(r"Remaining:(?:00:)?0?(\d+:\d+(?::\d+)?)", line)
    size = re.search(r"Mem:(\d+)", line)
    step = line.rpartition("|")[2].strip().lower()
    parts = [f"sample {sample[1]} of {sample[2]}" if sample else step or "rendering"]
    if left:
        parts.append(f"{left[1]} left")
    if size:
        parts.append(f"{size[1]} MiB")
    return ", ".join(parts)
