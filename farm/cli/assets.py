"""`farm assets`: all files that a scene needs, before anything travels."""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from farm.assets.telling import printable
from farm.cli.errors import OK, USAGE
from farm.cli.output import View, counted, message
from farm.cli.transfer import transfers

if TYPE_CHECKING:
    from farm.assets.project import Project, ProjectFile

_EPILOG = """\b
Examples:
  farm assets shot.blend                         every file, and who refers to it
  farm assets shot.blend --project /film         paths as written from /film
  farm assets shot.blend --tracer bat            without starting Blender
  farm assets shot.blend --plain | cut -f 2      the paths for a script; one line for each file
  farm assets shot.blend && farm submit shot.blend --send
"""
_NUMBERS = re.compile(r"\d+")
_MOST_USERS = 2  # told in a table; --json has all


@click.command(epilog=_EPILOG)
@click.argument("scene", metavar="SCENE.blend")
@click.option(
    "--tracer",
    metavar="NAME",
    default="auto",
    help="Who looks: blender, bat (needs no Blender), or auto for both [auto].",
)
@click.option(
    "--project",
    metavar="FOLDER",
    help="The project's folder [the nearest with a farm.toml, else what holds the scene and all "
    "that it names relatively].",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--plain", is_flag=True, help="Print tab-separated lines, as into a pipe.")
def assets(*, scene: str, tracer: str, project: str | None, as_json: bool, plain: bool) -> int:
    """List every file that a scene needs: what would travel, and what is missing.

    Linked libraries and what they need, images, tiles and sequences, clips, sounds, fonts, caches,
    volumes, IES, OSL. What is packed into the scene is part of it. Nothing is sent, no service is
    asked, and nothing is changed.

    Ends with 0 when all files are there, 2 when one is missing or the scene cannot be read.
    """
    view = View(as_json=as_json, plain=plain)
    found = _read(scene, tracer, project, quiet=as_json)
    if as_json:
        view.json(_as_json(found))
    else:
        _tell(view, found)
    return USAGE if found.missing else OK


def _read(scene: str, tracer: str, project: str | None, *, quiet: bool) -> "Project":
    from farm.assets.project import read_project
    from farm.client.scratch import scratch_folder
    from farm.client.transfer import Phase, Transfer

    with transfers(quiet=quiet) as show, scratch_folder() as scratch:
        return read_project(
            Path(scene),
            project=None if project is None else Path(project),
            tracer=tracer,
            scratch=scratch,
            allow_missing=True,
            on_progress=lambda line: show(Transfer(phase=Phase.TRACING, what=line)),
        )


def _as_json(found: "Project") -> dict[str, Any]:
    return {
        "folder": printable(found.root),
        "scene": found.scene,
        "tracer": found.tracer,
        "bytes": found.size_bytes,
        "files": [
            {
                "path": one.path,
                "kind": one.kind,
                "bytes": one.size_bytes,
                "file": printable(str(one.original)),
                "rewritten": one.is_rewritten,
                "used_by": [printable(user) for user in one.used_by],
            }
            for one in found.files
        ],
        "missing": [
            {
                "file": printable(one.path),
                "kind": one.kind,
                "why": one.why,
                "used_by": [printable(user) for user in one.used_by],
            }
            for one in found.missing
        ],
        "notes": [printable(note) for note in found.notes],
    }


def _tell(view: View, found: "Project") -> None:
    from farm.model.sizes import format_size

    columns = ("KIND", "PATH", "SIZE", "USED BY")
    if view.for_people:
        view.table(None, columns, list(_rows(found.files, found.root)))
    else:
        rows = [
            (one.kind, one.path, one.size_bytes, printable("; ".join(one.used_by)))
            for one in found.files
        ]
        view.table(None, columns, rows)
    message(
        f"{counted(len(found.files), 'file')}, {format_size(found.size_bytes)}, written from "
        f"{printable(found.root)}, found by {found.tracer}"
    )
    for note in found.notes:
        message(f"farm: note: {printable(note)}")
    for lost in found.missing:
        message(f"farm: missing: {printable(str(lost))}")


def _rows(files: Iterable["ProjectFile"], root: Path) -> Iterator[tuple[str, str, str, str]]:
    """A row for each file; for all together that differ in their numbers alone."""
    from farm.model.sizes import format_size

    for _, alike in groupby(files, key=_shape):
        group = list(alike)
        first = group[0]
        path = first.path if len(group) == 1 else f"{_with_hashes(first.path)} ({len(group):,})"
        size = sum(one.size_bytes for one in group)
        yield first.kind, path, format_size(size), _users(first.used_by, root)


def _shape(file: "ProjectFile") -> tuple[str, str, tuple[str, ...]]:
    return file.kind, _NUMBERS.sub("#", file.path), file.used_by


def _with_hashes(path: str) -> str:
    return _NUMBERS.sub(lambda run: "#" * len(run[0]), path)


def _users(users: tuple[str, ...], root: Path) -> str:
    """The first of them, their .blend as written from the project's folder."""
    told = [printable(user.replace(f" in {root}/", " in ")) for user in users[:_MOST_USERS]]
    more = len(users) - _MOST_USERS
    return "; ".join([*told, *([f"{more} more"] if more > 0 else [])])
