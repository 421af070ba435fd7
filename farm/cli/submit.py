"""`farm submit`: send a scene to the farm."""

import getpass
import os
from typing import Any

import click

from farm.cli import errors
from farm.cli.options import SIZE, Session, talks
from farm.cli.output import counted, message

_EPILOG = """\b
Examples:
  farm submit shot.blend                         what the scene itself says
  farm submit shot.blend --frames 1-100x5 --wait  every fifth frame, and watch
  farm submit shot.blend --production film --priority 80 --memory 8G
  job=$(farm submit shot.blend --plain)          the job's number for a script
"""


@click.command(epilog=_EPILOG)
@click.argument("scene", metavar="SCENE.blend")
@click.option("--frames", metavar="RANGE", help="1-100, 1-100x5, 1,5,9 or 7 [the scene's range].")
@click.option("--production", metavar="NAME", help="Whose work it is [main].")
@click.option("--name", metavar="TITLE", help="What the job is called [the file's name].")
@click.option("--priority", type=int, metavar="0-100", help="Higher goes first [50].")
@click.option("--cores", type=int, metavar="N", help="CPU cores for each frame [1].")
@click.option("--memory", "memory_bytes", type=SIZE, help="Memory for each frame: 8G, 512M [1G].")
@click.option("--gpus", type=int, metavar="N", help="GPUs for each frame [0].")
@click.option("--pool", metavar="NAME", help="Only nodes of this pool [any].")
@click.option(
    "--output",
    metavar="PATH",
    help="Images as folder/name_####, // beside the scene [the scene's].",
)
@click.option("--resolution-percentage", type=int, metavar="1-1000", help="[the scene's]")
@click.option("--engine", metavar="NAME", help="CYCLES, BLENDER_EEVEE_NEXT … [the scene's].")
@click.option("--camera", metavar="NAME", help="Render through this camera [the scene's].")
@click.option("--autoexec", is_flag=True, default=None, help="Let the scene run its own Python.")
@click.option("--chunk", type=int, metavar="N", help="Frames in one call of a worker [automatic].")
@click.option("--retries", type=int, metavar="N", help="Tries after a frame's first failure [2].")
@click.option(
    "--timeout-minutes", type=float, metavar="N", help="Longest time for one frame [1440]."
)
@click.option("--wait", is_flag=True, help="Show progress until the job ends.")
@talks
def submit(session: Session, *, wait: bool, **asked: Any) -> int:  # noqa: ANN401 - as clicked
    """Send a Blender scene to the farm to render.

    SCENE.blend and its images lie on storage that the farm's nodes share. What is not said here,
    the scene itself says: frame range and step, resolution, engine, camera, format, output.
    """
    submitted = session.client.submit(_request(**asked))
    for warning in submitted["warnings"]:
        message(f"farm: note: {warning}")
    if not wait:
        _tell(session, submitted)
        return errors.OK
    _tell_people(submitted)
    from farm.cli.wait import wait_for

    status = wait_for(session.client, submitted["id"])
    if session.view.as_json:
        session.view.json(session.client.job(submitted["id"]) | {"warnings": submitted["warnings"]})
    elif not session.view.for_people:
        click.echo(submitted["id"])
    return status


def _request(
    *,
    scene: str,
    output: str | None,
    timeout_minutes: float | None,
    engine: str | None,
    **rest: Any,  # noqa: ANN401 - as clicked
) -> dict[str, Any]:
    """The request, without what was not said: that is the scene's and the service's to fill in."""
    asked = {
        "scene": os.path.abspath(scene),  # noqa: PTH100 - resolves no links, as nodes see them
        "output": None if output is None else _absolute(output),
        "task_seconds": None if timeout_minutes is None else timeout_minutes * 60,
        "engine": None if engine is None else engine.upper(),
        "owner": _owner(),
        **rest,
    }
    return {name: value for name, value in asked.items() if value is not None}


def _absolute(output: str) -> str:
    """`output` from the working folder, unless it is absolute or beside the scene."""
    if output.startswith("//"):
        return output
    folder = "/" if output.endswith("/") else ""
    return os.path.abspath(output) + folder  # noqa: PTH100


def _owner() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in containers
        return str(os.getuid())


def _tell(session: Session, submitted: dict[str, Any]) -> None:
    if session.view.as_json:
        session.view.json(submitted)
        return
    _tell_people(submitted)
    if session.view.for_people:
        message(f"Watch it:  farm jobs wait {submitted['id']}")
    else:
        click.echo(submitted["id"])


def _tell_people(submitted: dict[str, Any]) -> None:
    message(
        f"Submitted {submitted['name']} ({counted(submitted['tasks'], 'frame')}) "
        f"for {submitted['production']} as job {submitted['id']}\n"
        f"Images:    {submitted['output']}"
    )
