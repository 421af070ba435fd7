"""Does somebody use this machine? For a node that works only while nobody does.

A terminal that is typed into, keys and mice, processes that are not the farm's, and files that
some hook touches are looked at over and over. They are compared with the look before, never with a
clock: a clock that is set cannot make a machine idle. What cannot be read counts as a change once.

Reading `/dev/input/event*` does not date it, and to read what is typed takes rights that a renderer
must not have. So keys are counted where everybody may: by the kernel, per interrupt of a keyboard
on the board, and per message of a keyboard or mouse on USB.
"""

import contextlib
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

#: The kernel dates a terminal by blocks of 8 s only, lest a password's rhythm be seen: what was
#: typed last may have been so much later than it says.
TERMINAL_GRAIN_SECONDS = 8.0
OTHERS_CORES = 0.5  #: that processes which are not the farm's may use on an idle machine …
OTHERS_RATIO = 0.05  #: … or this part of all cores, if that is more
LOAD_SECONDS = 10.0  #: over which it is averaged: a mail that is fetched is nobody's work

#: Words by which `/proc/interrupts` names what hands move.
_BOARD = (
    "i8042",
    "i2c_hid",
    "touchpad",
    "touchscreen",
    "trackpoint",
    "wacom",
    "elan_",
    "synaptics",
)
_KEYBOARD_OR_MOUSE = ("01", "02")  #: protocols of a USB interface
KINDS = ("terminals", "devices", "load")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One look at the machine."""

    at: float  #: seconds of a clock that only goes on
    marks: Mapping[str, int] = field(
        default_factory=dict
    )  #: differ once somebody has done something
    others_cores: float = 0.0  #: used of late by processes that are not the farm's


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What is known of the machine's use after a look."""

    used_at: float  #: when somebody was last seen at it, or when nobody had looked before
    marks: Mapping[str, int]

    def is_idle(self, at: float, span_seconds: float) -> bool:
        """May the node work at `at`? Never within the span after a look that saw somebody."""
        return at - self.used_at >= span_seconds


def after(before: Use | None, seen: Seen, most_others_cores: float) -> Use:
    """What is known after `seen`. The first look counts as use: nobody knows what was before it."""
    used = before is None or before.marks != seen.marks or seen.others_cores > most_others_cores
    return Use(used_at=seen.at if used or before is None else before.used_at, marks=seen.marks)


class Machine:
    """Reads what `Seen` tells."""

    def __init__(self, sources: Sequence[str] = KINDS) -> None:
        """Look at `sources`: words of KINDS, and files whose times change when somebody works."""
        self._kinds = frozenset(sources) & frozenset(KINDS)
        self._files = tuple(Path(one) for one in sources if one not in KINDS)
        self._load = Load()

    @property
    def grain_seconds(self) -> float:
        """So much later than its sources say somebody may have been there."""
        return TERMINAL_GRAIN_SECONDS if "terminals" in self._kinds else 0.0

    def look(self) -> Seen:
        """What there is to be seen now. Raises OSError when the system tells nothing at all."""
        marks: dict[str, int] = {}
        if "terminals" in self._kinds:
            marks |= _terminals()
        if "devices" in self._kinds:
            marks |= _interrupts(Path("/proc/interrupts")) | _usb(Path("/sys/bus/usb/devices"))
        for path in self._files:
            with contextlib.suppress(OSError):
                stat = path.stat()
                marks[str(path)] = max(stat.st_atime_ns, stat.st_mtime_ns)
        cores = self._load.others_cores() if "load" in self._kinds else 0.0
        return Seen(at=time.monotonic(), marks=marks, others_cores=cores)


def most_others_cores() -> float:
    """What others may use of this machine while it counts as idle."""
    return max(OTHERS_CORES, OTHERS_RATIO * (psutil.cpu_count() or 1))


def _terminals() -> dict[str, int]:
    """When each was last read from, and so typed into; what is written to it is no input."""
    paths = {Path("/dev", user.terminal) for user in psutil.users() if user.terminal}
    with contextlib.suppress(OSError):
        paths |= {path for path in Path("/dev/pts").iterdir() if path.name.isdecimal()}
    marks = {}
    for path in paths:
        marks[str(path)] = 0  # that somebody has come or gone is seen, too
        with contextlib.suppress(OSError):
            marks[str(path)] = path.stat().st_atime_ns
    return marks


def _interrupts(table: Path) -> dict[str, int]:
    """By line of /proc/interrupts: "  1:  3  4  IO-APIC  1-edge  i8042"."""
    marks = {}
    with contextlib.suppress(OSError):
        for line in table.read_text("ascii", "replace").splitlines():
            if any(word in line.lower() for word in _BOARD):
                name, _, rest = line.partition(":")
                counts = []
                for word in rest.split():
                    if not word.isdecimal():
                        break
                    counts.append(int(word))
                marks[f"interrupt {name.strip()}"] = sum(counts)
    return marks


def _usb(devices: Path) -> dict[str, int]:
    """By keyboard and mouse on USB: messages asked of it; one that is left alone sends none."""
    marks = {}
    for interface in devices.glob("*:*"):
        with contextlib.suppress(OSError, ValueError):
            if (interface / "bInterfaceClass").read_text().strip() != "03":
                continue
            if (interface / "bInterfaceProtocol").read_text().strip() in _KEYBOARD_OR_MOUSE:
                device = interface.name.partition(":")[0]
                marks[f"usb {device}"] = int((devices / device / "urbnum").read_text())
    return marks


class Load:
    """CPU that processes use which are not of this one's tree."""

    def __init__(self) -> None:
        """Begin to measure."""
        self._points = [_point()]
        self._cores = math.inf  #: until it was measured

    def others_cores(self) -> float:
        """Cores used by others, over the last LOAD_SECONDS; measured again every two seconds."""
        if time.monotonic() - self._points[-1][0] >= LOAD_SECONDS / 5:
            self._points.append(_point())
            while self._points[-1][0] - self._points[1][0] >= LOAD_SECONDS:
                del self._points[0]
            (began, all_then, ours_then), (at, all_now, ours_now) = (
                self._points[0],
                self._points[-1],
            )
            if at - began >= LOAD_SECONDS:  # less would make much of a short burst
                others = (all_now - all_then) - (ours_now - ours_then)
                self._cores = max(0.0, others) / (at - began)
        return self._cores


def _point() -> tuple[float, float, float]:
    """Now, CPU seconds used by all since the system began, and those of this process's tree."""
    used = psutil.cpu_times()
    busy = used.user + used.nice + used.system + used.irq + used.softirq
    return time.monotonic(), busy, tree_seconds(psutil.Process())


def tree_seconds(root: psutil.Process) -> float:
    """CPU seconds of `root` and of all it has started, also of those that have ended since."""
    seconds = 0.0
    for _ in range(3):  # one that ends meanwhile would be counted twice, or not at all
        tree = root.children(recursive=True)
        seconds = sum(map(_seconds, (*tree, root)))
        if root.children(recursive=True) == tree:
            break
    return seconds


def _seconds(process: psutil.Process) -> float:
    with contextlib.suppress(psutil.Error):
        used = process.cpu_times()
        return float(used.user + used.system + used.children_user + used.children_system)
    return 0.0
