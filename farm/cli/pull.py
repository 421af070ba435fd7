"""`farm pull`: bring the finished images of a job."""

import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from farm.cli import errors
from farm.cli.options import Session, talks
from farm.cli.output import counted, message
from farm.model.sizes import format_size

if TYPE_CHECKING:
    from farm.cli.transfer import Show
    from farm.client import Job, Progress, PulledFrame

_EPILOG = """\b
Examples:
  farm pull 17                                what is finished, to where the scene came from
  farm pull 17 --follow --to dailies          each image as soon as it is finished, until the end
  farm pull 17 --frames 20-30 --layer render
  farm pull 17 --follow | while read image; do …; done
"""
_NAMED = 5


@click.command(epilog=_EPILOG)
@click.argument("job")
@click.option("--follow", is_flag=True, help="Go on until the job ends.")
@click.option("--to", metavar="DIR", help="[the project's folder if it was sent from here, or .]")
@click.option("--frames", metavar="RANGE", help="Only these frames [all].")
@click.option("--layer", metavar="NAME", help="Only this layer: render, sheet, movie [all].")
@click.option("--overwrite", is_flag=True, help="Replace files that are not the farm's too.")
@talks
def pull(
    session: Session,
    *,
    job: str,
    follow: bool,
    to: str | None,
    frames: str | None,
    layer: str | None,
    overwrite: bool,
) -> int:
    """Bring the finished images of JOB: each to DIR, under its path inside the project.

    An image gets its name when it is whole and checked, and is not brought again. A file that is
    there and that no pull brought is left alone. With --follow the status is that of
    `farm jobs wait`: 0 when all frames succeeded, 5 when the job failed, 6 when it was cancelled.
    Ctrl-C stops the pulling, not the job; the same command goes on.
    """
    only = {"frames": frames, "layer": layer, "overwrite": overwrite}
    return pull_job(session, session.farm.job(job), to=to, follow=follow, **only)


def pull_job(session: Session, job: "Job", *, to: str | None, follow: bool, **only: Any) -> int:  # noqa: ANN401 - as clicked
    """Bring the images of `job`, showing them; the exit status."""
    folder = Path(to) if to is not None else job.folder()
    as_json = session.view.as_json
    if not as_json:
        message(f"farm: images of job {job.id} go to {folder.absolute()}")
    found: list[PulledFrame] = []
    try:
        with _shown(quiet=as_json) as (on_progress, on_transfer):
            for one in job.pull(
                folder, follow=follow, on_progress=on_progress, on_transfer=on_transfer, **only
            ):
                found.append(one)
                if one.fate == "pulled" and not as_json and not session.view.for_people:
                    click.echo(one.path)
    except KeyboardInterrupt:
        again = f"farm pull {job.id} --follow" + (f" --to {shlex.quote(to)}" if to else "")
        message(f"farm: stopped; what came is kept. Go on: {again}")
        return errors.INTERRUPTED
    return _end(session, job, found, follow=follow)


@contextmanager
def _shown(*, quiet: bool) -> Iterator[tuple[Callable[["Progress"], None], "Show"]]:
    """Functions that show how far job and images are, in the way that fits where stderr goes."""
    from farm.cli import transfer, wait

    if quiet:
        yield lambda _progress: None, lambda _transfer: None
    elif not sys.stderr.isatty():
        yield wait.Lines().show, transfer.Lines().show
    else:
        with transfer.new_bar() as bar:
            yield wait.JobBar(bar).show, transfer.Bars(bar).show


def _end(session: Session, job: "Job", found: "list[PulledFrame]", *, follow: bool) -> int:
    """Tell what was brought, what was left and what is to come; the exit status."""
    from farm.cli.wait import status_of

    last = job.progress()
    left = [one.path for one in found if one.fate == "left"]
    if session.view.as_json:
        session.view.json(
            {"job": job.id, "state": last.state, "images": [_as_json(one) for one in found]}
        )
    else:
        _tell(job, last, found)
    _tell_left(left)
    status = status_of(last.state) if follow and last.is_over else errors.OK
    return errors.FAILED if left and status == errors.OK else status


def _tell_left(left: list[Path]) -> None:
    from farm.client.landing import is_folder

    folders = [path for path in left if is_folder(path)]
    files = [path for path in left if path not in folders]
    if files:
        message(
            f"farm: {_some(files)}: no pull brought this, so it was left alone; "
            "--overwrite replaces it"
        )
    if folders:
        message(
            f"farm: {_some(folders)}: a folder has the name of an image; move it away, then pull "
            "again"
        )


def _some(paths: list[Path]) -> str:
    more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
    return ", ".join(map(str, paths[:_NAMED])) + more


def _tell(job: "Job", last: "Progress", found: "list[PulledFrame]") -> None:
    pulled = [one for one in found if one.fate == "pulled"]
    there = len(found) - len(pulled)
    size = format_size(sum(one.size_bytes for one in pulled))
    said = f"Pulled {counted(len(pulled), 'file')} ({size})"
    message(f"{said}; {there} were there" if there else said)
    if not last.is_over:
        done = f"{last.counts.done} of {counted(last.counts.total, 'frame')}"
        message(f"{done} are finished. Bring the rest: farm pull {job.id} --follow")
    elif last.state != "succeeded":
        message(f"farm: job {job.id} {last.state}; see why: farm jobs show {job.id}")


def _as_json(one: "PulledFrame") -> dict[str, Any]:
    return {
        "layer": one.layer,
        "frame": one.frame,
        "path": str(one.path),
        "digest": one.digest,
        "bytes": one.size_bytes,
        "fate": one.fate,
    }
