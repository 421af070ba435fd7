"""What this machine remembers of the jobs it sent and the images it pulled."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

from farm.client.book import Book, cache_folder

_SCHEMA = """CREATE TABLE IF NOT EXISTS jobs (
    url TEXT, job TEXT, production TEXT, name TEXT, root BLOB, files INTEGER, bytes INTEGER,
    sent_files INTEGER, sent_bytes INTEGER, at INTEGER, PRIMARY KEY (url, job)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pulled (path BLOB, digest TEXT, at INTEGER, PRIMARY KEY (path, digest))
WITHOUT ROWID"""
_VERSION = 1
_KEPT_SECONDS = 400 * 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class SentProject:
    """What a job was made of when it was sent from here."""

    root: Path  #: the project's folder
    files: int
    size_bytes: int
    sent_files: int  #: how many of them the farm did not have yet
    sent_bytes: int


class Homes:
    """The book of both. One that is lost makes `farm pull` ask more, never overwrite more."""

    def __init__(self, path: Path | None = None) -> None:
        self._book = Book(path or cache_folder() / "jobs.sqlite", schema=_SCHEMA, version=_VERSION)

    def add_job(
        self, url: str, job: str, *, production: str, name: str, project: SentProject
    ) -> None:
        """Remember where a job that was just submitted comes from."""
        now = int(time.time())
        row = (
            *(url, job, production, name, os.fsencode(project.root)),
            *(project.files, project.size_bytes, project.sent_files, project.sent_bytes, now),
        )
        self._book.write("INSERT OR REPLACE INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", [row])
        self._book.write("DELETE FROM jobs WHERE at < ?", [(now - _KEPT_SECONDS,)])
        self._book.write("DELETE FROM pulled WHERE at < ?", [(now - _KEPT_SECONDS,)])

    def project_of(self, url: str, job: str, *, production: str, name: str) -> SentProject | None:
        """Where the job came from, if it was sent from here."""
        rows = self._book.rows(
            "SELECT root, files, bytes, sent_files, sent_bytes FROM jobs "
            "WHERE url = ? AND job = ? AND production = ? AND name = ?",
            (url, job, production, name),
        )
        for root, files, size_bytes, sent_files, sent_bytes in rows:
            return SentProject(
                root=Path(os.fsdecode(root)),
                files=files,
                size_bytes=size_bytes,
                sent_files=sent_files,
                sent_bytes=sent_bytes,
            )
        return None

    def add_pulled(self, path: Path, digest: str) -> None:
        """`path` is about to be what the farm made."""
        row = (os.fsencode(path), digest, int(time.time()))
        self._book.write("INSERT OR REPLACE INTO pulled VALUES (?, ?, ?)", [row])

    def was_pulled(self, path: Path, digest: str) -> bool:
        """Did an earlier pull bring `path`, with just these bytes?"""
        question = "SELECT 1 FROM pulled WHERE path = ? AND digest = ?"
        return bool(self._book.rows(question, (os.fsencode(path), digest)))

    def close(self) -> None:
        """Close the book."""
        self._book.close()
