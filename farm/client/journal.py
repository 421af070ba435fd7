"""Which submits are on their way: one that was broken off and is given again makes no second job.

Before a job is asked for, its Idempotency-Key is written down under what is asked. Once the service
has answered, whatever it was, the note goes: the same submit later is meant as a new job.
"""

import contextlib
import fcntl
import json
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from farm.client.book import cache_folder
from farm.client.patience import AWAY
from farm.files.hashing import hash_bytes
from farm.model.errors import FarmError

KEY_SECONDS = 86_000.0  #: a little less than the farm remembers a key
_MOST_BESIDE = 64  #: submits of the same words at the same moment


class Submission:
    """One submit: its key, and whether an earlier one of the same words never heard an answer."""

    def __init__(self, key: str, *, is_repeat: bool) -> None:
        self.key = key
        self.is_repeat = is_repeat


@contextmanager
def submission(
    url: str, request: Mapping[str, Any], *, folder: Path | None = None
) -> Iterator[Submission]:
    """A key for `request` to the farm at `url`, kept until the service has answered."""
    folder = folder or cache_folder() / "submits"
    asked = json.dumps([url, request], sort_keys=True, separators=(",", ":"))
    try:
        note = _note(folder, hash_bytes(asked.encode())[:32])
    except OSError:  # no cache, no memory: it is only a repeat that is not recognised
        yield Submission(secrets.token_hex(16), is_repeat=False)
        return
    with note:
        kept = _kept(note)
        key = kept or secrets.token_hex(16)
        if not kept:
            _write(note, key)
        answered = True
        try:
            yield Submission(key, is_repeat=bool(kept))
        except BaseException as error:
            answered = isinstance(error, FarmError) and not isinstance(error, AWAY)
            raise
        finally:
            if answered:
                with contextlib.suppress(OSError):
                    os.unlink(note.name)  # noqa: PTH108 - a name of our own making


def _note(folder: Path, name: str) -> BinaryIO:
    """The file for this submit, locked: another one beside it at this moment is one of its own."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _sweep(folder)
    for number in range(_MOST_BESIDE):
        path = folder / f"{name}.{number}"
        note = path.open("a+b")
        try:
            fcntl.flock(note, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(note.fileno()).st_ino == path.stat().st_ino:
                return note
        except OSError:  # held by a submit that runs, or just ended by one
            pass
        note.close()
    raise OSError("no note can be locked")


def _kept(note: BinaryIO) -> str:
    """The key of a submit that was broken off, if it is not too old to be known to the farm."""
    note.seek(0)
    words = note.read().decode("ascii", "replace").split()
    if len(words) == 2 and words[1].isdigit() and time.time() - int(words[1]) < KEY_SECONDS:
        return words[0]
    return ""


def _write(note: BinaryIO, key: str) -> None:
    note.truncate(0)
    note.write(f"{key} {int(time.time())}".encode())
    note.flush()
    os.fsync(note.fileno())


def _sweep(folder: Path) -> None:
    """Remove notes that no farm would remember."""
    for path in folder.iterdir():
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > 2 * KEY_SECONDS:
                path.unlink()
