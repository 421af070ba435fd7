"""`farm submit`: send a scene to the farm."""

from typing import TYPE_CHECKING, Any, cast

import click

from farm.cli import errors
from farm.cli.cargo import sent_as_json, sent_in_words, tell_cargo
from farm.cli.options import SIZE, Session, talks
from farm.cli.output import counted, message
from farm.cli.steering import moment
from farm.cli.transfer import transfers

if TYPE_CHECKING:
    from farm.client.submit import Submitted, Wishes

_EPILOG = """\b
Examples:
  farm submit shot.blend                         what the scene itself says
  farm submit shot.blend --frames 1-100x5 --wait  every fifth frame, and watch
  farm submit shot.blend --production film --priority 80 --memory 8G
  farm submit shot.blend --send --pull           send it, bring each image when it is finished
  farm submit shot.blend --dry-run               what would travel
  farm submit shot.blend --gpus 1 --gpu-memory 20G --tag optix --blender 4.5
  farm submit sim.blend --whole-node --limit houdini --group sq010/sh020
  farm submit comp.blend --after-job 17 --start-at 22:00
  job=$(farm submit shot.blend --plain)          the job's number for a script
"""


@click.command(epilog=_EPILOG)
@click.argument("scene", metavar="SCENE.blend")
@click.option("--frames", metavar="RANGE", help="1-100, 1-100x5, 1,5,9 or 7 [the scene's range].")
@click.option("--production", metavar="NAME", help="Whose work it is [main].")
@click.option("--name", metavar="TITLE", help="What the job is called [the file's name].")
@click.option("--priority", type=int, metavar="0-100", help="Higher goes first [50].")
@click.option("--cores", type=float, metavar="N", help="For each frame: 4, 0.5, 0.25 [1].")
@click.option("--whole-node", is_flag=True, default=None, help="All cores of a node; none beside.")
@click.option("--memory", "memory_bytes", type=SIZE, help="Memory for each frame: 8G, 512M [1G].")
@click.option("--gpus", type=int, metavar="N", help="GPUs for each frame [0].")
@click.option("--gpu-memory", "gpu_memory_bytes", type=SIZE, help="That each GPU must have: 20G.")
@click.option("--pool", metavar="NAME", help="Only nodes of this pool [any].")
@click.option("--tag", "tags", multiple=True, metavar="NAME", help="Only nodes with this tag.")
@click.option("--node", "nodes", multiple=True, metavar="NAME", help="Only on this node, or these.")
@click.option("--not-node", "not_nodes", multiple=True, metavar="NAME", help="Never on this node.")
@click.option("--blender", metavar="VERSION", help="Only nodes with it: 4.5 is any 4.5.x [any].")
@click.option(
    "--limit", "limits", multiple=True, metavar="NAME", help="Each frame holds one of it."
)
@click.option("--group", metavar="NAME", help="Sequence or shot, such as sq010/sh020 [none].")
@click.option("--most-tasks", type=int, metavar="N", help="Frames at once, no more [any].")
@click.option("--most-cores", type=float, metavar="N", help="Cores at once, no more [any].")
@click.option("--least-tasks", type=int, metavar="N", help="Slots before other jobs get more [0].")
@click.option(
    "--interruptible", is_flag=True, default=None, help="May be stopped to serve a guarantee."
)
@click.option(
    "--learn-memory/--no-learn-memory",
    default=None,
    help="Book what frames were seen to need, or always --memory [learn].",
)
@click.option("--start-at", metavar="WHEN", help="Not before 22:00, 2026-12-01T06:00, 2h [now].")
@click.option(
    "--deadline", metavar="WHEN", help="Wanted by then; the earliest of equals first [none]."
)
@click.option("--after-job", "after_jobs", multiple=True, metavar="JOB", help="Once it succeeded.")
@click.option(
    "--output",
    metavar="PATH",
    help="Images as folder/name_####, // beside the scene, when sent in the project [the scene's].",
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
@click.option(
    "--in-place/--send",
    "in_place",
    default=None,
    help="Let the farm read the scene where it lies, or send it [whichever fits].",
)
@click.option("--project", metavar="FOLDER", help="What is sent lies in it [found by itself].")
@click.option("--tracer", metavar="NAME", default="auto", help="How files are found [auto].")
@click.option("--allow-missing", is_flag=True, help="Render without files that are not there.")
@click.option(
    "--preview/--no-preview",
    default=None,
    help="A contact sheet and a small film at the end [when sent, of several frames].",
)
@click.option("--dry-run", is_flag=True, help="Tell what would be sent, and send nothing.")
@click.option("--wait", is_flag=True, help="Show progress until the job ends.")
@click.option("--pull", is_flag=True, help="Wait, and bring images as they are finished.")
@talks
def submit(session: Session, *, wait: bool, pull: bool, dry_run: bool, **asked: Any) -> int:  # noqa: ANN401 - as clicked
    """Send a Blender scene to the farm to render.

    Where the farm sees SCENE.blend on storage that it shares, it renders it in place. Else the
    scene is sent, with those of its files that the farm does not have yet, and `farm pull` brings
    the images. What is not said here, the scene itself says: frame range and step, resolution,
    engine, camera, format, output.

    A submit that was broken off and is given again sends the rest, and makes no second job.
    """
    scene, how, wishes = _sorted(**asked)
    try:
        with transfers(quiet=session.view.as_json) as show:
            if dry_run:
                cargo = session.farm.would_send(scene, wishes, on_transfer=show, **how)
                return tell_cargo(session.view, cargo)
            submitted = session.farm.submitted(scene, wishes, on_transfer=show, **how)
    except KeyboardInterrupt:
        message("farm: stopped; what was sent is kept. The same command again sends the rest")
        return errors.INTERRUPTED
    for warning in submitted.answer["warnings"]:
        message(f"farm: note: {warning}")
    if not (wait or pull):
        _tell(session, submitted)
        return errors.OK
    _tell_people(submitted)
    return _stay(session, submitted, pull=pull and submitted.project is not None)


def _sorted(
    *,
    scene: str,
    in_place: bool | None,
    project: str | None,
    tracer: str,
    allow_missing: bool,
    timeout_minutes: float | None,
    engine: str | None,
    start_at: str | None,
    deadline: str | None,
    after_jobs: tuple[str, ...],
    **rest: Any,  # noqa: ANN401 - as clicked
) -> tuple[str, dict[str, Any], "Wishes"]:
    """The scene, how its files are found, and what the job shall be like where that was said."""
    from farm.client.farm import absolute
    from farm.client.studio import Gathering

    folder = None if project is None else absolute(project)
    how = Gathering(project=folder, tracer=tracer, allow_missing=allow_missing)
    asked = {
        "task_seconds": None if timeout_minutes is None else timeout_minutes * 60,
        "engine": None if engine is None else engine.upper(),
        "start_at": None if start_at is None else moment(start_at),
        "deadline_at": None if deadline is None else moment(deadline),
        "after": [{"job": job} for job in after_jobs] or None,
        **rest,
    }
    said = {name: value for name, value in asked.items() if value not in (None, ())}
    return scene, {"in_place": in_place, "how": how}, cast("Wishes", said)


def _stay(session: Session, submitted: "Submitted", *, pull: bool) -> int:
    """Wait until the job is over, and bring its images if that was asked."""
    job = session.farm.job(submitted.answer["id"])
    if pull:
        from farm.cli.pull import pull_job

        return pull_job(session, job, to=None, follow=True)
    from farm.cli.wait import wait_for

    status = wait_for(job)
    if session.view.as_json:
        session.view.json(job.details() | {"warnings": submitted.answer["warnings"]})
    elif not session.view.for_people:
        click.echo(job.id)
    if submitted.project is not None:
        message(f"Bring it:  farm pull {job.id}")
    return status


def _tell(session: Session, submitted: "Submitted") -> None:
    if session.view.as_json:
        session.view.json(submitted.answer | {"project": sent_as_json(submitted.project)})
        return
    _tell_people(submitted)
    number = submitted.answer["id"]
    if not session.view.for_people:
        click.echo(number)
    elif submitted.project is None:
        message(f"Watch it:  farm jobs wait {number}")
    else:
        message(f"Bring it:  farm pull {number} --follow")


def _tell_people(submitted: "Submitted") -> None:
    answer, project = submitted.answer, submitted.project
    if project is not None:
        message(sent_in_words(project))
    message(
        f"Submitted {answer['name']} ({counted(answer['tasks'], 'frame')}) "
        f"for {answer['production']} as job {answer['id']}"
    )
    if project is None:
        message(f"Images:    {answer['output']}")
    else:
        message(f"Images:    {answer['output'].removeprefix('/')} in {project.root}")
