"""Prometheus' programs: on PATH or in .venv/prometheus, or fetched there from Debian's packages.

`make prometheus` fetches them. It needs apt-get and dpkg-deb, and no root: the packages are
unpacked, not installed.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

HOME = Path(sys.prefix) / "prometheus"
PACKAGES = ("prometheus", "prometheus-alertmanager")
MISSING = (
    "{name} is neither on PATH nor in {home}: install Debian's packages prometheus and"
    " prometheus-alertmanager, or run `make prometheus`, which needs no root"
)


class Missing(RuntimeError):
    """One of Prometheus' programs is not there; told in one line, with what to do."""


def tool(name: str) -> Path:
    """The program `name`: prometheus, promtool or amtool. Raises Missing."""
    own = HOME / "usr" / "bin" / name
    found = shutil.which(name) or (str(own) if own.is_file() else None)
    if found is None:
        raise Missing(MISSING.format(name=name, home=HOME))
    return Path(found)


def fetch() -> None:
    """Unpack Debian's packages below `HOME`. Raises Missing where apt cannot give them."""
    for name in ("apt-get", "dpkg-deb"):
        if shutil.which(name) is None:
            raise Missing(f"no {name} here: put prometheus, promtool and amtool on PATH by hand")
    part = HOME.with_name(f"{HOME.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        _download(part)
        for package in part.glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", package, part], check=True)
            package.unlink()
        shutil.rmtree(HOME, ignore_errors=True)
        part.rename(HOME)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _download(folder: Path) -> None:
    """With the machine's lists of packages, or, where it has none, with lists of our own."""
    lists = folder / "lists"
    (lists / "partial").mkdir(parents=True)
    own = ["-o", f"Dir::State::Lists={lists}", "-o", f"Dir::Cache={folder}"]
    told = _apt(folder, "download", *PACKAGES)
    if told.returncode:
        _apt(folder, *own, "update")
        told = _apt(folder, *own, "download", *PACKAGES)
    shutil.rmtree(lists)
    if told.returncode:
        last = (told.stderr.strip().splitlines() or ["it does not say why"])[-1]
        raise Missing(f"apt-get has no {' and '.join(PACKAGES)}: {last}")


def _apt(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    # As root, apt wants to become its own user, who may not write here: it warns, and goes on.
    return subprocess.run(
        ["apt-get", "-q", *words],
        cwd=folder,
        env={**os.environ, "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )


if __name__ == "__main__":
    try:
        try:
            print(*(tool(name) for name in ("prometheus", "promtool", "amtool")), sep="\n")
        except Missing:
            print("Fetching Prometheus' programs from Debian's packages", file=sys.stderr)
            fetch()
            print(HOME / "usr" / "bin")
    except Missing as error:
        sys.exit(f"{error}; tests that need them are skipped")
