"""`farm jobs bounds`: what a job may have at once."""

from typing import Any

import click

from farm.cli.groups import bound
from farm.cli.options import Session, talks
from farm.cli.output import counted
from farm.model.sizes import format_size

_EPILOG = """\b
Examples:
  farm jobs bounds 17 --most-tasks 10            ten frames at once, no more
  farm jobs bounds 17 --most-cores 0             no bound any more
  farm jobs bounds 17 --least-tasks 2            two slots before other jobs of heron get more
"""


@click.command(epilog=_EPILOG)
@click.argument("job")
@click.option("--most-tasks", type=int, metavar="N", help="Slots at once; 0 is no bound.")
@click.option("--most-cores", type=float, metavar="N", help="Cores at once; 0 is no bound.")
@click.option("--least-tasks", type=int, metavar="N", help="Slots before others get more.")
@talks
def bounds(
    session: Session,
    *,
    job: str,
    most_tasks: int | None,
    most_cores: float | None,
    least_tasks: int | None,
) -> None:
    """Bound what JOB has at once while it runs; what is not said stays as it is.

    What it has beyond a lowered bound goes when frames in work are done.
    """
    after = session.client.set_bounds(
        job, most_tasks=most_tasks, most_cores=most_cores, least_tasks=least_tasks
    )
    session.view.done(after, f"Job {job}: {told(after)}")


def told(job: dict[str, Any]) -> str:
    """`at most 10 slots; 2 slots before other jobs of heron get more`."""
    first = job["least_tasks"]
    more = f"; {counted(first, 'slot')} before other jobs of its production" if first else ""
    return bound(job) + more


def rows(job: dict[str, Any]) -> list[tuple[str, object]]:
    """A job's bounds in its description, where it has any."""
    has = job["most_tasks"] or job["most_cores"] or job["least_tasks"]
    return [("bounds", told(job))] if has else []


def wants(layer: dict[str, Any]) -> list[tuple[str, object]]:
    """What a layer asks of nodes beside amounts, and what its slots hold, where it does."""
    on = [f"tag {tag}" for tag in layer["tags"]]
    on += [f"Blender {layer['blender']}"] if layer["blender"] else []
    memory = layer["gpu_memory_bytes"]
    on += [f"GPUs of {format_size(memory)}"] if memory else []
    on += [f"node {' or '.join(layer['nodes'])}"] if layer["nodes"] else []
    on += [f"not {name}" for name in layer["not_nodes"]]
    how = ["takes the whole node"] if layer["whole_node"] else []
    how += ["may be interrupted"] if layer["interruptible"] else []
    how += [] if layer["learn_memory"] else ["books the memory that was asked"]
    found = (("only on", on), ("limits", layer["limits"]), ("besides", how))
    return [(f"  {name}", ", ".join(words)) for name, words in found if words]
