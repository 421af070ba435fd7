"""Text to Prometheus' own blocks, two hours at a time, while the next two hours are played."""

import subprocess
from pathlib import Path
from types import TracebackType
from typing import TextIO

BLOCK_SECONDS = 7200  #: promtool cuts blocks there; a file for each spares it reading all for each


class Blocks:
    """Scrapes go in, in the order of time; blocks lie in `folder` at the end."""

    def __init__(self, folder: Path, promtool: Path) -> None:
        self.folder, self._promtool = folder, promtool
        self._file: TextIO | None = None
        self._window = -1
        self._making: tuple[subprocess.Popen[bytes], Path] | None = None

    def __enter__(self) -> "Blocks":
        self.folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._cut()
            self._wait()
            return
        if self._file is not None:
            self._file.close()
        if self._making is not None:
            self._making[0].kill()
            self._making[0].communicate()

    def add(self, scrape: str, at: int) -> None:
        """One scrape's lines, of Unix time `at`."""
        if at // BLOCK_SECONDS != self._window:
            self._cut()
            self._window = at // BLOCK_SECONDS
        if self._file is None:
            self._file = self._path.open("w", encoding="utf-8")
        self._file.write(scrape)

    @property
    def _path(self) -> Path:
        return self.folder / f"{self._window}.openmetrics"

    def _cut(self) -> None:
        """What there is becomes a block; one promtool at a time."""
        if self._file is None:
            return
        self._file.write("# EOF\n")
        self._file.close()
        self._file = None
        self._wait()
        made = _start(self._promtool, self._path, self.folder)
        self._making = (made, self._path)

    def _wait(self) -> None:
        if self._making is None:
            return
        made, path = self._making
        self._making = None
        _end(made, path)
        path.unlink()


def make_blocks(texts: Path, folder: Path, promtool: Path) -> None:
    """Blocks in `folder` of each text in `texts`, which has no end yet; none is changed."""
    folder.mkdir(exist_ok=True)
    for path in sorted(texts.iterdir()):
        whole = folder / path.name
        whole.write_text(f"{path.read_text('utf-8')}# EOF\n", "utf-8")
        _end(_start(promtool, whole, folder), whole)
        whole.unlink()


def _start(promtool: Path, text: Path, folder: Path) -> subprocess.Popen[bytes]:
    command: list[str | Path] = [
        promtool,
        "tsdb",
        "create-blocks-from",
        "openmetrics",
        "--quiet",
        text,
        folder,
    ]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def _end(made: subprocess.Popen[bytes], text: Path) -> None:
    _, said = made.communicate()
    if made.returncode:
        raise RuntimeError(f"promtool made no block of {text}: {said.decode().strip()}")
