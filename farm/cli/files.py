"""`farm files`: what studios have sent and nodes have returned, kept on the farm's disk."""

import click

from farm.cli.lazy import PlainGroup
from farm.cli.options import Session, talks
from farm.cli.output import counted
from farm.model.sizes import format_size

_EPILOG = """\b
Examples:
  farm files collect --dry-run
  farm files collect --keep-days 7
"""


@click.group(cls=PlainGroup, epilog=_EPILOG)
def files() -> None:
    """Make room on the farm's disk for sent files."""


@files.command()
@click.option("--dry-run", is_flag=True, help="Only tell what would go.")
@click.option(
    "--keep-days",
    type=click.FloatRange(0, 36_500),
    metavar="N",
    help="Keep the files of jobs that ended less than N days ago [30].",
)
@talks
def collect(session: Session, *, dry_run: bool, keep_days: float | None) -> None:
    """Remove files that no job needs any more, and images of jobs that ended long ago.

    What open jobs need stays, and what was sent or asked for within a day.
    """
    done = session.client.collect(dry_run=dry_run, keep_days=keep_days)
    session.view.done(done, _told(done, dry_run=dry_run))


def _told(done: dict[str, int], *, dry_run: bool) -> str:
    went = "would go" if dry_run else "removed"
    parts = f", and {counted(done['parts'], 'unfinished upload')}" if done["parts"] else ""
    return (
        f"{counted(done['files'], 'file')} with {format_size(done['bytes'])} {went}{parts}; "
        f"{counted(done['kept_files'], 'file')} with {format_size(done['kept_bytes'])} stay"
    )
